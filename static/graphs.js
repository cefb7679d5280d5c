// A server's use over time: four graphs with one cursor, drawn by uPlot from /vps/<id>/history/<timeframe>/.

const area = document.getElementById("graphs");
const note = document.getElementById("graphs-note");
const foot = document.getElementById("graphs-foot");
const span = document.getElementById("graphs-when");

// A canvas knows no variables: what one comes to is known once something has that colour. Opaque, or as a faint fill.
function colour(name, percent = 100) {
  area.style.color = `color-mix(in srgb, var(--${name}) ${percent}%, transparent)`;
  const found = getComputedStyle(area).color;
  area.style.color = "";
  return found;
}

// What is used now has been used too.
function peak(values) {
  const known = values.filter((value) => value !== null && value !== undefined);
  return known.length ? Math.max(...known) : null;
}

// A label there would be cut, or stand on that of the other axis.
const AXIS_WIDTH = 68;
function isAtAnEdge(moment, { scales: { x }, width }) {
  const left = ((moment - x.min) / (x.max - x.min)) * (width - AXIS_WIDTH);
  return left < 20 || left > width - AXIS_WIDTH - 20;
}

function standingAlone(values) {
  const isKnown = (at) => values[at] !== null && values[at] !== undefined;
  return [...values.keys()].filter((at) => isKnown(at) && !isKnown(at - 1) && !isKnown(at + 1));
}

// One card: its plot, what is written of it, and the value under the cursor.
class Graph {
  constructor(card) {
    this.card = card;
    this.kind = card.dataset.kind;
    this.plot = card.querySelector(".plot");
    this.reading = card.querySelector(".reading");
    this.series = [...card.querySelectorAll(".key")].map(({ dataset }) => dataset);
    const point = ({ clientX }) => show(this.drawn?.posToIdx(clientX - this.drawn.over.getBoundingClientRect().left));
    this.plot.addEventListener("pointermove", point);
    this.plot.addEventListener("pointerdown", point);
    this.plot.addEventListener("pointerleave", ({ pointerType }) => pointerType === "mouse" && show(null));
    this.plot.addEventListener("focus", () => show(cursor ?? shown.points.length - 1));
    this.plot.addEventListener("blur", () => show(null));
    this.plot.addEventListener("keydown", (event) => move(event));
  }

  valuesOf = (name) => shown.points.map((point) => point[name]);

  draw() {
    this.drawn?.destroy();
    this.drawn = null;
    const values = this.series.map(({ name }) => this.valuesOf(name));
    const known = values.flat().filter((value) => value !== null);
    this.card.hidden = !known.length;
    if (!known.length) return;
    const totals = this.kind === "size" ? this.valuesOf("ram_total") : [];
    const [splits, labels] = scale(this.kind, peak([this.kind === "size" ? Number(words.total) : 0, ...known, ...totals]));
    this.drawn = new uPlot(this.options(splits, labels), [shown.points.map(({ time }) => time), ...values], this.plot);
    this.sum(values);
  }

  options(splits, labels) {
    const { axis: format, incrs } = TIMES[shown.timeframe];
    const axis = { stroke: colour("secondary"), font: `12px ${getComputedStyle(area).fontFamily}`, ticks: { show: false } };
    const across = { show: true, stroke: colour("border"), width: 1 };
    // Nothing leads to what stands alone between two gaps, so that is a dot.
    const alone = this.series.map(({ name }) => standingAlone(this.valuesOf(name)));
    const strokes = [colour("chart-a"), colour("chart-b")];
    const lines = this.series.map((_, at) => ({ stroke: strokes[at], width: 1.5, dash: at ? [5, 4] : [], fill: at ? undefined : colour("chart-a", 11), points: { show: true, size: 5, fill: strokes[at], filter: () => alone[at] } }));
    const nobody = Object.fromEntries(["mousedown", "mouseup", "click", "dblclick", "mousemove", "mouseleave", "mouseenter"].map((name) => [name, () => null]));
    return {
      width: this.plot.clientWidth,
      height: this.plot.clientHeight,
      padding: [8, 0, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, bind: nobody, points: { size: 9, width: 2, stroke: colour("surface"), fill: (_, at) => strokes[at - 1] } },
      scales: { y: { range: [0, splits.at(-1)] } },
      axes: [
        { ...axis, size: 28, space: 64, incrs, grid: { show: false }, values: (graph, moments) => moments.map((moment) => isAtAnEdge(moment, graph) ? "" : inTime(moment, format)) },
        { ...axis, size: AXIS_WIDTH, gap: 8, grid: across, splits: () => splits, values: () => labels },
      ],
      series: [{}, ...lines],
    };
  }

  // Now and the peak, of two series in the order of the legend, and the unit once where it is one.
  sum(values) {
    const together = (figures) => {
      const parts = figures.map((value) => written(this.kind, value).split(/ (?=[^ ]*$)/));
      const isOne = parts.every(([, unit]) => unit === parts[0][1]);
      return parts.map(([figure, unit], at) => (unit && (!isOne || at === parts.length - 1) ? `${figure} ${unit}` : figure)).join(" / ");
    };
    const bold = document.createElement("b");
    bold.textContent = shown.now ? together(this.series.map(({ name }) => shown.now[name])) : "";
    const peaks = together(values.map((line, at) => peak([...line, shown.now?.[this.series[at].name]])));
    this.card.querySelector(".graph-sums").replaceChildren(...(shown.now ? [`${words.now} `, bold, " · "] : []), `${words.peak} ${peaks}`);
  }

