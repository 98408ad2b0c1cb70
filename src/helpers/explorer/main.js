// The page: controls, counts, and what follows a change.
let state = usual();
let current = evaluate(state);
const byId = (id) => document.getElementById(id);
const say = (id, text) => { const spot = byId(id); if (spot.textContent !== text) spot.textContent = text; };
const boxes = Object.fromEntries(LISTS.map((list) => [list, new Map()]));

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
      const bar = element("span", { class: "bar", "aria-hidden": "true" });
      bar.style.background = colour(option.colour);
      const count = element("span", { class: "count" });
      holder.append(element("div", { class: "option" }, box, element("label", { for: box.id }, element("span", { class: "words" }, titled(option.label)), " ", count, bar)));
      boxes[list].set(option.code, { box, bar, count });
    }
  }
  for (const [index, period] of DATA.periods.entries()) {
    const text = `${dayText(period.from, false)} to ${dayText(period.to, false)}`;
    byId("periods").append(element("button", { type: "button", id: `period-${index}`, "aria-pressed": "false", onclick: () => change({ from: period.from, to: period.to }) }, titled(period.label), element("span", { class: "small" }, ` ${text}`)));
  }
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
      count.textContent = n.toLocaleString("en-GB");
      box.closest(".option").classList.toggle("nothing", n === 0);
    }
  }
  for (const [id, key] of [["from", "from"], ["to", "to"], ["q", "q"]]) if (byId(id).value !== state[key]) byId(id).value = state[key];
  DATA.periods.forEach((period, index) => byId(`period-${index}`).setAttribute("aria-pressed", String(state.from === period.from && state.to === period.to)));
}

const sum = (key) => current.chosen.reduce((total, incident) => total + (incident[key] ?? 0), 0);
const RELATION = { exact: "", at_least: "at least ", approximately: "about " };

/** The officials' total that goes with the state: the last one to its last day; of one country if only one is chosen. */
function officialTotal() {
  const country = state.country.length === 1 ? state.country[0] : "";
  const given = DATA.official.chain.filter((total) => total.country === country);
  const last = given.findLast((total) => total.day <= state.to);
  const first = given.findLast((total) => total.day < state.from);
  return { country, last, first };
}

function showOfficial() {
  const { country, last, first } = officialTotal();
  const where = country ? ` in ${label("country", country)}` : "";
  if (!last || (first && first.day === last.day)) {
    say("official-number", "–");
    say("official-words", last ? `no total${where} was given for days within this view` : `no total${where} had been given by ${dayText(state.to)}`);
  } else if (first) {
    say("official-number", `${last.total - first.total}`);
    say("official-words", `more in the officials' total${where}: from ${RELATION[first.relation]}${first.total} as of ${dayText(first.day)} to ${RELATION[last.relation]}${last.total} as of ${dayText(last.day)}`);
  } else {
    say("official-number", `${RELATION[last.relation]}${last.total}`);
    const aside = country ? [] : DATA.official.aside.filter((total) => total.day >= last.day && total.day <= state.to);
    const also = aside.map((total) => `${RELATION[total.relation]}${total.total}${total.day === last.day ? "" : ` by ${dayText(total.day)}`}`);
    say("official-words", `officials' total${where} as of ${dayText(last.day)}${also.length ? `; also told, against their other totals: ${also.join(", ")}` : ""}`);
  }
  const narrowed = state.q || state.site.length || state.weapon.length || state.confirmation.length || state.harm.length || (state.country.length > 1 && state.country.length < DATA.options.country.length);
  byId("official-narrow").hidden = !narrowed;
}

function showCounts() {
  const n = current.chosen.length;
  say("count", n.toLocaleString("en-GB"));
  say("count-words", n === 1 ? "incident" : "incidents");
  say("count-of", `of ${INCIDENTS.length.toLocaleString("en-GB")} coded from public reports`);
  const us = current.chosen.filter((incident) => incident.confirmation === "us_official").length;
  say("confirmed", us.toLocaleString("en-GB"));
  say("confirmed-words", `confirmed by a US official${n ? ` (${Math.round((100 * us) / n)}%)` : ""}`);
  say("killed", `${sum("us_killed")} killed, ${sum("us_injured_best")} injured`);
  say("killed-words", `US and coalition personnel, where a source gives a number; partners and civilians: ${sum("partner_killed")} killed, ${sum("partner_injured")} injured`);
  byId("download").disabled = n === 0;
  showOfficial();
  say("status", `${number(n, "incident", "incidents")} selected, ${dayText(state.from)} to ${dayText(state.to)}.`);
}

