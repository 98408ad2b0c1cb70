// The table of attacks, a page at a time, and what an attack's row opens.
const PAGE = 25;
const opened = new Set();
let sorting = { column: 0, down: false };
let page = 0;

/** A day whose month a narrow screen cuts to three letters. */
function dayWords(day) {
  const [date, month, year] = dayText(day).split(" ");
  return [`${date} ${month.slice(0, 3)}`, element("span", { class: "long" }, month.slice(3)), ` ${year}`];
}
const dot = (name) => element("span", { class: "dot", "aria-hidden": "true", style: `background:${colour(name)}` });

/** The columns: head, class, what sorts it (null: unknown, always last), whether it sorts downwards first, its cell. */
const COLUMNS = [
  ["Day", "", (i) => i.index, false, (i) => [openButton(i), i.date_precision === "day" ? "" : element("span", { class: "small" }, ` (${i.date_precision})`)]],
  ["Place", "", (i) => i.site_name, false, (i) => [i.site_name, element("span", { class: "small country" }, `, ${label("country", i.country)}`)]],
  ["Weapons", "", (i) => (i.top_weapon === "unknown" ? null : LADDER.indexOf(i.top_weapon)), true, (i) => [dot(`weapon-${i.top_weapon}`), weaponText(i)]],
  ["Confirmed by", "wide", (i) => Object.keys(DATA.labels.confirmation).indexOf(i.confirmation), false, (i) => [dot(`confirmation-${i.confirmation}`), label("confirmation", i.confirmation)]],
  ["People hurt", "middle", (i) => (i.harm === "unsaid" ? null : 10000 * ((i.us_killed ?? 0) + (i.partner_killed ?? 0)) + (i.us_injured_best ?? 0) + (i.partner_injured ?? 0)), true, (i) => [harmShort(i)]],
  ["Independent sources", "wide number", (i) => i.n_independent, true, (i) => [counted(i.n_independent ?? 0)]],
  ["Disagreements", "wide number", (i) => i.n_conflicts ?? 0, true, (i) => [counted(i.n_conflicts ?? 0)]],
];

function openButton(incident) {
  return element("button", { type: "button", class: "open", "aria-expanded": String(opened.has(incident.incident_id)), onclick: () => toggleRow(incident.incident_id) }, ...dayWords(incident.date));
}

function buildTable() {
  document.querySelector("#incidents thead tr").append(...COLUMNS.map(([head, kind, , down], column) => element("th", { scope: "col", class: kind }, element("button", {
    type: "button", class: "sort", onclick: () => { sorting = { column, down: sorting.column === column ? !sorting.down : down }; page = 0; showTable(); },
  }, head))));
  for (const button of document.querySelectorAll("[data-page]")) button.addEventListener("click", () => { page += Number(button.dataset.page); showTable(); document.getElementById("table-title").scrollIntoView({ block: "start" }); });
}

/** The attacks selected, in the order that the table shows. */
function ordered() {
  const key = COLUMNS[sorting.column][2];
  const keys = new Map(current.chosen.map((incident) => [incident, key(incident)]));
  const sign = sorting.down ? -1 : 1;
  return [...current.chosen].sort((one, other) => {
    const [a, b] = [keys.get(one), keys.get(other)];
    if (a === null || b === null) return (a === null) - (b === null) || one.index - other.index;
    return sign * (typeof a === "string" ? a.localeCompare(b, "en") : a - b) || one.index - other.index;
  });
}

function showTable() {
  const rows = ordered();
  page = Math.max(0, Math.min(page, Math.ceil(rows.length / PAGE) - 1));
  const shown = rows.slice(page * PAGE, (page + 1) * PAGE);
  document.querySelector("#incidents tbody").replaceChildren(...shown.flatMap(rowOf));
  document.querySelectorAll("#incidents thead th").forEach((head, column) => {
    if (column === sorting.column) head.setAttribute("aria-sort", sorting.down ? "descending" : "ascending");
    else head.removeAttribute("aria-sort");
  });
  document.getElementById("rows").textContent = rows.length ? `Rows ${counted(page * PAGE + 1)} to ${counted(page * PAGE + shown.length)} of ${counted(rows.length)}` : "No rows";
  for (const button of document.querySelectorAll("[data-page]")) button.disabled = !rows[(page + Number(button.dataset.page)) * PAGE];
}

function rowOf(incident) {
  const cells = COLUMNS.map(([, kind, , , content], n) => element(n ? "td" : "th", n ? { class: kind } : { scope: "row" }, content(incident)));
  const row = element("tr", { id: `incident-${incident.incident_id}` }, cells);
  return opened.has(incident.incident_id) ? [row, element("tr", { class: "more" }, element("td", { colspan: COLUMNS.length }, details(incident)))] : [row];
}

function toggleRow(id) {
  if (!opened.delete(id)) opened.add(id);
  showTable();
  document.getElementById(`incident-${id}`)?.querySelector("button.open").focus({ preventScroll: true });
}