  // What stands under the cursor; without one the strip of a phone has what was measured last.
  show() {
    if (!this.drawn) return;
    const at = cursor ?? shown.points.length - 1;
    const left = this.drawn.valToPos(shown.points[at].time, "x");
    this.drawn.setCursor(cursor === null ? { left: -10, top: -10 } : { left, top: 0 }, false);
    const time = document.createElement("span");
    time.textContent = inTime(shown.points[at].time, TIMES[shown.timeframe].cursor);
    const lines = this.series.map(({ name, label }) => Object.assign(document.createElement("b"), { textContent: `${label} ${written(this.kind, shown.points[at][name])}` }));
    this.reading.replaceChildren(time, ...lines);
    this.reading.classList.toggle("shown", cursor !== null);
    const edge = this.drawn.over.offsetLeft + left;
    const room = edge - this.reading.offsetWidth - 10;
    this.reading.style.left = `${room > 0 ? room : edge + 10}px`;
    const said = { valuemax: shown.points.length - 1, valuenow: at, valuetext: [time, ...lines].map(({ textContent }) => textContent).join(", ") };
    for (const [name, value] of Object.entries(said)) this.plot.setAttribute(`aria-${name}`, value);
  }
}

let timeframe = words.range;
let shown = { points: [] };
let cursor = null;
const graphs = [...area.querySelectorAll(".graph")].map((card) => new Graph(card));

function show(index) {
  if (!shown.points.length || index === undefined) return;
  cursor = index === null ? null : Math.max(0, Math.min(index, shown.points.length - 1));
  graphs.forEach((graph) => graph.show());
}

const MOVES = { ArrowLeft: -1, ArrowRight: 1, ArrowDown: -1, ArrowUp: 1, PageDown: -10, PageUp: 10, Home: -Infinity, End: Infinity };
function move(event) {
  if (!(event.key in MOVES) || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  show((cursor ?? shown.points.length - 1) + MOVES[event.key]);
}

function draw() {
  graphs.forEach((graph) => graph.draw());
  show(cursor);
}

// When it is from, and how old it is.
const age = document.getElementById("graphs-age");
const ageOf = ({ age_s, came_at }) => age_s + (performance.now() - came_at) / 1000;
function tellAge() {
  if (!shown.points.length) return;
  const seconds = Math.round(ageOf(shown));
  const [pattern, count] = seconds < 90 ? [words.ageS, seconds] : [words.ageMin, Math.round(seconds / 60)];
  age.textContent = ` · ${pattern.replace("{}", number(count, 0))}`;
}
function tellSpan() {
  const [first, last] = [shown.points[0].time * 1000, shown.points.at(-1).time * 1000];
  const format = new Intl.DateTimeFormat(language, TIMES[shown.timeframe].span);
  document.getElementById("graphs-span").textContent = format.formatRange(first, last);
  document.getElementById("graphs-mean").textContent = shown.mean;
  tellAge();
}

// Until the first answer has come the page says what the server knew; what was drawn stays until there is another.
let again;
async function load() {
  clearTimeout(again);
  if (document.hidden) return;
  const asked = timeframe;
  const answer = await fetch(words.address.replace("/hour/", `/${asked}/`)).catch(() => null);
  if (answer?.redirected) return location.reload();
  if (answer?.status === 404) return;
  const found = answer?.ok ? await answer.json() : { state: "failed" };
  if (asked !== timeframe) return;
  note.textContent = { pending: words.waiting, unavailable: words.unavailable, failed: words.failed }[found.state] || "";
  again = setTimeout(load, found.state === "pending" || found.age_s > 60 ? 1500 : 30000);
  for (const part of [area, foot, span]) part.hidden = found.state === "unavailable";
  if (found.state === "ready") put(found, asked);
}
function put(found, asked) {
  const moment = cursor === null ? null : shown.points[cursor].time;
  const at = moment === null ? -1 : found.points.findLastIndex(({ time }) => time <= moment);
  cursor = at === -1 ? null : at;
  shown = { ...found, timeframe: asked, came_at: performance.now() };
  draw();
  tellSpan();
}

// The switch leads to addresses, and changes what is drawn without leaving the page.
function change(to) {
  timeframe = to;
  cursor = null;
  for (const link of document.querySelectorAll("a[data-range]")) {
    if (link.dataset.range === to) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
  for (const link of document.querySelectorAll("[data-follows]")) link.search = link.search.replace(/range=\w+/, `range=${to}`);
  load();
}
for (const link of document.querySelectorAll("a[data-range]")) {
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    history.pushState(null, "", link.href);
    change(link.dataset.range);
  });
}
addEventListener("popstate", () => change(new URLSearchParams(location.search).get("range") || "hour"));

let resized;
addEventListener("resize", () => {
  clearTimeout(resized);
  resized = setTimeout(draw, 100);
});
document.addEventListener("theme", draw);
document.addEventListener("visibilitychange", load);
setInterval(tellAge, 5000);
load();
