// The state of the page: read from and written to the address, and the incidents that fit it.
const DATA = JSON.parse(document.getElementById("data").textContent);
const LISTS = ["country", "weapon", "confirmation", "harm", "site"];
const KEYS = ["from", "to", "country", "site", "weapon", "confirmation", "harm", "q"];

/** Rows of cells as objects; blank cells are left out. */
const unpacked = ({ columns, rows }) => rows.map((row) => Object.fromEntries(row.map((cell, n) => [columns[n], cell]).filter(([, cell]) => cell !== null)));
const INCIDENTS = unpacked(DATA.incidents);
const REPORTS = new Map(INCIDENTS.map((incident) => [incident.incident_id, []]));
for (const report of unpacked(DATA.reports)) REPORTS.get(report.incident_id).push(report);
const PLACE = new Map(INCIDENTS.map((incident, index) => [incident.incident_id, index]));

const copy = (view) => Object.fromEntries(KEYS.map((key) => [key, Array.isArray(view[key]) ? [...view[key]] : view[key]]));
const usual = () => copy(DATA.usual);
const everything = () => ({ ...copy(DATA.usual), ...DATA.all, country: [], site: [], weapon: [], confirmation: [], harm: [], q: "" });

const isDay = (text) => /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text)) && new Date(text).toISOString().startsWith(text);
const folded = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().split(/\s+/).filter(Boolean);

/** The text in which the search box looks, folded once, when it is first needed: see selection.search_text. */
function searched(incident) {
  if (incident.text === undefined) {
    const words = [incident.incident_id, incident.site_name, incident.admin1, incident.claimed_by, incident.attributed_to];
    words.push(label("country", incident.country), label("confirmation", incident.confirmation), weaponText(incident));
    for (const report of REPORTS.get(incident.incident_id) ?? []) {
      const source = DATA.sources[report.source_id] ?? {};
      words.push(report.source_id, source.outlet, source.title, report.place_as_reported, report.weapon_as_reported, report.note);
    }
    incident.text = folded(words.filter(Boolean).join(" ").replaceAll("_", " ")).join(" ");
  }
  return incident.text;
}

/** The state that an address (after #) names; what it leaves out, or gives in a form that cannot be, is as usual. */
function readAddress(address) {
  const view = usual();
  const given = new URLSearchParams(address);
  for (const key of ["from", "to"]) if (isDay(given.get(key) ?? "")) view[key] = given.get(key);
  if (given.has("q")) view.q = given.get("q");
  for (const list of LISTS) {
    if (!given.has(list)) continue;
    const known = new Set(DATA.options[list].map((option) => option.code));
    const asked = given.get(list).split(",").filter(Boolean);
    view[list] = asked.filter((code) => known.has(code));
    // A value that no incident has selects nothing, rather than everything.
    if (asked.length && !view[list].length) view[list] = asked.slice(0, 1);
    // All values are no filter.
    if (view[list].length === known.size) view[list] = [];
  }
  return view;
}

/** The address of a state: only what differs from the usual view, in a fixed order. */
function writeAddress(view) {
  const parts = [];
  for (const key of KEYS) {
    const text = Array.isArray(view[key]) ? view[key].join(",") : view[key];
    const before = Array.isArray(DATA.usual[key]) ? DATA.usual[key].join(",") : DATA.usual[key];
    if (text !== before) parts.push(`${key}=${encodeURIComponent(text).replaceAll("%2C", ",")}`);
  }
  return parts.join("&");
}

const weaponsOf = (incident) => (incident.weapons ?? "").split(";").filter(Boolean);
const VALUES = {
  country: (incident) => [incident.country],
  site: (incident) => [incident.site_id],
  weapon: weaponsOf,
  confirmation: (incident) => [incident.confirmation],
  harm: (incident) => [incident.harm],
};

/** Tests, one for each part of the state: an incident is selected if it passes all of them. */
function testsOf(view) {
  const words = folded(view.q);
  const tests = {
    days: (incident) => incident.date >= view.from && incident.date <= view.to,
    q: (incident) => words.every((word) => searched(incident).includes(word)),
  };
  for (const list of LISTS) {
    const wanted = new Set(view[list]);
    tests[list] = wanted.size ? (incident) => VALUES[list](incident).some((code) => wanted.has(code)) : () => true;
  }
  return tests;
}

/** Which incidents a state selects, and for each list how many each of its values would have: all but that list applied. */
function evaluate(view) {
  const tests = Object.entries(testsOf(view));
  const selected = new Array(INCIDENTS.length).fill(false);
  const counts = Object.fromEntries(LISTS.map((list) => [list, new Map()]));
  INCIDENTS.forEach((incident, index) => {
    const failed = tests.filter(([, test]) => !test(incident)).map(([name]) => name);
    selected[index] = failed.length === 0;
    for (const list of LISTS) {
      if (failed.some((name) => name !== list)) continue;
      for (const code of VALUES[list](incident)) counts[list].set(code, (counts[list].get(code) ?? 0) + 1);
    }
  });
  return { selected, counts, chosen: INCIDENTS.filter((_, index) => selected[index]) };
}

// Words and numbers
const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
function dayText(day, year = true) {
  const [y, m, d] = day.split("-").map(Number);
  return `${d} ${MONTHS[m - 1]}${year ? ` ${y}` : ""}`;
}
const nextDay = (day, step = 1) => new Date(Date.parse(day) + step * 86400000).toISOString().slice(0, 10);
const label = (list, code) => DATA.labels[list]?.[code] ?? code;
const plain = (code) => (code ?? "").replace(/^other:/, "").replaceAll("_", " ");
const number = (n, one, many) => `${n.toLocaleString("en-GB")} ${n === 1 ? one : many}`;
const claimant = (codes) => (codes ?? "").split(";").map((code) => DATA.labels.claimant[code] ?? plain(code)).join(", ");
const weaponText = (incident) => weaponsOf(incident).map((code) => label("weapon", code)).join(", ");
const titled = (text) => text.charAt(0).toUpperCase() + text.slice(1);

function harmText(incident) {
  const parts = [];
  const range = (low, high, best) => (low != null && high != null && low !== high ? `${best} (${low} to ${high})` : `${best}`);
  if (incident.us_killed) parts.push(`${incident.us_killed} US or coalition killed`);
  if (incident.us_injured_best) parts.push(`${range(incident.us_injured_low, incident.us_injured_high, incident.us_injured_best)} US or coalition injured`);
  if (incident.partner_killed) parts.push(`${incident.partner_killed} partners or civilians killed`);
  if (incident.partner_injured) parts.push(`${incident.partner_injured} partners or civilians injured`);
  return parts.length ? parts.join("; ") : DATA.labels.harm[incident.harm];
}

/** The same in few words, for the table. */
function harmShort(incident) {
  const killed = (incident.us_killed ?? 0) + (incident.partner_killed ?? 0);
  const injured = (incident.us_injured_best ?? 0) + (incident.partner_injured ?? 0);
  const parts = [killed ? `${killed} killed` : "", injured ? `${injured} injured` : ""].filter(Boolean);
  if (parts.length) return parts.join(", ");
  return incident.harm === "none" ? "nobody, as told" : "not said";
}

/** An address that a page may link to, or nothing: what sources say is data, and only http(s) is followed. */
function safeUrl(text) {
  try {
    const url = new URL(text);
    return ["http:", "https:"].includes(url.protocol) ? url.href : "";
  } catch {
    return "";
  }
}

/** A new element; strings among the children become text, never markup. */
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "class") made.className = value;
    else if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== false && value != null) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== ""));
  return made;
}
