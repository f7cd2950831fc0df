// Zoom and click on the time line: dragging, keys, and the strip of all time below it.

import { byId, h } from "./dom.js";
import { HOUR, MINUTE, stamp } from "./format.js";
import { colour } from "./download.js";
import { change, state } from "./state.js";
import { openDrill } from "./posts.js";
import { MOODS, current, narrow } from "./charts.js";

let overview;

function barAt(made, node, event, grids) {
  const box = node.getBoundingClientRect();
  const point = [event.clientX - box.left, event.clientY - box.top];
  const grid = grids.find((each) => made.containPixel({ gridIndex: each }, point));
  return { point, grid, place: grid === undefined ? undefined : made.convertFromPixel({ xAxisIndex: grid }, point[0]) };
}

export function zoomByDragging(node, made) {
  const veil = h("div", { class: "veil", hidden: true });
  node.append(veil);
  let from;
  node.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    const start = barAt(made, node, event, [0, 1, 2]);
    if (start.grid === undefined) return;
    from = start;
    if (event.pointerType === "mouse") node.setPointerCapture(event.pointerId);
  });
  node.addEventListener("pointermove", (event) => {
    if (!from || event.pointerType !== "mouse") return;
    const x = event.clientX - node.getBoundingClientRect().left;
    veil.hidden = Math.abs(x - from.point[0]) < 6;
    veil.style.left = `${Math.min(x, from.point[0])}px`;
    veil.style.width = `${Math.abs(x - from.point[0])}px`;
  });
  const end = (event) => {
    const start = from;
    const dragged = !veil.hidden;
    from = undefined;
    veil.hidden = true;
    if (!start || event.type === "pointercancel") return;
    if (!dragged) return click(made, start);
    const x = event.clientX - node.getBoundingClientRect().left;
    const last = Math.round(made.convertFromPixel({ xAxisIndex: 0 }, x));
    const [a, b] = [start.place, Math.max(0, Math.min(current().bars.length - 1, last))].sort((l, r) => l - r);
    change({ span: "", from: stamp(current().bars[a].at), to: stamp(current().bars[b].end) });
  };
  node.addEventListener("pointerup", end);
  node.addEventListener("pointercancel", end);
}

function click(made, start) {
  const bar = current().bars[start.place];
  if (!bar?.n) return;
  const drill = { from: stamp(bar.at), to: stamp(bar.end) };
  if (start.grid === 1 && bar.scored) {
    const height = made.convertFromPixel({ yAxisIndex: 1 }, start.point[1]);
    let sum = 0;
    drill.mood = MOODS.find((mood) => height <= (sum += (100 * bar[mood]) / bar.scored)) ?? "positive";
  }
  openDrill(drill);
}

export function zoomByKeys(node) {
  node.addEventListener("keydown", (event) => {
    const { bars } = current();
    const [start, end] = [bars[0].at, bars.at(-1).end];
    const quarter = Math.max(current().view.step_min * MINUTE, Math.round((end - start) / 4 / HOUR) * HOUR);
    const moves = { "+": [start + quarter, end - quarter], ArrowLeft: [start - quarter, end - quarter], ArrowRight: [start + quarter, end + quarter] };
    if (event.key === "-") change({ span: "", from: "", to: "" });
    else if (event.key === "Enter") openDrill({});
    else if (moves[event.key] && moves[event.key][0] < moves[event.key][1]) change({ span: "", from: stamp(moves[event.key][0]), to: stamp(moves[event.key][1]) });
    else return;
    event.preventDefault();
  });
}

export function drawOverview(echarts, found) {
  const node = byId("overview");
  node.hidden = found.bars.length < 3;
  if (node.hidden) return;
  if (!overview) {
    overview = echarts.init(node);
    new ResizeObserver(() => overview.resize()).observe(node);
    let due;
    overview.on("datazoom", () => {
      clearTimeout(due);
      due = setTimeout(chosen, 250);
    });
  }
  overview.setOption(overviewOption(found));
}

function overviewOption({ bars, step_min }) {
  const { view } = current();
  const times = bars.map(([at]) => Date.parse(at));
  const first = times.findIndex((at) => at + step_min * MINUTE > Date.parse(view.span.from));
  const last = times.findLastIndex((at) => at < Date.parse(view.span.to));
  return {
    animation: false, grid: { left: narrow() ? 44 : 58, right: 14, top: 0, bottom: 0 }, xAxis: { type: "category", show: false, data: times }, yAxis: { type: "value", show: false },
    series: [{ type: "bar", data: bars.map(([, count]) => count), itemStyle: { opacity: 0 }, silent: true }],
    dataZoom: [{
      type: "slider", left: narrow() ? 44 : 58, right: 14, top: 4, height: 34, startValue: Math.max(0, first), endValue: last < 0 ? times.length - 1 : last, brushSelect: false, showDetail: false,
      borderColor: "transparent", backgroundColor: colour("sunken"), fillerColor: colour("window"), handleStyle: { color: colour("paper"), borderColor: colour("accent") }, moveHandleSize: 0,
      dataBackground: { lineStyle: { opacity: 0 }, areaStyle: { color: colour("muted"), opacity: 0.35 } }, selectedDataBackground: { lineStyle: { opacity: 0 }, areaStyle: { color: colour("accent"), opacity: 0.5 } } }],
  };
}

function chosen() {
  const { startValue, endValue } = overview.getOption().dataZoom[0];
  const { bars, step_min } = current().view.overview;
  const whole = startValue === 0 && endValue === bars.length - 1;
  const [from, to] = [stamp(bars[startValue][0]), stamp(new Date(Date.parse(bars[endValue][0]) + step_min * MINUTE))];
  if (whole) change({ span: "", from: "", to: "" });
  else if (from !== state.from || to !== state.to) change({ span: "", from, to });
}

/** Colours changed: draw with the new ones. */
export function recolourOverview() {
  if (overview) overview.setOption(overviewOption(current().view.overview));
}
