// The drawn views: three charts over one axis of time, and the map. Each is drawn anew from the state; a column of time
// answers to the pointer and, as a slider whose value is read out, to the keyboard.
const colour = (name) => `var(--${name})`;
const FIRST = dayNumber(DATA.all.from);
const LAST = dayNumber(DATA.all.to);
const PAUSE = [dayNumber(DATA.pause.start), dayNumber(DATA.pause.end)];
const LADDER = Object.keys(DATA.labels.weapon);
const MARGIN = { left: 34, right: 8, top: 16, bottom: 20 };
let chosenStep = 0;

/** The columns of time at a width: days, weeks that begin with the pause's weekday, or four weeks. */
function columnsAt(width) {
  const step = chosenStep || ([1, 7].find((days) => ((LAST - FIRST + 1) / days) * 3.5 <= width) ?? 28);
  const first = step === 1 ? FIRST : FIRST - ((((FIRST - PAUSE[0]) % step) + step) % step);
  const size = Math.ceil((LAST + 1 - first) / step);
  const of = (day) => Math.floor((dayNumber(day) - first) / step);
  const days = (column) => [dayOf(Math.max(first + column * step, FIRST)), dayOf(Math.min(first + (column + 1) * step - 1, LAST))];
  return { step, first, size, of, days };
}

/** Where each attack is drawn: its column and its level there, by weapon; the same whatever is selected. */
const layouts = new Map();
function layoutOf(columns) {
  const known = layouts.get(columns.step);
  if (known) return known;
  const at = Array.from({ length: columns.size }, () => []);
  for (const incident of INCIDENTS) at[columns.of(incident.date)].push(incident);
  for (const column of at) column.sort((a, b) => LADDER.indexOf(a.top_weapon) - LADDER.indexOf(b.top_weapon) || a.index - b.index);
  const made = { at, top: Math.max(4, ...at.map((column) => column.length)) + 0.5 };
  layouts.set(columns.step, made);
  return made;
}

function ticksTo(top) {
  const step = [1, 2, 5].flatMap((n) => [n, 10 * n, 100 * n, 1000 * n]).sort((a, b) => a - b).find((n) => top / n <= 4.5) ?? top;
  return Array.from({ length: Math.floor(top / step) + 1 }, (_, n) => n * step);
}

function axes(s) {
  const marks = ticksTo(s.top).flatMap((value) => [
    drawn("line", { class: "grid", x1: MARGIN.left, x2: s.width - MARGIN.right, y1: s.y(value), y2: s.y(value) }),
    drawn("text", { x: MARGIN.left - 6, y: s.y(value) + 4, "text-anchor": "end" }, counted(value)),
  ]);
  const month = (s.x(FIRST + 30) - s.x(FIRST)) || 1;
  const every = Math.max(1, Math.ceil((month > 120 ? 100 : 36) / month));
  let [year, at] = DATA.all.from.split("-").map(Number);
  for (;; at += 1) {
    if (at > 12) [year, at] = [year + 1, 1];
    const day = dayNumber(`${year}-${String(at).padStart(2, "0")}-01`);
    if (day > LAST) break;
    if ((at - 1) % every) continue;
    const x = s.x(Math.max(day, s.first));
    const name = month > 120 ? `${MONTHS[at - 1]} ${year}` : `${MONTHS[at - 1].slice(0, 3)}${at === 1 && every > 1 ? ` ${year}` : ""}`;
    if (x + 6.3 * name.length > s.width) break;
    marks.push(drawn("line", { class: "tick", x1: x, x2: x, y1: s.y(0), y2: s.y(0) + 5 }), drawn("text", { x: x + 3, y: s.height - 5 }, name));
  }
  return marks;
}

function band(s) {
  const [from, to] = PAUSE.map((day) => Math.min(Math.max(day, FIRST), LAST + 1));
  if (from >= to) return [];
  return [drawn("rect", { class: "band", x: s.x(from), width: s.x(to) - s.x(from), y: 0, height: s.y(0) }), drawn("text", { class: "band-name", x: s.x(from) + 3, y: 21 }, "pause")];
}

