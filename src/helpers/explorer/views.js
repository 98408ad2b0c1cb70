// The drawn views: what Vega is given, and what it hands back.
const SPECS = JSON.parse(document.getElementById("charts").textContent);
const views = {};
const colour = (name) => `var(--${name})`;
const moment = (day) => Date.parse(`${day}T00:00:00`);
const tipOf = (incident) =>
  `${dayText(incident.date)}, ${incident.site_name}: ${weaponText(incident)}. Who confirms: ${label("confirmation", incident.confirmation)}. People hurt: ${harmText(incident)}.`;

const LADDER = Object.keys(DATA.labels.weapon);
const rung = INCIDENTS.map((incident) => LADDER.indexOf(incident.top_weapon));

/** Incidents as squares stacked on their day, selected ones first and by weapon; the others grey. */
function squares(selected) {
  const height = new Map();
  const order = INCIDENTS.map((_, index) => index).sort((a, b) => Number(selected[b]) - Number(selected[a]) || rung[a] - rung[b] || a - b);
  return order.map((index) => {
    const incident = INCIDENTS[index];
    const low = height.get(incident.date) ?? 0;
    height.set(incident.date, low + 1);
    return {
      id: incident.incident_id, date: moment(incident.date), next: moment(nextDay(incident.date)), low, high: low + 1,
      colour: colour(selected[index] ? `weapon-${incident.top_weapon}` : "off"), tip: tipOf(incident),
    };
  });
}

function hurt(selected) {
  const injured = [];
  const killed = [];
  INCIDENTS.forEach((incident, index) => {
    const common = { id: incident.incident_id, date: moment(incident.date) + 43200000, tip: tipOf(incident) };
    const shade = (name) => colour(selected[index] ? name : "off");
    if (incident.us_injured_best) {
      injured.push({
        ...common, best: incident.us_injured_best, low: incident.us_injured_low ?? incident.us_injured_best,
        high: incident.us_injured_high ?? incident.us_injured_best, colour: shade("us"),
      });
    }
    if (incident.partner_injured) {
      injured.push({ ...common, best: incident.partner_injured, low: incident.partner_injured, high: incident.partner_injured, colour: shade("partner") });
    }
    const early = incident.date < nextDay(DATA.all.from, 20);
    for (const [n, name] of [[incident.us_killed, "us"], [incident.partner_killed, "partner"]]) {
      const left = name === "us" && !early;
      if (n) killed.push({ ...common, label: `${n} killed`, align: left ? "right" : "left", dx: left ? -8 : 8, colour: shade(name) });
    }
  });
  return { injured, killed };
}

function places(result, width) {
  const inView = result.counts.site;
  const unit = Math.max(16, Math.min(46, width / 18));
  const chosen = new Set(state.site);
  return DATA.options.site.filter((site) => site.latitude != null).map((site) => {
    const n = chosen.size && !chosen.has(site.code) ? 0 : inView.get(site.code) ?? 0;
    return {
      id: site.code, longitude: site.longitude, latitude: site.latitude, area: n * unit, ring: site.n * unit,
      colour: colour(site.colour), tip: `${site.label}: ${number(n, "incident", "incidents")} selected, of ${site.n}`,
    };
  });
}

/** Names beside the circles: the largest first, each where it covers no other name or circle, else left out. */
function names(width, height) {
  const { west, south, east, north } = DATA.extent;
  const scale = width / (((east - west) * Math.PI) / 180);
  const y = (latitude) => Math.log(Math.tan(Math.PI / 4 + (latitude * Math.PI) / 360)) * scale;
  const at = (site) => [((site.longitude - west) * Math.PI * scale) / 180, y((south + north) / 2) - y(site.latitude) + height / 2];
  const unit = Math.max(16, Math.min(46, width / 18));
  const sites = DATA.options.site.filter((site) => site.latitude != null && site.precision < 3).sort((a, b) => b.n - a.n);
  const boxes = sites.map((site) => {
    const [cx, cy] = at(site);
    const r = Math.sqrt((site.n * unit) / Math.PI);
    return { site, x0: cx - r, x1: cx + r, y0: cy - r, y1: cy + r };
  });
  const placed = [];
  const written = [];
  for (const { site } of boxes) {
    const [cx, cy] = at(site);
    const r = Math.sqrt((site.n * unit) / Math.PI) + 5;
    const long = site.short.length * 6.4;
    const options = [
      { dx: r, dy: 0, align: "left", x0: cx + r, x1: cx + r + long, y: cy },
      { dx: -r, dy: 0, align: "right", x0: cx - r - long, x1: cx - r, y: cy },
      { dx: 0, dy: -r - 6, align: "center", x0: cx - long / 2, x1: cx + long / 2, y: cy - r - 6 },
      { dx: 0, dy: r + 7, align: "center", x0: cx - long / 2, x1: cx + long / 2, y: cy + r + 7 },
    ];
    const free = options.find((option) => {
      const box = { x0: option.x0, x1: option.x1, y0: option.y - 8, y1: option.y + 8 };
      const clear = (other) => box.x1 < other.x0 || box.x0 > other.x1 || box.y1 < other.y0 || box.y0 > other.y1;
      return box.x0 > 2 && box.x1 < width - 2 && placed.every(clear) && boxes.every((other) => other.site === site || clear(other));
    });
    if (!free) continue;
    placed.push({ x0: free.x0, x1: free.x1, y0: free.y - 8, y1: free.y + 8 });
    written.push({ longitude: site.longitude, latitude: site.latitude, dx: free.dx, dy: free.dy, align: free.align, label: site.short });
  }
  return written;
}