/** The same as the pictures show, in words and as a table by week, for those who do not see them. */
function showWords() {
  const n = current.chosen.length;
  const days = new Set(current.chosen.map((incident) => incident.date)).size;
  const kinds = DATA.options.weapon.map((option) => [option.label, current.chosen.filter((i) => i.top_weapon === option.code).length]).filter(([, k]) => k).map(([name, k]) => `${name} ${k}`);
  byId("chart-timeline").setAttribute("aria-label", `Timeline: ${number(n, "incident", "incidents")} on ${number(days, "day", "days")}. By heaviest weapon: ${kinds.join(", ") || "none"}.`);
  const hurtOnes = current.chosen.filter((i) => i.harm === "killed" || i.harm === "injured");
  byId("chart-harm").setAttribute("aria-label", `People hurt, by incident: ${hurtOnes.map((i) => `${dayText(i.date)}, ${i.site_name}: ${harmText(i)}`).join(". ") || "none in this view"}.`);
  const bySite = DATA.options.site.map((site) => [site.label, current.chosen.filter((i) => i.site_id === site.code).length]).filter(([, k]) => k);
  byId("chart-map").setAttribute("aria-label", `Map of sites: ${bySite.map(([name, k]) => `${name} ${k}`).join(", ") || "none"}. The list of sites beside the map filters by site.`);
  if (byId("weeks").open) showWeeks();
}

function showWeeks() {
  const weeks = new Map();
  for (let day = DATA.all.from; day <= DATA.all.to; day = nextDay(day, 7)) weeks.set(day, []);
  const starts = [...weeks.keys()];
  for (const incident of current.chosen) {
    const start = starts.findLast((day) => day <= incident.date);
    if (start) weeks.get(start).push(incident);
  }
  const rows = starts.map((start) => {
    const inWeek = weeks.get(start);
    const kinds = DATA.options.weapon.map((o) => [o.label, inWeek.filter((i) => i.top_weapon === o.code).length]).filter(([, k]) => k);
    return element("tr", {}, element("th", { scope: "row" }, dayText(start)), element("td", { class: "number" }, String(inWeek.length)), element("td", {}, kinds.map(([name, k]) => `${name} ${k}`).join(", ") || "–"), element("td", { class: "number" }, String(inWeek.reduce((t, i) => t + (i.us_injured_best ?? 0), 0))));
  });
  byId("weeks-body").replaceChildren(...rows);
}

/** Show the state; the promise ends when the pictures show it too. */
function show() {
  current = evaluate(state);
  showFilters();
  showCounts();
  showWords();
  closeLeftOut();
  table.draw();
  return draw(current);
}

function closeLeftOut() {
  current.selected.forEach((selected, index) => { if (!selected && rowsOf[index].querySelector("button.open").getAttribute("aria-expanded") === "true") toggleRow(index, false); });
}

function change(part, { replace = false } = {}) {
  state = { ...state, ...part };
  if (state.from > state.to) state = { ...state, to: state.from };
  const address = writeAddress(state);
  const here = location.hash.slice(1);
  if (here !== address) history[replace ? "replaceState" : "pushState"](null, "", address ? `#${address}` : location.pathname + location.search);
  return show();
}

function toggle(list, code) {
  const chosen = new Set(state[list]);
  if (!chosen.delete(code)) chosen.add(code);
  return change({ [list]: DATA.options[list].map((option) => option.code).filter((known) => chosen.has(known)) });
}

function readHash() {
  const hash = decodeURIComponent(location.hash.slice(1));
  if (hash.startsWith("incident-")) {
    state = usual();
    const done = show();
    openIncident(hash.slice("incident-".length));
    return done;
  }
  if (hash.startsWith("source-")) {
    state = { ...everything(), q: hash.slice("source-".length) };
    return show();
  }
  state = readAddress(location.hash.slice(1));
  return show();
}

function csvOfSelection() {
  return DATA.csv[0] + DATA.csv.slice(1).filter((_, index) => current.selected[index]).join("");
}

function download() {
  const url = URL.createObjectURL(new Blob([csvOfSelection()], { type: "text/csv;charset=utf-8" }));
  const link = element("a", { href: url, download: "incidents.csv" });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

async function copyAddress() {
  let done = true;
  try { await navigator.clipboard.writeText(location.href); } catch { done = false; }
  say("status", done ? "The address of this view has been copied." : "Copy the address from the browser's address bar: it holds this view.");
  say("copied", done ? "Copied" : "Copy it from the address bar");
  setTimeout(() => say("copied", ""), 4000);
}

function listen() {
  byId("from").addEventListener("change", (event) => isDay(event.target.value) && change({ from: event.target.value }));
  byId("to").addEventListener("change", (event) => isDay(event.target.value) && change({ to: event.target.value, ...(event.target.value < state.from ? { from: event.target.value } : {}) }));
  byId("q").addEventListener("input", (event) => change({ q: event.target.value }, { replace: true }));
  for (const button of document.querySelectorAll("[data-reset]")) button.addEventListener("click", () => change(usual()));
  byId("all").addEventListener("click", () => change(everything()));
  byId("download").addEventListener("click", download);
  byId("copy").addEventListener("click", copyAddress);
  byId("weeks").addEventListener("toggle", showWords);
  window.addEventListener("hashchange", readHash);
  if (matchMedia("(max-width: 760px)").matches) byId("filters").open = false;
}

performance.mark("scripts");
buildFilters();
buildTable();
listen();
performance.mark("table");
readHash();
performance.mark("usable");
if (!window.vegaEmbed) await new Promise((done) => { addEventListener("vega", done, { once: true }); });
await drawn();
performance.mark("drawn");
document.documentElement.dataset.ready = "yes";
// What a test, or a reader at the console, may ask of the page.
window.explorer = { view: () => copy(state), ids: () => current.chosen.map((i) => i.incident_id), change, show, csv: csvOfSelection, address: () => writeAddress(state) };