/** The days picked, framed, where they are not the usual ones. */
function picked(s) {
  const from = Math.max(dayNumber(state.from), FIRST);
  const to = Math.min(dayNumber(state.to) + 1, LAST + 1);
  if ((state.from <= DATA.usual.from && state.to >= DATA.usual.to) || from >= to) return [];
  return [drawn("rect", { class: "picked", x: s.x(from), width: s.x(to) - s.x(from), y: 1, height: s.y(0) - 1 })];
}

const box = (x, width, y0, y1) => `M${x.toFixed(1)} ${y0.toFixed(1)}h${width.toFixed(1)}V${y1.toFixed(1)}h${(-width).toFixed(1)}z`;

const tip = document.getElementById("tip");
function showTip(text, x, y) {
  tip.hidden = !text;
  if (tip.textContent !== text) tip.textContent = text;
  const { width, height } = tip.getBoundingClientRect();
  tip.style.left = `${Math.max(4, Math.min(x + 14, innerWidth - width - 8))}px`;
  tip.style.top = `${y + 18 + height > innerHeight ? Math.max(4, y - height - 12) : y + 18}px`;
}

/**
 * A chart over time in `#chart-NAME`. `top(columns)` is the highest value, `marks(s)` what is drawn, `words(column, value,
 * columns)` what is said of a column (or of what stands at `value` in it), `press(column, value, columns)` what a press does.
 */
function timeChart(name, height, { top, marks, words, press }) {
  const holder = document.getElementById(`chart-${name}`);
  const cursor = drawn("rect", { class: "cursor", y: 0, visibility: "hidden" });
  let s = null;
  let at = 0;
  let width = 0;
  let start = null;
  let touched = null;

  function draw(resized) {
    if (resized || !width) width = Math.max(holder.clientWidth, 120);
    const columns = columnsAt(width);
    const most = top(columns);
    const inner = width - MARGIN.left - MARGIN.right;
    const x = (day) => MARGIN.left + ((day - columns.first) / (columns.size * columns.step)) * inner;
    const y = (value) => MARGIN.top + (1 - value / most) * (height - MARGIN.top - MARGIN.bottom);
    s = { ...columns, width, height, top: most, x, y, columns, wide: inner / columns.size };
    s.left = (column) => MARGIN.left + column * s.wide;
    at = Math.min(at, columns.size - 1);
    holder.replaceChildren(drawn("svg", { width, height, "aria-hidden": "true", focusable: "false" }, band(s), axes(s), marks(s), picked(s), cursor));
    holder.setAttribute("aria-valuemin", 0);
    holder.setAttribute("aria-valuemax", columns.size - 1);
    point(at);
  }

  /** Put the cursor on columns `from` to `to`; a chart that is not in use keeps it unseen. */
  function point(from, to = from) {
    at = to;
    const [low, high] = [Math.min(from, to), Math.max(from, to)];
    for (const [key, value] of Object.entries({ x: s.left(low), width: Math.max(2, s.wide * (high - low + 1)), height: s.y(0) })) cursor.setAttribute(key, value);
    holder.setAttribute("aria-valuenow", at);
    holder.setAttribute("aria-valuetext", words(at, null, s.columns));
  }

  function place(event) {
    const bounds = holder.getBoundingClientRect();
    const column = Math.floor((event.clientX - bounds.left - MARGIN.left) / s.wide);
    const share = (event.clientY - bounds.top - MARGIN.top) / (height - MARGIN.top - MARGIN.bottom);
    return { column: Math.max(0, Math.min(s.size - 1, column)), value: (1 - share) * s.top };
  }

  function hide() {
    cursor.setAttribute("visibility", "hidden");
    tip.hidden = true;
    start = null;
  }

  function pick(from, to) {
    change({ from: s.days(Math.min(from, to))[0], to: s.days(Math.max(from, to))[1] });
  }

  holder.addEventListener("pointerdown", (event) => { if (event.button === 0) start = { ...place(event), x: event.clientX, touch: event.pointerType === "touch" }; });
  holder.addEventListener("pointermove", (event) => {
    const { column, value } = place(event);
    const dragged = start && !start.touch && Math.abs(event.clientX - start.x) > 5;
    if (dragged && !start.dragged) { start.dragged = true; holder.setPointerCapture(event.pointerId); }
    point(start?.dragged ? start.column : column, column);
    cursor.setAttribute("visibility", "visible");
    const [low, high] = start?.dragged ? [start.column, column].sort((a, b) => a - b) : [];
    showTip(start?.dragged ? spanText(s.days(low)[0], s.days(high)[1]) : words(column, value, s.columns), event.clientX, event.clientY);
  });
  holder.addEventListener("pointerup", (event) => {
    if (!start) return;
    const { column, value } = place(event);
    const was = start;
    start = null;
    if (was.dragged) return pick(was.column, column);
    // A finger's first press shows what is there, its second opens it.
    const here = `${column} ${Math.floor(value)}`;
    if (was.touch && touched !== here) {
      touched = here;
      point(column);
      cursor.setAttribute("visibility", "visible");
      return showTip(words(column, value, s.columns), event.clientX, event.clientY);
    }
    hide();
    return press?.(column, value, s.columns);
  });
  holder.addEventListener("pointerleave", (event) => { if (event.pointerType !== "touch") hide(); });
  holder.addEventListener("pointercancel", hide);
  holder.addEventListener("blur", hide);
  holder.addEventListener("keydown", (event) => {
    const moves = { ArrowRight: at + 1, ArrowUp: at + 1, ArrowLeft: at - 1, ArrowDown: at - 1, PageUp: at + 7, PageDown: at - 7, Home: 0, End: s.size - 1 };
    if (event.key === "Escape") return hide();
    if (event.key === "Enter") return pick(at, at);
    if (!(event.key in moves)) return undefined;
    event.preventDefault();
    point(Math.max(0, Math.min(s.size - 1, moves[event.key])));
    cursor.setAttribute("visibility", "visible");
    const bounds = holder.getBoundingClientRect();
    return showTip(words(at, null, s.columns), bounds.left + s.left(at) + s.wide, bounds.top + 20);
  });
  draw.width = () => width;
  return draw;
}

