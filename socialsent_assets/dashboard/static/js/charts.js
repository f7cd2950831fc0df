// The mood over time: mean, shares and number of texts on one time axis, drawn by ECharts.

import { byId, fill, h, head, tool } from "./dom.js";
import { DAY, MINUTE, clock, day, moment, number, percent, plural, signed, span, stamp, stepWords } from "./format.js";
import { colour, downloadCsv, downloadUrl, filename, forgetColours } from "./download.js";
import { FACETS, change, comparison, scoredWord, state } from "./state.js";
import { drawOverview, recolourOverview, zoomByDragging, zoomByKeys } from "./zoom.js";

export const MOODS = ["negative", "neutral", "positive"];
const library = new Promise((resolve, reject) => {
  const script = document.createElement("script");
  script.src = "static/vendor/echarts.common.min.js";
  script.onload = () => resolve(window.echarts);
  script.onerror = () => reject(new Error("the chart library failed to load: reload the page"));
  document.head.append(script);
});

let chart;
let shown;
/** What is drawn: the view, its bars, those compared with, and the facts. */
export const current = () => shown;
let asTable = false;
let fontFamily;

/** Draw or update. `other` is the view compared with, or undefined. */
export async function drawMood(view, other, facts) {
  const bars = allBars(view);
  const against = other && comparison(facts.data, view);
  shown = { view, bars, otherBars: other ? allBars(other) : null, against, facts };
  frame(view, against);
  if (asTable) return table();
  const echarts = await library;
  if (shown.view !== view) return;
  chart ??= create(echarts, byId("mood-chart"));
  chart.setOption(option(), { replaceMerge: ["series"] });
  describe();
  drawOverview(echarts, view.overview);
}

/** Colours changed: draw with the new ones. */
export function recolour() {
  forgetColours();
  if (chart) chart.setOption(option(), { replaceMerge: ["series"] });
  recolourOverview();
}

const lineName = () => "Mean polarity";
const lineValue = (bar) => (bar.scored ? bar.mean : null);

/** One bar for every step of the span, empty ones too: a gap in the data has to be seen. */
function allBars(view) {
  const step = view.step_min * MINUTE;
  const found = new Map(view.time.map((bar) => [Date.parse(bar.at), bar]));
  const origin = Date.UTC(2000, 0, 3);
  const start = origin + Math.floor((Date.parse(view.span.from) - origin) / step) * step;
  const bars = [];
  for (let at = start; at < Date.parse(view.span.to) && bars.length < 2000; at += step) {
    bars.push({ at, end: at + step, n: 0, scored: 0, positive: 0, neutral: 0, negative: 0, mean: null, ...(found.get(at) && { ...found.get(at), at }) });
  }
  return bars;
}

function frame(view, against) {
  const line = `mean polarity (−1 to +1) by ${state.by === "model" ? "the classifier: its probability of positive minus that of negative" : "the lexicon"}`;
  const note = `Per ${stepWords(view.step_min)}, ${span(view.span.from, view.span.to)}: ${line}; shares of the ${number(view.totals.scored)} ${scoredWord()} texts; number of all ${plural(view.totals.n, "text")}. Drag to zoom in, click to see the posts.`;
  if (!byId("mood-chart")) {
    fill(byId("mood"), h("div", { id: "mood-head" }), h("div", { id: "mood-legend", class: "legend" }),
      h("div", { id: "mood-chart", class: "chart", role: "img", tabindex: 0, "aria-describedby": "mood-text" }),
      h("div", { id: "mood-table", hidden: true, tabindex: 0 }), h("p", { id: "mood-text", class: "unseen" }),
      h("div", { id: "overview", class: "overview", "aria-hidden": "true", title: "All time: drag the handles or the window" }));
  }
  fill(byId("mood-head"), head("mood", "Sentiment over time", note,
    isZoomed() && tool("Zoom out", "Show all time", () => change({ span: "", from: "", to: "" }), { "data-key": "zoom-out" }),
    tool(asTable ? "Chart" : "Table", asTable ? "Show the chart" : "Show the numbers as a table", () => { asTable = !asTable; redraw(); }, { "data-key": "as-table" }),
    tool("CSV", "Download the series as CSV", csv, { "data-key": "mood-csv" }),
    tool("PNG", "Download the chart as PNG", png, { "data-key": "mood-png" })));
  fill(byId("mood-legend"), [...MOODS].reverse().map((mood) => h("span", {}, h("i", { class: `key ${mood}` }), mood)),
    against && h("span", {}, h("i", { class: "key line" }), "this selection"),
    against && h("span", {}, h("i", { class: "key line other" }), h("bdi", {}, against.label)),
    alertPoints(shown.facts, shown.bars, []).length > 0 && h("span", {}, h("i", { class: "key alert" }, "▼"), "alert"),
    shown.bars.some(expectedShare) && h("span", {}, h("i", { class: "key expected" }), "negative share expected by the alert rule"));
  byId("mood-chart").hidden = asTable;
  byId("overview").hidden = asTable;
  byId("mood-table").hidden = !asTable;
}

