// Figures and moments of a server's graphs in the reader's language, and the lines across a plot. For graphs.js.

const GraphFigures = (() => {
  const words = document.getElementById("graphs").dataset;
  const language = document.documentElement.lang;
  const UNITS = words.units.split(" ");
  const DAY = 86400;
  const HOUR_MINUTE = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  const SHORT_DAY = { day: "numeric", month: "short" };
  const LONG_DAY = { day: "numeric", month: "long" };
  // Of each timeframe: how its span is written, the moment under the cursor and the labels of the axis, which stand so far apart.
  const MINUTES = [60, 300, 600, 900, 1800, 3600, 7200, 10800, 14400, 21600];
  const DAYS = [DAY, 2 * DAY, 5 * DAY, 10 * DAY];
  const MONTHS = [30 * DAY, 60 * DAY, 90 * DAY, 180 * DAY];
  const TIMES = {
    hour: { span: { ...LONG_DAY, ...HOUR_MINUTE }, cursor: HOUR_MINUTE, axis: HOUR_MINUTE, incrs: MINUTES },
    day: { span: { ...LONG_DAY, ...HOUR_MINUTE }, cursor: { ...SHORT_DAY, ...HOUR_MINUTE }, axis: HOUR_MINUTE, incrs: MINUTES },
    week: { span: LONG_DAY, cursor: { ...SHORT_DAY, ...HOUR_MINUTE }, axis: SHORT_DAY, incrs: DAYS },
    month: { span: LONG_DAY, cursor: { ...SHORT_DAY, ...HOUR_MINUTE }, axis: SHORT_DAY, incrs: DAYS },
    year: { span: { ...SHORT_DAY, year: "numeric" }, cursor: { ...LONG_DAY, year: "numeric" }, axis: { month: "short" }, incrs: MONTHS },
  };
  const inTime = (moment, format) => new Intl.DateTimeFormat(language, format).format(moment * 1000);

  // Figures, as vps/figures.py writes them.
  const number = (value, decimals) => new Intl.NumberFormat(language, { maximumFractionDigits: decimals }).format(value);
  const powerOf = (count) => Math.max(0, Math.min(UNITS.length - 1, Math.floor(Math.log2(count) / 10)));
  function measured(count) {
    const power = powerOf(count);
    const value = count / 1024 ** power;
    return `${number(value, power && (value < 10 || (power > 2 && value < 100)) ? 1 : 0)} ${UNITS[power]}`;
  }
  const WRITTEN = {
    share: (share) => words.percent.replace("{}", number(share * 100, share < 0.01 ? 1 : 0)),
    size: measured,
    rate: (count) => words.rate.replace("{}", measured(count)),
  };
  const written = (kind, value) => (value === null || value === undefined ? "—" : WRITTEN[kind](value));

  // Five lines across: the upper one is all that there is, or of rates a round number above the peak, in one unit for all.
  const STEPS = [1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10];
  function scale(kind, most) {
    const quarters = (top) => [0, 1, 2, 3, 4].map((at) => (at * top) / 4);
    if (kind === "share") return [quarters(1), quarters(1).map(WRITTEN.share)];
    if (kind === "size") return [quarters(most), quarters(most).map((value) => (value ? measured(value) : "0"))];
    const power = powerOf(Math.max(most, 1024) * 1.024);
    const quarter = Math.max(most, 4096) / 4 / 1024 ** power;
    const ten = 10 ** Math.floor(Math.log10(quarter));
    const top = 4 * ten * STEPS.find((step) => step * ten >= quarter * 0.9999);
    const labels = quarters(top).map((value) => number(value, 2));
    labels[4] = words.rate.replace("{}", `${labels[4]} ${UNITS[power]}`);
    return [quarters(top * 1024 ** power), labels];
  }

  return { words, language, TIMES, inTime, number, written, scale };
})();