/** Draw one view for the first time, with its first data, so that its scales start from what is there. */
async function embed(name, datasets, prepare) {
  const holder = document.getElementById(`chart-${name}`);
  const spec = { ...SPECS[name], datasets };
  if (prepare) for (const parameter of spec.params) if (parameter.name in prepare) parameter.value = prepare[parameter.name];
  const result = await vegaEmbed(holder, spec, {
    ast: true, renderer: "svg", actions: false, tooltip: { theme: "custom", disableDefaultStyle: true },
  });
  views[name] = result.view;
  for (const svg of holder.querySelectorAll("svg")) svg.setAttribute("aria-hidden", "true");
}

/** Draw all views for the first time. */
async function drawn() {
  const { injured, killed } = hurt(current.selected);
  const band = [{ date: moment(DATA.pause.start), end: moment(DATA.pause.end), label: "pause" }];
  const span = { spanStart: moment(DATA.all.from), spanEnd: moment(nextDay(DATA.all.to)), top: 1.5 + Math.max(0, ...squares(current.selected).map((square) => square.high)) };
  const strikes = DATA.responses
    .filter((strike) => strike.date >= DATA.all.from && strike.date <= DATA.all.to)
    .map((strike) => ({ date: moment(strike.date) + 43200000, tip: `${dayText(strike.date)}: ${strike.place ?? ""}` }));
  const most = Math.max(4, ...injured.map((bar) => bar.high));
  await embed("timeline", { band, incidents: squares(current.selected), responses: strikes }, span);
  await embed("harm", { band, injured, killed }, { ...span, top: 1.12 * most });
  const width = document.getElementById("chart-map").clientWidth;
  await embed("map", { borders: DATA.borders.features, countries: DATA.countryNames, sites: places(current, width), names: [] });
  const open = (_, item) => item?.datum?.id && PLACE.has(item.datum.id) && openIncident(item.datum.id);
  views.timeline.addEventListener("click", open);
  views.harm.addEventListener("click", open);
  views.map.addEventListener("click", (_, item) => item?.datum?.area !== undefined && toggle("site", item.datum.id));
  views.timeline.addSignalListener("brush", brushed);
  views.map.addSignalListener("width", () => draw(current));
  return draw(current);
}

/** Draw a result in all views; the promise ends when the pictures show it. */
function draw(result) {
  if (!views.timeline || !views.harm || !views.map) return Promise.resolve();
  const { injured, killed } = hurt(result.selected);
  const width = views.map.width();
  views.timeline.data("incidents", squares(result.selected));
  views.harm.data("injured", injured).data("killed", killed);
  views.map.data("sites", places(result, width)).data("names", names(width, views.map.height()));
  return Promise.all([views.timeline.runAsync(), views.harm.runAsync(), views.map.runAsync()]).then(showBrush);
}

// The brush: a drag on the timeline sets the days; days set elsewhere move the brush.
let brushing = 0;
let quiet = false;
function brushed(_, value) {
  if (quiet) return;
  clearTimeout(brushing);
  brushing = setTimeout(() => {
    const days = Object.values(value ?? {})[0];
    if (!days) return change({ from: DATA.usual.from, to: DATA.usual.to });
    const local = (time) => {
      const d = new Date(time);
      return `${d.getFullYear()}-${String(d.getMonth() + 1).padStart(2, "0")}-${String(d.getDate()).padStart(2, "0")}`;
    };
    const from = local(Number(days[0]));
    const to = local(Math.max(Number(days[0]), Number(days[1]) - 1));
    change({ from, to });
  }, 60);
}

function showBrush() {
  const view = views.timeline;
  const scale = view.scale("x");
  const whole = state.from <= DATA.usual.from && state.to >= DATA.usual.to;
  const pixels = whole ? [] : [scale(moment(state.from)), scale(moment(nextDay(state.to)))];
  const now = view.signal("brush_x");
  if (now.length === pixels.length && now.every((x, i) => Math.abs(x - pixels[i]) < 0.5)) return undefined;
  quiet = true;
  return view.signal("brush_x", pixels).runAsync().then(() => { quiet = false; });
}