const isZoomed = () => Boolean(state.span || state.from || state.to);

function redraw() {
  const { view, against } = shown;
  frame(view, against);
  if (asTable) table();
  else drawMood(view, shown.otherBars && { ...view, time: shown.otherBars.map((bar) => ({ ...bar, at: new Date(bar.at).toISOString() })) }, shown.facts);
}

function create(echarts, node) {
  const made = echarts.init(node, null, { renderer: "canvas" });
  new ResizeObserver(() => made.resize()).observe(node);
  zoomByDragging(node, made);
  zoomByKeys(node);
  return made;
}

/** Asked of the chart, which knows its width: to ask the page would make the browser lay it out at once. */
export const narrow = () => (chart ? chart.getWidth() : byId("mood-chart").clientWidth) < 560;

function option() {
  const { bars, otherBars, against, facts } = shown;
  const paint = Object.fromEntries(["ink", "muted", "grid", "paper", "accent", "other", "alert", ...MOODS].map((key) => [key, colour(key)]));
  fontFamily ??= getComputedStyle(document.body).fontFamily;
  const text = { color: paint.muted, fontFamily, fontSize: 12 };
  const categories = bars.map((bar) => bar.at);
  const ticks = tickPlaces(bars, narrow() ? 4 : 9);
  const grids = [["8%", "29%"], ["45%", "28%"], ["81%", "11%"]];
  const left = narrow() ? 44 : 58;
  const axis = (place) => ({
    type: "category", data: categories, gridIndex: place, axisTick: { show: place === 2, alignWithLabel: true, interval: (i) => ticks.has(i), lineStyle: { color: paint.grid } },
    axisLine: { lineStyle: { color: paint.grid }, onZero: false },
    axisLabel: { ...text, show: place === 2, interval: (i) => ticks.has(i), formatter: (at) => tickWords(Number(at)), hideOverlap: true },
    axisPointer: { show: true, type: "shadow", label: { show: false }, shadowStyle: { color: paint.grid, opacity: 0.35 }, triggerTooltip: place === 0 },
  });
  const value = (place, { axisLabel, ...more }) => ({
    type: "value", gridIndex: place, splitNumber: 3, axisLabel: { ...text, ...axisLabel }, splitLine: { lineStyle: { color: paint.grid } },
    nameTextStyle: { ...text, fontSize: 12, fontWeight: 600, align: "left", padding: [0, 0, 2, -left + 8] }, nameGap: 10, nameLocation: "end", ...more, });
  const line = (name, values, paintIt, more = {}) => ({
    id: name, name, type: "line", data: values, xAxisIndex: 0, yAxisIndex: 0, symbol: "circle", symbolSize: 6, showSymbol: values.length < 3 || values.some((v, i) => v !== null && values[i - 1] == null && values[i + 1] == null) ? true : false,
    lineStyle: { width: 2.4, color: paintIt }, itemStyle: { color: paintIt }, emphasis: { disabled: true }, connectNulls: false, ...more });
  const values = bars.map(lineValue);
  const mean = lineValue(shown.view.totals);
  return {
    animation: false, textStyle: { fontFamily },
    axisPointer: { link: [{ xAxisIndex: "all" }] },
    tooltip: { trigger: "axis", className: "tip", confine: true, transitionDuration: 0.1, backgroundColor: paint.paper, borderColor: paint.grid, textStyle: { color: paint.ink, fontSize: 13 }, formatter: (points) => tip(points) },
    grid: grids.map(([top, height]) => ({ left, right: 14, top, height })),
    xAxis: [axis(0), axis(1), axis(2)],
    yAxis: [
      value(0, { name: lineName(), ...extent([...values, ...(otherBars ?? []).map(lineValue)]), axisLabel: { formatter: (v) => signed(v) } }),
      value(1, { name: "Share of texts", min: 0, max: 100, interval: 50, axisLabel: { formatter: "{value} %" } }),
      value(2, { name: "Texts", splitNumber: 2, minInterval: 1, axisLabel: { formatter: (v) => (v >= 1000 ? `${v / 1000} k` : v) } }),
    ],
    series: [
      line("line", values, paint.accent, {
        areaStyle: { color: paint.accent, opacity: 0.07, origin: 0 },
        markLine: { symbol: "none", silent: true, animation: false, data: [
          ...(mean === null ? [] : [{ yAxis: mean, lineStyle: { color: paint.accent, type: [4, 4], opacity: 0.7 }, label: { show: false } }]),
          { yAxis: 0, lineStyle: { color: paint.muted, type: "solid", opacity: 0.6 }, label: { show: false } }] },
        markPoint: { symbol: "triangle", symbolRotate: 180, symbolSize: 14, itemStyle: { color: paint.alert, borderColor: paint.paper, borderWidth: 1.5 }, label: { show: false }, data: alertPoints(facts, bars, values), tooltip: { show: false } },
      }),
      ...(against ? [line("other", bars.map((_, i) => (otherBars[i] ? lineValue(otherBars[i]) : null)), paint.other, { lineStyle: { width: 2.2, color: paint.other, type: [6, 4] } })] : []),
      ...MOODS.map((mood) => ({
        id: mood, name: mood, type: "bar", stack: "share", xAxisIndex: 1, yAxisIndex: 1, barCategoryGap: bars.length > 60 ? "12%" : "18%",
        data: bars.map((bar) => (bar.scored ? (100 * bar[mood]) / bar.scored : null)), itemStyle: { color: paint[mood] }, emphasis: { disabled: true } })),
      // A frame around the expected share of negative texts, which stand lowest: an unseen bar below one that is a frame.
      ...["low", "high"].map((end) => ({
        id: `expected-${end}`, type: "bar", stack: "expected", xAxisIndex: 1, yAxisIndex: 1, barGap: "-100%", silent: true, z: 4,
        data: bars.map((bar) => { const share = expectedShare(bar); return share && 100 * (end === "low" ? share.low : share.high - share.low); }),
        itemStyle: { color: "transparent", ...(end === "high" && { borderColor: paint.ink, borderWidth: 2, shadowColor: paint.paper, shadowBlur: 3 }) } })),
      { id: "texts", name: "texts", type: "bar", xAxisIndex: 2, yAxisIndex: 2, barCategoryGap: "18%", data: bars.map((bar) => bar.n), itemStyle: { color: paint.accent, borderRadius: [2, 2, 0, 0], opacity: 0.85 }, emphasis: { disabled: true } },
      { id: "pointer", type: "bar", xAxisIndex: 0, yAxisIndex: 0, data: [], silent: true },
    ],
  };
}