// What is said of a column and of an attack
function attackWords(incident) {
  const two = weaponsOf(incident).length > 1 ? " (coloured by the heaviest)" : "";
  return `${dayText(incident.date)}, ${incident.site_name}: ${weaponText(incident)}${two}. Confirmed by: ${label("confirmation", incident.confirmation)}. People hurt: ${harmText(incident)}.${current.selected[incident.index] ? "" : " Outside the selection."}`;
}
function strikeWords(strike) {
  const killed = strike.killed_high ? `; killed, by reports: ${ranged(strike.killed_low, strike.killed_low, strike.killed_high)}${strike.killed_side ? ` (${plain(strike.killed_side)})` : ""}` : "";
  const sources = parts(strike.sources);
  const outlet = SOURCES.get(sources[0])?.outlet;
  return `US strike, ${dayText(strike.date)}, ${strike.place ?? label("country", strike.country)}: ${strike.target ?? "target not said"}${killed}. ${number(sources.length, "source", "sources")}${outlet ? `, such as ${outlet}` : ""}.`;
}
const strikesIn = (column, columns) => STRIKES.filter((strike) => strike.date >= DATA.all.from && strike.date <= DATA.all.to && columns.of(strike.date) === column);

function timelineWords(column, value, columns) {
  const here = layoutOf(columns).at[column];
  const one = value === null ? undefined : here[Math.floor(value)];
  if (one && value >= 0) return attackWords(one);
  const selected = here.filter((incident) => current.selected[incident.index]);
  const first = `${spanText(...columns.days(column))}: ${number(selected.length, "attack", "attacks")}${selected.length < here.length ? ` selected of ${here.length}` : ""}.`;
  const listedOnes = selected.slice(0, 5).map((i) => `${i.site_name}: ${weaponText(i)}${i.harm === "killed" || i.harm === "injured" ? ` (${harmShort(i)})` : ""}.`);
  const more = selected.length > 5 ? [`And ${selected.length - 5} more.`] : [];
  return [first, ...listedOnes, ...more, ...strikesIn(column, columns).map(strikeWords)].join("\n");
}

