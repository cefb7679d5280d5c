// A server's use over time: four graphs with one cursor, drawn by uPlot from /vps/<id>/history/<timeframe>/.

const { words, language, TIMES, number } = GraphFigures;
const area = document.getElementById("graphs");
const note = document.getElementById("graphs-note");
const foot = document.getElementById("graphs-foot");
const when = document.getElementById("graphs-when");
const MOVES = { ArrowLeft: -1, ArrowRight: 1, ArrowDown: -1, ArrowUp: 1, PageDown: -10, PageUp: 10, Home: -Infinity, End: Infinity };

let timeframe = words.range;
const page = {
  shown: { points: [] },
  // Which of the points, or null while the pointer is elsewhere.
  cursor: null,
  get last() {
    return this.shown.points.length - 1;
  },
  show(index) {
    if (this.last < 0 || index === undefined) return;
    this.cursor = index === null ? null : Math.max(0, Math.min(index, this.last));
    graphs.forEach((graph) => graph.show());
  },
  move(event) {
    if (!(event.key in MOVES) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.show((this.cursor ?? this.last) + MOVES[event.key]);
  },
};
const graphs = [...area.querySelectorAll(".graph")].map((card) => new GraphCard(card, page));

function draw() {
  if (page.last < 0) return;
  graphs.forEach((graph) => graph.draw());
  page.show(page.cursor);
}

// When it is from, and how old it is.
const age = document.getElementById("graphs-age");
const ageOf = ({ age_s, came_at }) => age_s + (performance.now() - came_at) / 1000;
function tellAge() {
  const { shown } = page;
  if (!shown.points.length) return;
  const seconds = Math.round(ageOf(shown));
  const [pattern, count] = seconds < 90 ? [words.ageS, seconds] : [words.ageMin, Math.round(seconds / 60)];
  age.textContent = ` · ${pattern.replace("{}", number(count, 0))}`;
}
function tellSpan() {
  const { shown } = page;
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
  // A session that has ended, or a server that is gone: the page says so by itself.
  if (answer?.redirected || answer?.status === 404) return;
  const found = answer?.ok ? await answer.json() : { state: "failed" };
  if (asked !== timeframe) return;
  note.textContent = { pending: words.waiting, unavailable: words.unavailable, failed: words.failed }[found.state] || "";
  again = setTimeout(load, found.state === "pending" || found.age_s > 60 ? 1500 : 30000);
  for (const part of [area, foot, when]) part.hidden = found.state === "unavailable";
  if (found.state === "ready") put(found, asked);
}
function put(found, asked) {
  const moment = page.cursor === null ? null : page.shown.points[page.cursor].time;
  const at = moment === null ? -1 : found.points.findLastIndex(({ time }) => time <= moment);
  page.cursor = at === -1 ? null : at;
  page.shown = { ...found, timeframe: asked, came_at: performance.now() };
  draw();
  tellSpan();
}

// The switch leads to addresses, and changes what is drawn without leaving the page.
function change(to) {
  timeframe = to;
  page.cursor = null;
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
