// The map of sites: circles by attacks selected, a ring for all, names where there is room, the gravest sites first.
const [WEST, SOUTH, EAST, NORTH] = DATA.extent;
const mercator = (latitude) => (Math.log(Math.tan(Math.PI / 4 + (latitude * Math.PI) / 360)) * 180) / Math.PI;
const killedAt = new Set(INCIDENTS.filter((incident) => incident.us_killed).map((incident) => incident.site_id));

function projection(width) {
  const scale = width / (EAST - WEST);
  const natural = scale * (mercator(NORTH) - mercator(SOUTH));
  const height = Math.round(Math.min(Math.max(natural, 250), 620));
  const top = (height - natural) / 2;
  return { width, height, at: (longitude, latitude) => [(longitude - WEST) * scale, top + (mercator(NORTH) - mercator(latitude)) * scale] };
}

const ringsOf = (shape) => (shape.type === "Polygon" ? shape.coordinates : shape.type === "MultiPolygon" ? shape.coordinates.flat() : []);
const outline = (p, feature) => ringsOf(feature.geometry).map((ring) => `M${ring.map(([x, y]) => p.at(x, y).map((n) => n.toFixed(1)).join(" ")).join("L")}z`).join("");
const inside = (p, spot) => spot.x0 > 2 && spot.x1 < p.width - 2 && spot.y0 > 2 && spot.y1 < p.height - 2;
const clear = (one, other) => one.x1 < other.x0 || one.x0 > other.x1 || one.y1 < other.y0 || one.y0 > other.y1;

/** Where a name may be written: beside its circle, then farther off with a line to it. */
function spots(x, y, r, long) {
  const found = [];
  for (const away of [4, 15, 28, 42, 58, 76]) {
    const d = r + away;
    for (const [dx, dy, anchor] of [[1, 0, "start"], [-1, 0, "end"], [0.8, -0.7, "start"], [0.8, 0.7, "start"], [-0.8, -0.7, "end"], [-0.8, 0.7, "end"], [0, -1, "middle"], [0, 1, "middle"]]) {
      const [tx, ty] = [x + dx * d, y + dy * (anchor === "middle" ? d + 5 : d)];
      const x0 = anchor === "start" ? tx : anchor === "end" ? tx - long : tx - long / 2;
      found.push({ x: tx, y: ty, anchor, away, x0: x0 - 2, x1: x0 + long + 2, y0: ty - 8, y1: ty + 8 });
    }
  }
  return found;
}

function names(p, circles) {
  const taken = circles.map(({ site, x, y, r }) => ({ site, x0: x - r, x1: x + r, y0: y - r, y1: y + r }));
  const order = circles.filter(({ site }) => site.precision < 3).sort((a, b) => killedAt.has(b.site.code) - killedAt.has(a.site.code) || b.site.n - a.site.n);
  const made = [];
  for (const { site, x, y, r } of order) {
    const free = spots(x, y, r, 6.6 * site.short.length).find((spot) => inside(p, spot) && taken.every((other) => other.site === site || clear(spot, other)));
    if (!free) continue;
    taken.push(free);
    if (free.away > 4) made.push(drawn("line", { class: "leader", x1: x, y1: y, x2: free.x, y2: free.y }));
    made.push(drawn("text", { class: "place", x: free.x, y: free.y + 4, "text-anchor": free.anchor }, site.short));
  }
  return [made, countryNames(p, taken)];
}

/** The names of the countries: where the reference file has them, or as near to it as leaves other words clear. */
function countryNames(p, taken) {
  const moves = [0, 26, 52, 78].flatMap((away) => [[0, 0], [0, 1], [0, -1], [1, 0], [-1, 0], [1, 1], [-1, -1], [1, -1], [-1, 1]].map(([dx, dy]) => [dx * away, dy * away]));
  return DATA.countries.map(({ name, longitude, latitude }) => {
    const [x, y] = p.at(longitude, latitude);
    const spots = moves.map(([dx, dy]) => ({ x: x + dx, y: y + dy, x0: x + dx - 4 * name.length, x1: x + dx + 4 * name.length, y0: y + dy - 9, y1: y + dy + 9 }));
    const free = spots.find((spot) => inside(p, spot) && taken.every((other) => clear(spot, other)));
    return free ? drawn("text", { class: "country-name", x: free.x, y: free.y + 4, "text-anchor": "middle" }, name) : "";
  });
}

function siteWords(site, n) {
  const seen = observatory(site.code).at(-1);
  return `${site.label}: ${number(n, "attack", "attacks")} selected, of ${site.n}.${seen ? `\nThe Syrian Observatory counted ${seen.total} here by ${dayText(seen.day)}.` : ""}`;
}

let mapWidth = 0;
function drawMap(resized) {
  const holder = document.getElementById("chart-map");
  if (resized || !mapWidth) mapWidth = Math.max(holder.clientWidth, 200);
  const p = projection(mapWidth);
  const largest = Math.max(1, ...DATA.options.site.map((site) => site.n));
  const radius = (n) => Math.min(Math.max(p.width / 26, 13), 28) * Math.sqrt(n / largest);
  const chosen = new Set(state.site);
  const circles = DATA.options.site.filter((site) => site.latitude != null).map((site) => {
    const [x, y] = p.at(site.longitude, site.latitude);
    const n = chosen.size && !chosen.has(site.code) ? 0 : current.counts.site.get(site.code) ?? 0;
    return { site, x, y, r: Math.max(2.5, radius(site.n)), n };
  });
  const marks = circles.map(({ site, x, y, r, n }) => {
    const words = siteWords(site, n);
    return drawn(
      "g", { class: "site", "data-site": site.code, onclick: () => toggle("site", site.code), onpointermove: (event) => showTip(words, event.clientX, event.clientY), onpointerleave: () => { tip.hidden = true; } },
      drawn("circle", { class: "ring", cx: x, cy: y, r }),
      n ? drawn("circle", { class: "area", cx: x, cy: y, r: Math.max(2.5, radius(n)), style: `fill:${colour(site.colour)}` }) : "",
    );
  });
  const land = DATA.borders.map((feature) => drawn("path", { class: "land", d: outline(p, feature) }));
  holder.replaceChildren(drawn("svg", { width: p.width, height: p.height, "aria-hidden": "true", focusable: "false" }, land, marks, names(p, circles)));
}
