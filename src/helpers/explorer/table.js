// The table of incidents, and what an incident's row opens.
let table = null;
const rowsOf = [];

/** A day whose month a narrow screen cuts to three letters. */
function dayWords(day) {
  const [number, month, year] = dayText(day).split(" ");
  return [`${number} ${month.slice(0, 3)}`, element("span", { class: "long" }, month.slice(3)), ` ${year}`];
}

function buildTable() {
  const body = document.querySelector("#incidents tbody");
  INCIDENTS.forEach((incident, index) => {
    const open = element("button", { type: "button", class: "open", "aria-expanded": "false", onclick: () => toggleRow(index) }, ...dayWords(incident.date));
    const confirmed = element("span", { class: "dot", "aria-hidden": "true" });
    confirmed.style.background = colour(`confirmation-${incident.confirmation}`);
    const weapon = element("span", { class: "dot", "aria-hidden": "true" });
    weapon.style.background = colour(`weapon-${incident.top_weapon}`);
    const n = incident.n_conflicts ?? 0;
    const row = element(
      "tr", { id: `incident-${incident.incident_id}` },
      element("th", { scope: "row", "data-order": `${incident.date} ${incident.incident_id}` }, open, incident.date_precision === "day" ? "" : element("span", { class: "small" }, ` (${incident.date_precision})`)),
      element("td", {}, incident.site_name, element("span", { class: "small country" }, `, ${label("country", incident.country)}`)),
      element("td", { "data-order": String(Object.keys(DATA.labels.weapon).indexOf(incident.top_weapon)).padStart(2, "0") }, weapon, weaponText(incident)),
      element("td", { class: "wide", "data-order": Object.keys(DATA.labels.confirmation).indexOf(incident.confirmation) }, confirmed, label("confirmation", incident.confirmation)),
      element("td", { class: "middle", "data-order": (incident.us_killed ?? 0) * 1000 + (incident.partner_killed ?? 0) * 500 + (incident.us_injured_best ?? (incident.harm === "unsaid" ? -1 : 0)) }, harmShort(incident)),
      element("td", { class: "wide number" }, String(incident.n_independent ?? incident.n_sources ?? "")),
      element("td", { class: "wide number" }, String(n)),
    );
    rowsOf[index] = row;
    body.append(row);
  });
  table = new DataTable("#incidents", {
    order: [[0, "asc"]],
    pageLength: 25,
    lengthMenu: [10, 25, 50, 100],
    autoWidth: false,
    deferRender: false,
    layout: { topStart: null, topEnd: null, bottomStart: "info", bottomEnd: { paging: { firstLast: false } } },
    language: {
      info: "Rows _START_ to _END_ of _TOTAL_", infoEmpty: "No rows", infoFiltered: "",
      zeroRecords: "No incident fits all the filters. Widen the days or clear a filter.",
      paginate: { previous: "Previous", next: "Next" },
      aria: { orderable: ": press to sort", orderableReverse: ": press to sort the other way", orderableRemove: ": press to unsort" },
    },
  });
  table.search.fixed("view", (_text, _cells, index) => current.selected[index]);
}

const said = (name, ...content) => [element("dt", {}, name), element("dd", {}, ...content)];
const between = (best, low, high) => (low != null && high != null && low !== high ? `${best} (${low} to ${high})` : String(best));

function reportItem(report) {
  const source = DATA.sources[report.source_id] ?? {};
  const url = safeUrl(source.url);
  const title = source.title || source.outlet || report.source_id;
  const link = url ? element("a", { href: url, rel: "noopener noreferrer nofollow", target: "_blank" }, title) : title;
  const range = (low, high) => (low === high ? `${low}` : `${low ?? "?"} to ${high ?? "more"}`);
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
    report.claimed_by && report.claimed_by !== "none" ? `claimed by ${claimant(report.claimed_by)}` : "",
    `who confirms: ${label("confirmation", report.confirmation)}`,
  ].filter(Boolean).join(" · ");
  const about = [source.outlet, source.published ? dayText(source.published) : "", plain(source.kind), source.language].filter(Boolean).join(", ");
  return element(
    "li", {},
    element("p", { class: "source" }, link, " ", element("span", { class: "small" }, `(${about})`)),
    element("p", {}, says),
    report.note ? element("p", { class: "small" }, `Coder's note: ${report.note}`) : "",
  );
}