const drawTimeline = timeChart("timeline", 216, {
  top: (columns) => layoutOf(columns).top,
  marks: (s) => {
    const shapes = new Map();
    const gap = s.wide > 5 ? 0.8 : 0.3;
    layoutOf(s.columns).at.forEach((incidents, column) => incidents.forEach((incident, level) => {
      const name = current.selected[incident.index] ? `weapon-${incident.top_weapon}` : "off";
      if (!shapes.has(name)) shapes.set(name, []);
      shapes.get(name).push(box(s.left(column) + gap / 2, Math.max(0.6, s.wide - gap), s.y(level + 1) + gap / 2, s.y(level)));
    }));
    const squares = [...shapes].map(([name, paths]) => drawn("path", { class: "squares", "data-name": name, d: paths.join(""), style: `fill:${colour(name)}` }));
    const strikes = STRIKES.filter((strike) => strike.date >= DATA.all.from && strike.date <= DATA.all.to).map((strike) => {
      const x = s.x(dayNumber(strike.date) + 0.5);
      return drawn("path", { class: "strike", d: `M${x - 4} 1h8l-4 7z` });
    });
    return [squares, strikes];
  },
  words: timelineWords,
  press: (column, value, columns) => {
    const incident = layoutOf(columns).at[column][Math.floor(value)];
    if (incident && value >= 0) openIncident(incident.incident_id);
  },
});

// People hurt: killed below, injured above, on one scale
const HURT = [["us_killed", "us-killed"], ["us_injured_best", "us-injured"], ["partner_killed", "partner-killed"], ["partner_injured", "partner-injured"]];
const hurtOf = (incident) => HURT.reduce((sum, [key]) => sum + (incident[key] ?? 0), 0);
const hurtIn = (column, columns) => layoutOf(columns).at[column].filter((incident) => incident.harm === "killed" || incident.harm === "injured");

const drawHarm = timeChart("harm", 176, {
  top: (columns) => 1.12 * Math.max(4, ...layoutOf(columns).at.map((_, column) => hurtIn(column, columns).reduce((sum, i) => sum + Math.max(hurtOf(i), hurtOf(i) - (i.us_injured_best ?? 0) + (i.us_injured_high ?? 0)), 0))),
  marks: (s) => {
    const shapes = new Map();
    const made = [];
    const wide = Math.min(16, Math.max(3, s.wide - 1));
    for (let column = 0; column < s.size; column += 1) {
      const x = s.left(column) + (s.wide - wide) / 2;
      let level = 0;
      for (const [key, name] of HURT) {
        for (const incident of hurtIn(column, s.columns)) {
          const n = incident[key] ?? 0;
          if (!n) continue;
          const shade = current.selected[incident.index] ? name : "off";
          if (!shapes.has(shade)) shapes.set(shade, []);
          shapes.get(shade).push(box(x, wide, s.y(level + n), s.y(level)));
          if (key === "us_injured_best" && incident.us_injured_low !== incident.us_injured_high) made.push(drawn("line", { class: shade === "off" ? "range-off" : "range", x1: x + wide / 2, x2: x + wide / 2, y1: s.y(level + incident.us_injured_low), y2: s.y(level + incident.us_injured_high) }));
          level += n;
        }
      }
      const killed = hurtIn(column, s.columns).filter((i) => current.selected[i.index]).reduce((sum, i) => sum + (i.us_killed ?? 0) + (i.partner_killed ?? 0), 0);
      const right = x > s.width - 60;
      if (killed) made.push(drawn("text", { class: "strong-text", x: right ? x + wide : x, y: s.y(level) - 5, "text-anchor": right ? "end" : "start" }, `${killed} killed`));
    }
    return [[...shapes].map(([name, paths]) => drawn("path", { "data-name": name, d: paths.join(""), style: `fill:${colour(name)}` })), made];
  },
  words: (column, _, columns) => {
    const here = hurtIn(column, columns);
    return [`${spanText(...columns.days(column))}: ${here.length ? number(here.length, "attack", "attacks") + " in which people were killed or injured." : "no one killed or injured, as far as reports say."}`, ...here.map(attackWords)].join("\n");
  },
  press: (column, _, columns) => {
    const worst = hurtIn(column, columns).sort((a, b) => hurtOf(b) - hurtOf(a))[0];
    if (worst) openIncident(worst.incident_id);
  },
});

