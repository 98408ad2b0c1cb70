// The state of the page: read from and written to the address, and the attacks that fit it.
const DATA = JSON.parse(document.getElementById("data").textContent);
const LISTS = ["country", "weapon", "confirmation", "harm", "group", "site"];
const KEYS = ["from", "to", "country", "site", "weapon", "confirmation", "harm", "group", "q", "sources"];

/** The cells of a packed column, and the rows of a packed table as objects without blank cells. */
const cells = (column) => (Array.isArray(column) ? column : column.at.map((n) => column.words[n]));
function unpacked(table) {
  const names = Object.keys(table);
  const columns = names.map((name) => cells(table[name]));
  return (columns[0] ?? []).map((_, row) => {
    const made = {};
    names.forEach((name, n) => { if (columns[n][row] !== null) made[name] = columns[n][row]; });
    return made;
  });
}
const INCIDENTS = unpacked(DATA.incidents);
const PLACE = new Map(INCIDENTS.map((incident, index) => [incident.incident_id, index]));
INCIDENTS.forEach((incident, index) => Object.assign(incident, { index, reports: [], conflicts: [] }));
for (const report of unpacked(DATA.reports)) INCIDENTS[report.incident].reports.push(report);
for (const conflict of unpacked(DATA.conflicts)) INCIDENTS[conflict.incident].conflicts.push(conflict);
const SOURCES = new Map(unpacked(DATA.sources).map((source) => [source.source_id, source]));
const STRIKES = unpacked(DATA.responses).sort((a, b) => (a.date < b.date ? -1 : 1));
const SITES = new Map(DATA.options.site.map((site) => [site.code, site]));

const copy = (view) => Object.fromEntries(KEYS.map((key) => [key, Array.isArray(view[key]) ? [...view[key]] : view[key]]));
const usual = () => copy(DATA.usual);
const everything = () => ({ ...Object.fromEntries(KEYS.map((key) => [key, LISTS.includes(key) ? [] : ""])), ...DATA.all });

const isDay = (text) => /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text)) && new Date(text).toISOString().startsWith(text);
const folded = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().split(/\s+/).filter(Boolean);
const holds = (text, words) => words.every((word) => text.includes(word));
const asText = (...parts) => folded(parts.filter(Boolean).join(" ").replaceAll("_", " ")).join(" ");

/** What sources say of an attack, folded once, when it is first searched. */
function searched(incident) {
  if (incident.text === undefined) {
    const said = incident.reports.flatMap((report) => {
      const source = SOURCES.get(report.source_id) ?? {};
      return [report.source_id, source.outlet, source.title, report.place_as_reported, report.weapon_as_reported, report.note];
    });
    incident.text = asText(incident.incident_id, incident.site_name, incident.admin1, groupText(incident), incident.attributed_to, label("country", incident.country), weaponText(incident), ...said);
  }
  return incident.text;
}

// The search looks for places: by their names; where none fits by other spellings; then by region and country.
for (const site of DATA.options.site) {
  const admin = INCIDENTS.find((incident) => incident.site_id === site.code)?.admin1;
  site.texts = [asText(site.short), asText(site.aliases), asText(admin, DATA.labels.country[site.country])];
}
function placesNamed(q) {
  const words = folded(q);
  for (const rank of [0, 1, 2]) {
    const found = DATA.options.site.filter((site) => holds(site.texts[rank], words));
    if (found.length) return found;
  }
  return [];
}

/** The state that an address (after #) names, and what in it cannot be: the rest is as usual. */
function readAddress(address) {
  const view = usual();
  const faults = [];
  const given = new URLSearchParams(address);
  for (const key of new Set(given.keys())) if (!KEYS.includes(key)) faults.push(`The address asks for “${key}”, which this page does not know; that was left out.`);
  for (const key of ["from", "to"]) {
    if (!given.has(key)) continue;
    if (isDay(given.get(key))) view[key] = given.get(key);
    else faults.push(`“${given.get(key)}” in the address is no day (YYYY-MM-DD); it was left out.`);
  }
  if (given.has("q")) view.q = given.get("q");
  if (given.has("sources")) view.sources = given.get("sources") ? "yes" : "";
  for (const list of LISTS) {
    if (!given.has(list)) continue;
    const known = new Set(DATA.options[list].map((option) => option.code));
    const asked = given.get(list).split(",").filter(Boolean);
    const unknown = asked.filter((code) => !known.has(code));
    if (unknown.length) faults.push(`The address asks for the ${list} ${unknown.map((code) => `“${code}”`).join(", ")}, which no attack here has.`);
    // A value that no attack has selects nothing, rather than everything; all values are no filter.
    view[list] = asked.length && unknown.length === asked.length ? asked.slice(0, 1) : asked.filter((code) => known.has(code));
    if (view[list].length === known.size) view[list] = [];
  }
  return { view, faults };
}

const flat = (value) => (Array.isArray(value) ? value.join(",") : value);

/** The address of a state: only what differs from the usual view, in a fixed order. */
function writeAddress(view) {
  const changed = KEYS.filter((key) => flat(view[key]) !== flat(DATA.usual[key]));
  return changed.map((key) => `${key}=${encodeURIComponent(flat(view[key])).replaceAll("%2C", ",")}`).join("&");
}