/** A value of a field as a reader expects it: codes as their words. */
function inWords(field, value) {
  const text = String(value);
  if (field === "claimed_by") return claimant(text);
  if (field === "site_id") return DATA.options.site.find((site) => site.code === text)?.label ?? plain(text);
  const list = { country: "country", weapons: "weapon", confirmation: "confirmation" }[field];
  return list ? text.split(";").map((code) => label(list, code)).join(", ") : plain(text);
}

function conflictTable(conflicts) {
  const row = (c) => element("tr", {}, element("th", { scope: "row" }, plain(c.field).replace("site id", "site").replace("us ", "US ")), element("td", {}, `${inWords(c.field, c.chosen)} (${c.n_chosen})`), element("td", {}, `${inWords(c.field, c.other)} (${c.n_other})`), element("td", {}, plain(String(c.rule))));
  return element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Where the reports disagree" }, element(
    "table", { class: "plain" },
    element("caption", {}, "Where the reports disagree (in brackets: independent origins that say so)"),
    element("thead", {}, element("tr", {}, ...["Field", "Chosen", "Also told", "Rule that chose"].map((text) => element("th", { scope: "col" }, text)))),
    element("tbody", {}, ...conflicts.map(row)),
  ));
}

function details(incident) {
  const reports = REPORTS.get(incident.incident_id) ?? [];
  const conflicts = DATA.conflicts[incident.incident_id] ?? [];
  const days = incident.date_precision === "day" ? dayText(incident.date) : `${dayText(incident.date)} (${incident.date_precision}: ${dayText(incident.date_earliest)} to ${dayText(incident.date_latest)})`;
  const address = `#incident-${incident.incident_id}`;
  const facts = element(
    "dl", {},
    ...said("Day", [days, incident.time_local].filter(Boolean).join(", ")),
    ...said("Place", [incident.site_name, incident.admin1, label("country", incident.country)].filter(Boolean).join(", ")),
    ...said("Target", plain(incident.target_type)),
    ...said("Weapons", weaponText(incident)),
    ...(incident.munitions_best != null ? said("Munitions", between(incident.munitions_best, incident.munitions_low, incident.munitions_high)) : []),
    ...said("Intercepted", plain(incident.intercepted)),
    ...said("Damage", plain(incident.damage)),
    ...said("People hurt", harmText(incident)),
    ...(incident.claimed_by ? said("Claimed by", claimant(incident.claimed_by)) : []),
    ...(incident.attributed_to ? said("Blamed on", plain(incident.attributed_to)) : []),
    ...said("Confirmed by", label("confirmation", incident.confirmation)),
    ...said("Sources", `${incident.n_sources}, of ${number(incident.n_independent, "independent origin", "independent origins")}`),
    ...said("Address", element("a", { href: address }, address)),
  );
  return element(
    "div", { class: "details" }, facts,
    conflicts.length ? conflictTable(conflicts) : element("p", { class: "small" }, "Its reports do not disagree on any field coded."),
    element("h4", {}, `What each of ${number(reports.length, "report", "reports")} says`),
    element("ul", { class: "reports" }, ...reports.map(reportItem)),
  );
}

function toggleRow(index, show) {
  const row = table.row(index);
  const open = show ?? !row.child.isShown();
  const button = rowsOf[index].querySelector("button.open");
  if (open && !row.child.isShown()) {
    row.child(details(INCIDENTS[index]), "child").show();
    for (const cell of row.child().find("td")) cell.removeAttribute("class");
  } else if (!open) row.child.remove();
  button.setAttribute("aria-expanded", String(open));
}

/** Show an incident's row, opened; widen the view if it leaves the incident out. */
function openIncident(id) {
  const index = PLACE.get(id);
  if (index === undefined) return;
  if (!current.selected[index]) change(usual());
  if (!current.selected[index]) change(everything());
  const order = table.rows({ search: "applied", order: "applied" }).indexes().toArray();
  table.page(Math.floor(order.indexOf(index) / table.page.len())).draw("page");
  toggleRow(index, true);
  rowsOf[index].scrollIntoView({ block: "start", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
  rowsOf[index].querySelector("button.open").focus({ preventScroll: true });
}