/** Round ends that hold all values and zero, and a round distance of the lines between. */
function extent(values) {
  const found = values.filter((each) => each !== null);
  const [low, high] = [Math.min(0, ...found), Math.max(0, ...found)];
  const far = Math.max(0.05, high - low);
  const interval = [0.02, 0.05, 0.1, 0.2, 0.5, 1].find((each) => far / each <= 6) ?? 1;
  const end = (value, round) => Math.round(round(value / interval)) * interval || 0;
  return { min: end(low, Math.floor), max: end(high, Math.ceil) || interval, interval };
}

function alertPoints(facts, bars, values) {
  return facts.alerts.flatMap((alert) => {
    const at = Date.parse(alert.since);
    const place = bars.findIndex((bar) => at >= bar.at && at < bar.end);
    return place < 0 ? [] : [{ name: alert.title, coord: [place, values[place] ?? 0], symbolOffset: [0, -12] }];
  });
}

/** The share of negative texts that an alert expects for a bar; null for bars that it does not speak of. */
function expectedShare(bar) {
  const isCounted = shown.view.step_min <= 60 && state.by !== "model" && !state.q && FACETS.every((facet) => facet === "topic" || !state[facet].length);
  const about = (alert) => state.topic.length === (alert.topic ? 1 : 0) && (state.topic[0] ?? null) === alert.topic;
  const of = (alert) => alert.expected_share && about(alert) && bar.at >= Date.parse(alert.expected_share.from) && bar.at < Date.parse(alert.expected_share.to);
  return isCounted ? (shown.facts.alerts.find(of)?.expected_share ?? null) : null;
}

