// One of a server's four graphs: its plot, which uPlot draws, what is written of it, and the value under the cursor. For graphs.js.

const GraphCard = (() => {
  const { words, TIMES, inTime, written, scale } = GraphFigures;
  const area = document.getElementById("graphs");

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

  // `page` has what is shown in all four, and the moment under the one cursor.
  return class {
    constructor(card, page) {
      Object.assign(this, { card, page });
      this.kind = card.dataset.kind;
      this.plot = card.querySelector(".plot");
      this.reading = card.querySelector(".reading");
      this.series = [...card.querySelectorAll(".key")].map(({ dataset }) => dataset);
      const point = ({ clientX }) => page.show(this.drawn?.posToIdx(clientX - this.drawn.over.getBoundingClientRect().left));
      this.plot.addEventListener("pointermove", point);
      this.plot.addEventListener("pointerdown", point);
      this.plot.addEventListener("pointerleave", ({ pointerType }) => pointerType === "mouse" && page.show(null));
      this.plot.addEventListener("focus", () => page.show(page.cursor ?? page.last));
      this.plot.addEventListener("blur", () => page.show(null));
      this.plot.addEventListener("keydown", (event) => page.move(event));
    }

    valuesOf = (name) => this.page.shown.points.map((point) => point[name]);

    draw() {
      this.drawn?.destroy();
      this.drawn = null;
      const values = this.series.map(({ name }) => this.valuesOf(name));
      const known = values.flat().filter((value) => value !== null);
      this.card.hidden = !known.length;
      if (!known.length) return;
      const totals = this.kind === "size" ? this.valuesOf("ram_total") : [];
      const [splits, labels] = scale(this.kind, peak([this.kind === "size" ? Number(words.total) : 0, ...known, ...totals]));
      this.drawn = new uPlot(this.options(splits, labels), [this.page.shown.points.map(({ time }) => time), ...values], this.plot);
      this.sum(values);
    }

    options(splits, labels) {
      const { axis: format, incrs } = TIMES[this.page.shown.timeframe];
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
      bold.className = "text-body";
      bold.textContent = this.page.shown.now ? together(this.series.map(({ name }) => this.page.shown.now[name])) : "";
      const peaks = together(values.map((line, at) => peak([...line, this.page.shown.now?.[this.series[at].name]])));
      this.card.querySelector(".graph-sums").replaceChildren(...(this.page.shown.now ? [`${words.now} `, bold, " · "] : []), `${words.peak} ${peaks}`);
    }

    // What stands under the cursor; without one the strip of a phone has what was measured last.
    show() {
      if (!this.drawn) return;
      const { shown, cursor, last } = this.page;
      const at = cursor ?? last;
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
      const said = { valuemax: last, valuenow: at, valuetext: [time, ...lines].map(({ textContent }) => textContent).join(", ") };
      for (const [name, value] of Object.entries(said)) this.plot.setAttribute(`aria-${name}`, value);
    }
  };
})();
