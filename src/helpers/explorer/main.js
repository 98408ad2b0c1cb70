// The page: filters, counts, the sentence, and what follows a change.
let state = usual();
let faults = [];
let current = evaluate(state);
const byId = (id) => document.getElementById(id);
const say = (id, text) => { const spot = byId(id); if (spot.textContent !== text) spot.textContent = text; };
const boxes = Object.fromEntries(LISTS.map((list) => [list, new Map()]));
const RECORD = [INCIDENTS[0]?.date ?? DATA.all.from, INCIDENTS.at(-1)?.date ?? DATA.all.to];
const FIRST_DAY = DATA.usual.from < RECORD[0] ? DATA.usual.from : RECORD[0];
const LAST_DAY = DATA.usual.to > RECORD[1] ? DATA.usual.to : RECORD[1];

/** Whether anything but the days and one country narrows the selection: what officials did not split their totals by. */
const narrowed = () => Boolean(state.q || ["site", "weapon", "confirmation", "harm", "group"].some((list) => state[list].length) || (state.country.length > 1 && state.country.length < DATA.options.country.length));

function buildFilters() {
  for (const list of LISTS) {
    const holder = byId(`list-${list}`);
    let country = "";
    for (const option of DATA.options[list]) {
      if (list === "site" && option.country !== country) {
        country = option.country;
        holder.append(element("p", { class: "group" }, label("country", country)));
      }
      const box = element("input", { type: "checkbox", id: `${list}-${option.code}`, value: option.code, onchange: () => toggle(list, option.code) });
      const bar = element("span", { class: "bar", "aria-hidden": "true", style: `background:${colour(option.colour)}` });
      const count = element("span", { class: "count" });
      holder.append(element("div", { class: "option" }, box, element("label", { for: box.id }, element("span", { class: "words" }, titled(option.label)), " ", count, bar)));
      boxes[list].set(option.code, { box, bar, count });
    }
  }
  byId("stories").append(...DATA.stories.map((story) => element("li", {}, element("a", { href: `#${story.address}`, "data-story": story.name }, story.label))));
}