// Who counted how many: running totals
const lastOf = (points, day) => points.findLast((point) => point.day <= day);
function runningOf(incidents) {
  const points = [];
  for (const incident of incidents) {
    if (points.at(-1)?.day === incident.date) points.at(-1).total += 1;
    else points.push({ day: incident.date, total: (points.at(-1)?.total ?? 0) + 1 });
  }
  return points;
}
const scopeOf = () => (state.country.length === 1 ? state.country[0] : "");
const observatory = (site = "") => (DATA.counters.observatory ?? []).filter((point) => point.site === site && point.day <= DATA.all.to);

/** The lines: name, class, points, and whether a line is stepped (each attack known) or joins statements. */
function linesOf() {
  const scope = scopeOf();
  const where = scope ? ` in ${label("country", scope)}` : "";
  const inScope = (code) => INCIDENTS.filter((incident) => !code || incident.country === code);
  const seen = observatory();
  const lines = [{ name: `US officials’ totals${where}`, kind: "officials", points: DATA.counters.officials.filter((point) => point.country === scope && point.day <= DATA.all.to) }];
  if (seen.length && (!scope || scope === "SY")) {
    lines.push({ name: "Syrian Observatory, Syria alone", kind: "observatory", points: seen });
    if (!scope) lines.push({ name: "this record, Syria alone", kind: "record-part", points: runningOf(inScope("SY")) });
  }
  lines.push({ name: `this record${where}`, kind: "record", points: runningOf(inScope(scope)) });
  if (narrowed()) lines.push({ name: "the selection, all its filters applied", kind: "selection", points: runningOf(current.chosen) });
  return lines.filter((line) => line.points.length);
}

const drawCounters = timeChart("counters", 216, {
  top: () => 1.08 * Math.max(4, ...linesOf().map((line) => line.points.at(-1).total)),
  marks: (s) => linesOf().map((line) => {
    const x = (point) => s.x(dayNumber(point.day) + 1).toFixed(1);
    const joined = line.kind === "officials" || line.kind === "observatory";
    const path = joined
      ? `M${line.points.map((point) => `${x(point)} ${s.y(point.total).toFixed(1)}`).join("L")}`
      : `M${s.x(FIRST)} ${s.y(0)}${line.points.map((point) => `H${x(point)}V${s.y(point.total).toFixed(1)}`).join("")}H${s.x(LAST + 1)}`;
    const dots = joined ? line.points.map((point) => drawn("circle", { class: `dot-${line.kind}`, cx: x(point), cy: s.y(point.total), r: 2.4 })) : [];
    return [drawn("path", { class: `line line-${line.kind}`, d: path }), dots];
  }),
  words: (column, _, columns) => {
    const day = columns.days(column)[1];
    return [`By ${dayText(day)}:`, ...linesOf().map((line) => {
      const last = lastOf(line.points, day);
      const since = last && last.day !== day && (line.kind === "officials" || line.kind === "observatory") ? ` (as of ${dayText(last.day)})` : "";
      return `${line.name}: ${last ? `${last.words ?? ""}${last.total}${since}` : "none yet"}`;
    })].join("\n");
  },
});

function showLegend() {
  const day = DATA.all.to;
  document.getElementById("counters-legend").replaceChildren(...linesOf().map((line) => {
    const last = lastOf(line.points, day);
    return element("span", {}, element("i", { class: `key line-${line.kind}` }), `${line.name}: ${last.words ?? ""}${counted(last.total)}${line.kind === "officials" || line.kind === "observatory" ? ` by ${dayText(last.day)}` : ""}`);
  }));
}