/** Show an attack's row, opened; widen the view if it leaves the attack out. */
function openIncident(id) {
  const index = PLACE.get(id);
  if (index === undefined) return;
  if (!current.selected[index]) change(usual());
  if (!current.selected[index]) change(everything());
  page = Math.floor(ordered().indexOf(INCIDENTS[index]) / PAGE);
  opened.add(id);
  showTable();
  const row = document.getElementById(`incident-${id}`);
  row.scrollIntoView({ block: "start", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
  row.querySelector("button.open").focus({ preventScroll: true });
}

// What an opened row says
const said = (name, ...content) => [element("dt", {}, name), element("dd", {}, ...content)];

function sourceLink(id) {
  const source = SOURCES.get(id) ?? {};
  const title = source.title || source.outlet || id;
  return source.url ? element("a", { href: source.url, rel: "noopener noreferrer nofollow", target: "_blank" }, title) : title;
}

const LANGUAGES = new Intl.DisplayNames("en-GB", { type: "language" });
function languageName(code) {
  try { return LANGUAGES.of(code); } catch { return code; } // what is no code stays as it is
}

function reportItem(report) {
  const source = SOURCES.get(report.source_id) ?? {};
  const range = (low, high) => (low === high ? `${low}` : high == null ? `${low} or more` : low == null ? `up to ${high}` : `${low} to ${high}`);
  const says = [
    dayText(report.date) + (report.date_precision === "day" ? "" : ` (${report.date_precision})`),
    report.time_local, report.place_as_reported, report.weapon_as_reported,
    report.munitions_low != null ? `munitions: ${range(report.munitions_low, report.munitions_high)}` : "",
    report.intercepted && report.intercepted !== "unknown" ? `intercepted: ${report.intercepted}` : "",
    report.us_killed != null ? `US or coalition killed: ${report.us_killed}` : "",
    report.us_injured_low != null ? `US or coalition injured: ${range(report.us_injured_low, report.us_injured_high)}` : "",
    report.partner_killed != null ? `partners or civilians killed: ${report.partner_killed}` : "",
    report.partner_injured != null ? `partners or civilians injured: ${report.partner_injured}` : "",
    report.damage && report.damage !== "unknown" ? `damage: ${report.damage}` : "",
    report.claimed_by && report.claimed_by !== "none" ? `claimed by ${groupText(report)}` : "",
    `confirmed by: ${label("confirmation", report.confirmation)}`,
  ].filter(Boolean).join(" · ");
  const about = [source.outlet, source.published ? dayText(source.published) : "", plain(source.kind), languageName(source.language)].filter(Boolean).join(", ");
  return element(
    "li", {},
    element("p", { class: "source" }, sourceLink(report.source_id), " ", element("span", { class: "small" }, `(${about})`)),
    element("p", {}, says),
    report.note ? element("p", { class: "small" }, `Coder's note: ${report.note}`) : "",
  );
}

/** A value of a field as a reader expects it: codes as their words. */
function inWords(field, value) {
  const text = String(value);
  if (field === "site_id") return SITES.get(text)?.label ?? plain(text);
  const list = { country: "country", weapons: "weapon", confirmation: "confirmation", claimed_by: "group" }[field];
  return list ? parts(text).map((code) => label(list, code)).join(", ") : plain(text);
}

function conflictTable(conflicts) {
  const row = (c) => element("tr", {}, element("th", { scope: "row" }, plain(c.field).replace("site id", "site").replace("us ", "US ")), element("td", {}, `${inWords(c.field, c.chosen)} (${c.n_chosen})`), element("td", {}, `${inWords(c.field, c.other)} (${c.n_other})`), element("td", {}, plain(c.rule)));
  return element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Where the reports disagree" }, element(
    "table", { class: "plain" },
    element("caption", {}, "Where the reports disagree (in brackets: independent sources that say so)"),
    element("thead", {}, element("tr", {}, ["Field", "Chosen", "Also reported", "Rule that chose"].map((text) => element("th", { scope: "col" }, text)))),
    element("tbody", {}, conflicts.map(row)),
  ));
}

function details(incident) {
  const { reports, conflicts } = incident;
  const days = incident.date_precision === "day" ? dayText(incident.date) : `${dayText(incident.date)} (${incident.date_precision}: ${dayText(incident.date_earliest)} to ${dayText(incident.date_latest)})`;
  const address = `#incident-${incident.incident_id}`;
  const facts = element(
    "dl", {},
    said("Day", [days, incident.time_local].filter(Boolean).join(", ")),
    said("Place", [incident.site_name, incident.admin1, label("country", incident.country)].filter(Boolean).join(", ")),
    said("Target", plain(incident.target_type)),
    said("Weapons", weaponText(incident)),
    incident.munitions_best != null ? said("Munitions", ranged(incident.munitions_best, incident.munitions_low, incident.munitions_high)) : [],
    said("Intercepted", plain(incident.intercepted)),
    said("Damage", plain(incident.damage)),
    said("People hurt", harmText(incident)),
    said("Claimed by", groupText(incident)),
    incident.attributed_to ? said("Blamed on", plain(incident.attributed_to)) : [],
    said("Confirmed by", `${label("confirmation", incident.confirmation)}${incident.second_hand ? ", as quoted by one lesser outlet alone" : ""}`),
    said("Sources", `${incident.n_sources}, of them ${number(incident.n_independent, "independent source", "independent sources")}`),
    said("Address", element("a", { href: address }, address)),
  );
  return element(
    "div", { class: "details" }, facts,
    conflicts.length ? conflictTable(conflicts) : element("p", { class: "small" }, "Its reports do not disagree on any field coded."),
    element("h4", {}, `What each of ${number(reports.length, "report", "reports")} says`),
    element("ul", { class: "reports" }, reports.map(reportItem)),
  );
}