const parts = (text) => (text ?? "").split(";").filter(Boolean);
const weaponsOf = (incident) => parts(incident.weapons);
const groupsOf = (incident) => (incident.claimed_by ? parts(incident.claimed_by) : ["unsaid"]);
const VALUES = {
  country: (incident) => [incident.country],
  site: (incident) => [incident.site_id],
  weapon: weaponsOf,
  confirmation: (incident) => [incident.confirmation],
  harm: (incident) => [incident.harm],
  group: groupsOf,
};
for (const incident of INCIDENTS) incident.values = LISTS.map((list) => VALUES[list](incident));

/** Which attacks pass the search of a state. */
function searchOf(view) {
  const words = folded(view.q);
  if (!words.length) return () => true;
  if (view.sources) return (incident) => holds(searched(incident), words);
  const sites = new Set(placesNamed(view.q).map((site) => site.code));
  const id = words.join(" ");
  return (incident) => sites.has(incident.site_id) || incident.incident_id === id;
}

/** Which attacks a state selects; and of each list how many each value would have, with all but that list applied. */
function evaluate(view) {
  const found = searchOf(view);
  const wanted = LISTS.map((list) => new Set(view[list]));
  const selected = new Array(INCIDENTS.length).fill(false);
  const counts = LISTS.map(() => new Map());
  for (const incident of INCIDENTS) {
    const open = incident.date >= view.from && incident.date <= view.to && found(incident);
    if (!open) continue;
    const failed = [];
    wanted.forEach((codes, n) => { if (codes.size && !incident.values[n].some((code) => codes.has(code))) failed.push(n); });
    selected[incident.index] = !failed.length;
    if (failed.length > 1) continue;
    counts.forEach((count, n) => {
      if (failed.length && failed[0] !== n) return;
      for (const code of incident.values[n]) count.set(code, (count.get(code) ?? 0) + 1);
    });
  }
  return { selected, counts: Object.fromEntries(LISTS.map((list, n) => [list, counts[n]])), chosen: INCIDENTS.filter((incident) => selected[incident.index]) };
}

// Words and numbers
const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
function dayText(day, year = true) {
  const [y, m, d] = day.split("-").map(Number);
  return `${d} ${MONTHS[m - 1]}${year ? ` ${y}` : ""}`;
}
function spanText(from, to) {
  if (from === to) return dayText(from);
  const month = from.slice(0, 7) === to.slice(0, 7);
  return `${month ? Number(from.slice(8)) : dayText(from, from.slice(0, 4) !== to.slice(0, 4))} to ${dayText(to)}`;
}
const dayNumber = (day) => Math.round(Date.parse(day) / 86400000);
const dayOf = (number) => new Date(number * 86400000).toISOString().slice(0, 10);
const label = (list, code) => DATA.labels[list]?.[code] ?? plain(code);
const plain = (code) => String(code ?? "").replace(/^other:/, "").replaceAll("_", " ");
const { format: counted } = new Intl.NumberFormat("en-GB"); // much quicker than toLocaleString, which looks the rules up each time
const SPELLED = ["", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
const spelled = (n, none = "no") => (n ? SPELLED[n] ?? counted(n) : none);
const number = (n, one, many) => `${counted(n)} ${n === 1 ? one : many}`;
const listed = (words, final = "and") => (words.length > 1 ? `${words.slice(0, -1).join(", ")} ${final} ${words.at(-1)}` : words.join(""));
const weaponText = (incident) => weaponsOf(incident).map((code) => label("weapon", code)).join(", ");
const groupText = (incident) => groupsOf(incident).map((code) => label("group", code)).join(", ");
const titled = (text) => text.charAt(0).toUpperCase() + text.slice(1);
const ranged = (best, low, high) => (low != null && high != null && low !== high ? `${best} (${low} to ${high})` : `${best}`);

function harmText(incident) {
  const words = [];
  if (incident.us_killed) words.push(`${incident.us_killed} US or coalition killed`);
  if (incident.us_injured_best) words.push(`${ranged(incident.us_injured_best, incident.us_injured_low, incident.us_injured_high)} US or coalition injured`);
  if (incident.partner_killed) words.push(`${incident.partner_killed} partners or civilians killed`);
  if (incident.partner_injured) words.push(`${incident.partner_injured} partners or civilians injured`);
  return words.length ? words.join("; ") : label("harm", incident.harm);
}

/** The same in few words, for the table. */
function harmShort(incident) {
  const killed = (incident.us_killed ?? 0) + (incident.partner_killed ?? 0);
  const injured = (incident.us_injured_best ?? 0) + (incident.partner_injured ?? 0);
  return [killed ? `${killed} killed` : "", injured ? `${injured} injured` : ""].filter(Boolean).join(", ") || label("harm", incident.harm);
}

/** A new element; strings among the children become text, never markup. */
function element(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}
const drawn = (name, attributes = {}, ...children) => filled(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
function filled(made, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== false && value != null) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== ""));
  return made;
}