function showFilters() {
  for (const list of LISTS) {
    const counts = current.counts[list];
    const most = Math.max(1, ...counts.values());
    for (const [code, { box, bar, count }] of boxes[list]) {
      const n = counts.get(code) ?? 0;
      box.checked = state[list].includes(code);
      bar.style.width = `${(100 * n) / most}%`;
      bar.classList.toggle("unchosen", state[list].length > 0 && !box.checked);
      count.textContent = counted(n);
      box.closest(".option").classList.toggle("nothing", n === 0);
    }
  }
  for (const id of ["from", "to", "q"]) if (byId(id).value !== state[id]) byId(id).value = state[id];
  byId("sources").checked = Boolean(state.sources);
  const places = state.q && !state.sources ? placesNamed(state.q) : [];
  say("q-found", places.length ? `Places: ${listed(places.slice(0, 4).map((site) => `${site.short} (${site.n})`))}${places.length > 4 ? ` and ${places.length - 4} more` : ""}.` : state.q && !state.sources ? "No place is called so." : "");
  const here = writeAddress(state);
  for (const link of document.querySelectorAll("[data-story]")) {
    if (writeAddress(readAddress(link.getAttribute("href").slice(1)).view) === here) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
  const set = ["q", ...LISTS].filter((key) => state[key].length).length + Number(state.from !== DATA.usual.from || state.to !== DATA.usual.to);
  say("open-filters", set ? `Filters (${set})` : "Filters");
}

const sum = (key) => current.chosen.reduce((total, incident) => total + (incident[key] ?? 0), 0);

/** What reports say of people hurt, for any of the `codes`, in words that go on from "in which". */
function hurtWords(codes) {
  const words = { killed: "someone was killed", injured: "people were injured and no one killed", none: "no one was hurt, by reports", unsaid: "no report says whether anyone was hurt" };
  const both = codes.includes("killed") && codes.includes("injured");
  const others = Object.keys(words).filter((code) => codes.includes(code) && !(both && (code === "killed" || code === "injured")));
  const unknown = codes.filter((code) => !(code in words));
  return listed([...(both ? ["someone was killed or injured"] : []), ...others.map((code) => words[code]), ...unknown.map((code) => `“${code}”`)], "or");
}

/** The filters in words, for the sentence and the messages. */
function filterWords() {
  const word = { site: (code) => SITES.get(code)?.label ?? code, weapon: (code) => DATA.plurals[code] ?? code };
  const names = (list) => listed(state[list].map((code) => word[list]?.(code) ?? label(list, code)), "or");
  return {
    weapon: state.weapon.length ? ` with ${names("weapon")}` : "",
    site: state.site.length ? ` at ${names("site")}` : "",
    q: state.q ? (state.sources ? ` of which any source says “${state.q}”` : ` at places called “${state.q}”`) : "",
    group: state.group.length ? `, claimed by ${names("group")}` : "",
    confirmation: state.confirmation.length ? `, confirmed by ${names("confirmation")}` : "",
    harm: state.harm.length ? `, in which ${hurtWords(state.harm)}` : "",
  };
}

/** The selection in a sentence that can be quoted. */
function sentence() {
  if (state.from > state.to) return "";
  const n = current.chosen.length;
  const words = filterWords();
  const countries = state.country.length ? state.country : DATA.options.country.map((option) => option.code);
  const us = current.chosen.filter((incident) => incident.confirmation === "us_official").length;
  const first = `${state.from === state.to ? "On" : "From"} ${spanText(state.from, state.to)}, public reports tell of ${spelled(n)} ${n === 1 ? "attack" : "attacks"} on US and coalition forces in ${listed(countries.map((code) => label("country", code)))}${words.weapon}${words.site}${words.q}${words.group}${words.confirmation}${words.harm}`;
  if (!n) return `${first}.`;
  const confirmed = state.confirmation.length ? "" : `, of which a US official confirmed ${us === n && n > 1 ? "all" : spelled(us, "none")}`;
  const hurt = `${spelled(sum("us_killed"))} US or coalition personnel as killed and ${spelled(sum("us_injured_best"), "none")} as injured`;
  return `${first}${confirmed}. Reports of single attacks name ${hurt}.`;
}

function showOfficial() {
  const country = scopeOf();
  const where = country ? ` in ${label("country", country)}` : "";
  const given = DATA.counters.officials.filter((total) => total.country === country);
  const last = given.findLast((total) => total.day <= state.to);
  const first = given.findLast((total) => total.day < state.from);
  const of = narrowed() ? "all attacks, whatever is filtered here: " : "";
  if (state.from > state.to || !last || (first && first.day === last.day)) {
    say("official-number", "–");
    say("official-words", last ? `officials gave no new total${where} for days within this view` : `officials had given no total${where} by ${dayText(state.to)}`);
  } else if (first) {
    say("official-number", counted(last.total - first.total));
    say("official-words", `${of}more in the officials’ total${where}: from ${first.words}${first.total} as of ${dayText(first.day)} to ${last.words}${last.total} as of ${dayText(last.day)}`);
  } else {
    say("official-number", `${last.words}${counted(last.total)}`);
    say("official-words", `${of}officials’ total${where} as of ${dayText(last.day)}`);
  }
  byId("official").classList.toggle("apart", narrowed());
}

function showCounts() {
  const n = current.chosen.length;
  say("count", counted(n));
  say("count-words", n === 1 ? "attack" : "attacks");
  say("count-of", n < INCIDENTS.length ? `of ${counted(INCIDENTS.length)} coded from public reports` : "coded from public reports");
  const us = current.chosen.filter((incident) => incident.confirmation === "us_official").length;
  say("confirmed", counted(us));
  say("confirmed-words", `confirmed by a US official${n ? ` (${Math.round((100 * us) / n)}%)` : ""}`);
  say("killed", `${counted(sum("us_killed"))} killed, ${counted(sum("us_injured_best"))} injured`);
  const injured = DATA.counters.injured.findLast((total) => total.day <= state.to);
  const officials = injured && state.from <= DATA.usual.from && !narrowed() && !state.country.length ? `. Officials’ own total: ${injured.words}${counted(injured.total)} injured as of ${dayText(injured.day)}` : "";
  say("killed-words", `US and coalition personnel, in attacks for which a source gives a number (partners and civilians: ${counted(sum("partner_killed"))} killed, ${counted(sum("partner_injured"))} injured)${officials}`);
  byId("download").disabled = n === 0;
  say("sentence", sentence());
  say("show-results", `Show ${number(n, "attack", "attacks")}`);
  say("status", `${number(n, "attack", "attacks")} selected, ${spanText(state.from, state.to)}.`);
  showOfficial();
}

/** What a reader must know of the view: what its address got wrong, days that cannot be, filters that leave nothing. */
function showNotices() {
  const act = (text, part) => element("button", { type: "button", onclick: () => change(part) }, text);
  const notes = faults.map((text) => [text]);
  if (state.from > state.to) notes.push([`The first day, ${dayText(state.from)}, is later than the last, ${dayText(state.to)}, so no day is selected. `, act("Swap them", { from: state.to, to: state.from })]);
  else if (state.from < FIRST_DAY || state.to > LAST_DAY) notes.push([`The record runs from ${spanText(FIRST_DAY, LAST_DAY)}; days outside it were not coded, which is not to say that they were quiet. `, act("Only the record’s days", { from: state.from < FIRST_DAY || state.from > LAST_DAY ? FIRST_DAY : state.from, to: state.to > LAST_DAY || state.to < FIRST_DAY ? LAST_DAY : state.to })]);
  if (!current.chosen.length && INCIDENTS.length && state.from <= state.to) {
    const clear = LISTS.filter((list) => state[list].length).map((list) => act(`All: ${list === "harm" ? "people hurt" : list === "group" ? "claimed by" : list === "confirmation" ? "confirmed by" : list}`, { [list]: [] }));
    if (state.q && !state.sources) {
      const n = evaluate({ ...state, sources: "yes" }).chosen.length;
      clear.unshift(act(`Clear “${state.q}”`, { q: "" }), ...(n ? [act(`Look in what sources say: ${number(n, "attack", "attacks")}`, { sources: "yes" })] : []));
    } else if (state.q) clear.unshift(act(`Clear “${state.q}”`, { q: "" }));
    notes.push(["No attack fits all the filters. ", ...clear, act("Reset", usual())]);
  }
  byId("notices").replaceChildren(...notes.map((note) => element("p", { class: "note" }, note)));
}

/** The same as the pictures show, in words and as tables, for those who do not see them. */
function showWords() {
  const bySite = DATA.options.site.map((site) => [site.label, current.chosen.filter((i) => i.site_id === site.code).length]).filter(([, k]) => k);
  byId("chart-map").setAttribute("aria-label", `Map of sites: ${bySite.map(([name, k]) => `${name} ${k}`).join(", ") || "none"}. The list of sites beside the map filters by site.`);
  if (byId("weeks").open) showWeeks();
  const { step } = columnsAt(drawTimeline.width());
  for (const button of document.querySelectorAll("[data-step]")) button.setAttribute("aria-pressed", String(Number(button.dataset.step) === step));
  for (const spot of document.querySelectorAll("[data-unit]")) spot.textContent = { 1: "day", 7: "week", 28: "weeks" }[step];
}

const cellsOf = (values, numbers) => values.map((value, n) => element(n ? "td" : "th", { class: numbers.includes(n) ? "number" : "", ...(n ? {} : { scope: "row" }) }, value));

function showWeeks() {
  const weeks = { ...columnsAt(7), step: 7, first: FIRST - ((((FIRST - PAUSE[0]) % 7) + 7) % 7) };
  const seen = observatory();
  const officials = DATA.counters.officials.filter((point) => point.country === scopeOf());
  const rows = [];
  for (let start = weeks.first; start <= LAST; start += 7) {
    const [from, to] = [dayOf(Math.max(start, FIRST)), dayOf(Math.min(start + 6, LAST))];
    const here = current.chosen.filter((incident) => incident.date >= from && incident.date <= to);
    const kinds = DATA.options.weapon.map((o) => [o.label, here.filter((i) => i.top_weapon === o.code).length]).filter(([, k]) => k);
    const total = (key) => String(here.reduce((t, i) => t + (i[key] ?? 0), 0));
    const strikes = STRIKES.filter((strike) => strike.date >= from && strike.date <= to).length;
    const last = lastOf(officials, to);
    rows.push(element("tr", {}, cellsOf([dayText(from), String(here.length), kinds.map(([name, k]) => `${name} ${k}`).join(", ") || "–", total("us_killed"), total("us_injured_best"), String(strikes), last ? `${last.words}${last.total}` : "–", String(lastOf(seen, to)?.total ?? "–")], [1, 3, 4, 5, 6, 7])));
  }
  byId("weeks-body").replaceChildren(...rows);
}

function showStrikes() {
  byId("strikes-body").replaceChildren(...STRIKES.map((strike) => element("tr", {}, cellsOf([
    dayText(strike.date), `${strike.place ?? ""} (${label("country", strike.country)})`, strike.target ?? "not said",
    strike.killed_high != null ? `${ranged(strike.killed_low, strike.killed_low, strike.killed_high)} ${plain(strike.killed_side)}` : "not said",
    [parts(strike.sources).slice(0, 4).flatMap((id, n) => [n ? "; " : "", sourceLink(id)]), parts(strike.sources).length > 4 ? ` and ${parts(strike.sources).length - 4} more` : ""],
  ], []))));
}

function showOthers() {
  const rows = unpacked(DATA.counters.others ?? {}).map((count) => element("tr", {}, cellsOf([
    { sohr: "Syrian Observatory", acled: "ACLED" }[count.counter] ?? titled(plain(count.counter)),
    count.since ? spanText(count.since, count.as_of) : `to ${dayText(count.as_of)}`,
    count.site_id ? SITES.get(count.site_id)?.label ?? plain(count.site_id) : count.country ? label("country", count.country) : "all",
    `${count.relation === "at_least" ? "at least " : count.relation === "approximately" ? "about " : ""}${counted(count.total)} ${plain(count.unit)}`,
    sourceLink(count.source_id),
  ], [3])));
  byId("others-body").replaceChildren(...rows);
}

function showCharts(resized = false) {
  for (const drawChart of [drawTimeline, drawCounters, drawHarm, drawMap]) drawChart(resized);
  showLegend();
  showWords();
}

function show() {
  current = evaluate(state);
  for (const id of opened) if (!current.selected[PLACE.get(id)]) opened.delete(id);
  showFilters();
  showCounts();
  showNotices();
  showTable();
  showCharts();
}

function change(part, { replace = false } = {}) {
  state = { ...state, ...part };
  faults = [];
  page = 0;
  const address = writeAddress(state);
  if (location.hash.slice(1) !== address) history[replace ? "replaceState" : "pushState"](null, "", address ? `#${address}` : location.pathname + location.search);
  show();
}

function toggle(list, code) {
  const chosen = new Set(state[list]);
  if (!chosen.delete(code)) chosen.add(code);
  change({ [list]: DATA.options[list].map((option) => option.code).filter((known) => chosen.has(known)) });
}

/** Show what the address names: a view, one attack, or a source with the attacks that it tells of. */
function readHash() {
  const text = location.hash.slice(1);
  let hash = text;
  try { hash = decodeURIComponent(text); } catch { /* a lone percent sign is taken as it is */ }
  const incident = hash.startsWith("incident-") ? hash.slice("incident-".length) : "";
  const source = hash.startsWith("source-") ? hash.slice("source-".length) : "";
  faults = [];
  page = 0;
  if (incident) {
    state = usual();
    if (!PLACE.has(incident)) faults = [`No attack here has the id “${incident}”.`];
    show();
    return openIncident(incident);
  }
  if (source) state = { ...everything(), q: source, sources: "yes" };
  else if (hash && byId(hash)) return document.documentElement.dataset.ready ? undefined : show(); // an anchor of the page itself
  else ({ view: state, faults } = readAddress(text));
  return show();
}

// What leaves the page
const FORMULA = /^[=+\-@\t\r]/;
const cellText = (value) => {
  const text = typeof value === "boolean" ? titled(String(value)) : typeof value === "string" ? (FORMULA.test(value) ? `'${value}` : value).replace(/\r\n?/g, "\n") : String(value ?? "");
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};
function csvOfSelection() {
  const rows = current.chosen.map((incident) => {
    const row = { ...incident, sources: [...new Set(incident.reports.map((report) => report.source_id))].join(";") };
    return DATA.columns.map((column) => cellText(row[column])).join(",");
  });
  return [DATA.columns.join(","), ...rows, ""].join("\n");
}
function fileName() {
  const filters = [...LISTS.flatMap((list) => state[list]), state.q, state.q && state.sources ? "in sources" : ""].filter(Boolean).map((word) => word.replace(/[^\p{L}\p{N}]+/gu, "-"));
  return `attacks_${[state.from, state.to, ...filters].join("_").slice(0, 110)}.csv`;
}

function download() {
  const url = URL.createObjectURL(new Blob([csvOfSelection()], { type: "text/csv;charset=utf-8" }));
  const link = element("a", { href: url, download: fileName() });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

async function copyText(text, what) {
  let done = true;
  try { await navigator.clipboard.writeText(text); } catch { done = false; }
  const said = done ? `${what} copied` : `This browser does not let the page copy: mark the ${what.toLowerCase()} and copy it`;
  say("copied", said);
  say("status", said);
  setTimeout(() => say("copied", ""), 4000);
}

/** The filters stand beside the results; on a phone they are a sheet over them, which a button opens and closes. */
const narrow = matchMedia("(max-width: 760px)");
function arrange() {
  byId("filters").close();
  byId("filters").toggleAttribute("open", !narrow.matches);
}

function listen() {
  for (const id of ["from", "to"]) byId(id).addEventListener("change", (event) => isDay(event.target.value) && change({ [id]: event.target.value }));
  byId("q").addEventListener("input", (event) => change({ q: event.target.value }, { replace: true }));
  byId("sources").addEventListener("change", (event) => change({ sources: event.target.checked ? "yes" : "" }));
  for (const button of document.querySelectorAll("[data-reset]")) button.addEventListener("click", () => change(usual()));
  byId("all").addEventListener("click", () => change(everything()));
  byId("download").addEventListener("click", download);
  byId("copy").addEventListener("click", () => copyText(location.href, "Address"));
  byId("quote").addEventListener("click", () => copyText(byId("sentence").textContent, "Sentence"));
  byId("weeks").addEventListener("toggle", showWords);
  byId("strikes").addEventListener("toggle", showStrikes);
  byId("others").addEventListener("toggle", showOthers);
  byId("strikes").hidden = !STRIKES.length;
  byId("others").hidden = !Object.keys(DATA.counters.others ?? {}).length;
  for (const button of document.querySelectorAll("[data-step]")) button.addEventListener("click", () => { chosenStep = Number(button.dataset.step); showCharts(); });
  byId("open-filters").addEventListener("click", () => byId("filters").showModal());
  for (const button of document.querySelectorAll("[data-close]")) button.addEventListener("click", () => { byId("filters").close(); byId("results-title").scrollIntoView(); });
  narrow.addEventListener("change", arrange);
  window.addEventListener("hashchange", readHash);
  let width = document.documentElement.clientWidth;
  new ResizeObserver(() => { if (width !== (width = document.documentElement.clientWidth)) showCharts(true); }).observe(document.documentElement);
}

performance.mark("scripts");
arrange();
buildFilters();
buildTable();
listen();
readHash();
performance.mark("usable");
document.documentElement.dataset.ready = "yes";
// What a test, or a reader at the console, may ask of the page.
window.explorer = { view: () => copy(state), ids: () => current.chosen.map((i) => i.incident_id), change, csv: csvOfSelection, fileName, address: () => writeAddress(state) };
