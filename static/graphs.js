// A server's use over time: four graphs, drawn by uPlot from /vps/<id>/history/<timeframe>/.

const card = document.getElementById("graphs-card");
const area = document.getElementById("graphs-area");
const note = document.getElementById("graphs-note");
const words = card.dataset;
const MB = 1024 ** 2;
const GB = 1024 ** 3;

// title: [label, field, divisor, colour], the first one filled
const GRAPHS = {
  cpu: [["", "cpu", 0.01, "blue"]],
  memory: [[words.used, "ram_used", GB, "purple"], [words.total, "ram_total", GB, "secondary"]],
  disk: [[words.read, "disk_read", MB, "teal"], [words.written, "disk_written", MB, "orange"]],
  network: [[words.in, "net_in", MB, "green"], [words.out, "net_out", MB, "pink"]],
};

let drawn = [];
let points = [];
let asked = "hour";

// A canvas knows no variables: what one comes to is known once something has that colour. Opaque, or as a faint fill.
function colour(name, percent = 100) {
  area.style.color = `color-mix(in srgb, var(--tblr-${name}) ${percent}%, transparent)`;
  const found = getComputedStyle(area).color;
  area.style.color = "";
  return found;
}

function options(title, lines, width) {
  const axis = { stroke: colour("secondary"), grid: { stroke: colour("secondary", 20), width: 1 }, ticks: { show: false } };
  const time = new Intl.DateTimeFormat(document.documentElement.lang, ["hour", "day"].includes(asked) ? { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } : { day: "numeric", month: "short" });
  return {
    title,
    width,
    height: 190,
    legend: { show: lines.length > 1, live: false },
    cursor: { points: { size: 6 } },
    scales: { y: { range: (_, __, most) => [0, title === words.cpu ? 100 : (most || 1) * 1.1] } },
    axes: [{ ...axis, size: 32, values: (_, moments) => moments.map((moment) => time.format(moment * 1000)) }, { ...axis, size: 48 }],
    series: [{}, ...lines.map(([label, , , name], at) => ({
      label, stroke: colour(name), width: 1.5, fill: at ? undefined : colour(name, 12), points: { show: false },
    }))],
  };
}

function draw() {
  drawn.forEach((graph) => graph.destroy());
  const times = points.map((point) => point.time);
  const isMeasured = ([, lines]) => lines.some(([, field]) => points.some((point) => point[field] !== null));
  drawn = Object.entries(GRAPHS).filter(isMeasured).map(([name, lines]) => {
    const width = Math.floor((area.clientWidth - (area.clientWidth > 700 ? 16 : 0)) / (area.clientWidth > 700 ? 2 : 1));
    const data = lines.map(([, field, divisor]) => points.map((point) => (point[field] === null ? null : point[field] / divisor)));
    const graph = new uPlot(options(words[name], lines, width), [times, ...data], area);
    graph.root.setAttribute("role", "img");
    graph.root.setAttribute("aria-label", words[name]);
    return graph;
  });
}

async function load(timeframe) {
  asked = timeframe;
  const answer = await fetch(words.address.replace("hour", timeframe));
  if (answer.redirected) return location.reload();
  const history = answer.ok ? await answer.json() : { state: "unavailable", points: [] };
  if (asked !== timeframe) return;
  note.textContent = { pending: words.waiting, unavailable: words.unavailable }[history.state] || "";
  if (history.state === "pending") return setTimeout(() => asked === timeframe && load(timeframe), 1000);
  points = history.points;
  draw();
  if (!drawn.length) note.textContent = words.unavailable;
}

for (const button of document.querySelectorAll("[data-timeframe]")) {
  button.addEventListener("click", () => {
    for (const other of document.querySelectorAll("[data-timeframe]")) {
      other.classList.toggle("active", other === button);
      other.setAttribute("aria-pressed", String(other === button));
    }
    load(button.dataset.timeframe);
  });
}
let resized;
addEventListener("resize", () => {
  clearTimeout(resized);
  resized = setTimeout(draw, 150);
});
document.addEventListener("theme", draw);
load("hour");
setInterval(() => document.visibilityState === "visible" && load(asked), 60000);