/** Places of round times, few enough to be read side by side. */
function tickPlaces(bars, most) {
  const sizes = [1, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 4320, 10_080, 20_160, 43_200].map((m) => m * MINUTE);
  const all = bars.length ? bars.at(-1).end - bars[0].at : 0;
  const size = sizes.find((each) => all / each <= most) ?? all / most;
  const origin = Date.UTC(2000, 0, 3);
  const seen = new Set();
  return new Set(bars.flatMap((bar, place) => {
    const tick = Math.floor((bar.end - 1 - origin) / size);
    const starts = (bar.at - origin) / size <= tick;
    if (!starts || seen.has(tick)) return [];
    seen.add(tick);
    return [place];
  }));
}

const tickWords = (at) => (at % DAY === 0 || shown.view.step_min >= 1440 ? day(at) : clock(at));

function tip(points) {
  const place = points[0]?.dataIndex;
  const bar = shown.bars[place];
  if (!bar) return "";
  const other = shown.otherBars?.[place];
  const row = (key, label, value) => h("div", { class: "tip-row" }, h("i", { class: `key ${key}` }), h("span", {}, label), h("b", {}, value));
  const alerts = shown.facts.alerts.filter((alert) => Date.parse(alert.since) >= bar.at && Date.parse(alert.since) < bar.end);
  const share = expectedShare(bar);
  return h("div", {},
    h("div", { class: "tip-head" }, `${moment(bar.at)}–${clock(bar.end)} UTC`),
    row("line", lineName(), signed(lineValue(bar), 3)),
    other && row("line other", shown.against.label, signed(lineValue(other), 3)),
    [...MOODS].reverse().map((mood) => row(mood, mood, `${percent(bar[mood], bar.scored)} · ${number(bar[mood])}`)),
    share && row("expected", "negative, expected", `${percent(share.low, 1)} to ${percent(share.high, 1)}`),
    h("div", { class: "tip-foot" }, `${plural(bar.n, "text")}, ${number(bar.scored)} ${scoredWord()}`),
    alerts.slice(0, 3).map((alert) => h("div", { class: "tip-alert" }, `▼ ${alert.title}`)));
}

function describe() {
  const scored = shown.bars.filter((bar) => bar.scored);
  if (!scored.length) return;
  const high = scored.reduce((a, b) => (lineValue(a) >= lineValue(b) ? a : b));
  const low = scored.reduce((a, b) => (lineValue(a) <= lineValue(b) ? a : b));
  byId("mood-text").textContent = `${lineName()} between ${signed(lineValue(low))} (${moment(low.at)}) and ${signed(lineValue(high))} (${moment(high.at)}). The Table button lists all numbers. Keys: plus zooms in, minus shows all time, arrow keys move the span.`;
  byId("mood-chart").setAttribute("aria-label", "Sentiment over time");
}

const rows = () => [
  ["start_utc", "end_utc", "texts", "scored_texts", "positive", "neutral", "negative", "mean_polarity"],
  ...shown.bars.map((bar) => [stamp(bar.at), stamp(bar.end), bar.n, bar.scored, bar.positive, bar.neutral, bar.negative, lineValue(bar)]),
];
const csv = () => downloadCsv("mood", rows());
const png = () => chart && downloadUrl(chart.getDataURL({ type: "png", pixelRatio: 2, backgroundColor: colour("paper") }), filename("mood", "png"));

function table() {
  fill(byId("mood-table"), h("div", { class: "scroll" }, h("table", {},
    h("thead", {}, h("tr", {}, ["From (UTC)", "Texts", state.by === "model" ? "Classified" : "Scored", "Positive", "Neutral", "Negative", lineName()].map((each, i) => h("th", { scope: "col", class: i ? "figure" : "" }, each)))),
    h("tbody", {}, shown.bars.map((bar) => h("tr", {}, h("th", { scope: "row" }, moment(bar.at)), h("td", { class: "figure" }, number(bar.n)), h("td", { class: "figure" }, number(bar.scored)),
      ["positive", "neutral", "negative"].map((mood) => h("td", { class: "figure" }, percent(bar[mood], bar.scored))), h("td", { class: "figure" }, signed(lineValue(bar), 3))))))));
}
