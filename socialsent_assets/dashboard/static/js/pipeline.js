// Cards about the data itself, whatever the filter: alerts, models, where records went, freshness.

import { byId, empty, fill, h, head, isPhone, name, tool } from "./dom.js";
import { CLEAR, change } from "./state.js";
import { DAY, ago, compact, full, moment, number, percent, plural, stamp } from "./format.js";
import { downloadCsv } from "./download.js";
import { openDrill } from "./posts.js";

export function drawAlerts({ alerts }) {
  const open = alerts.filter((alert) => alert.open).length;
  const card = (alert, place) => h("li", { class: `alarm ${alert.open ? alert.severity : "closed"}` },
    h("button", { type: "button", class: "link", "data-key": `alert-${place}`, onclick: () => openAlert(alert) }, h("span", { class: "badge" }, alert.open ? alert.severity : "closed"), " ", name(alert.title)),
    h("p", { class: "note" }, `${alert.kind}, since ${moment(alert.since)} UTC`, alert.expected_share && [" · ", h("button", { type: "button", class: "link", "data-key": `alert-chart-${place}`, onclick: () => showOnChart(alert) }, "on the chart")]));
  fill(byId("alerts"), head("alerts", "Alerts", alerts.length ? `${open} of the newest ${alerts.length} are open; the chart marks all of them.` : "", alerts.length > 0 && tool("CSV", "Download the alerts as CSV", () =>
    downloadCsv("alerts", [["open", "kind", "subject", "severity", "since", "title", "text"], ...alerts.map((a) => [a.open, a.kind, a.subject, a.severity, a.since, a.title, a.text])]), { "data-key": "alerts-csv" })),
  alerts.length ? h("ul", { class: "plain" }, alerts.slice(0, isPhone() ? 3 : 6).map(card)) : empty("No alerts.", h("p", { class: "note" }, "A sensor in Dagster evaluates the alert rules; ", h("code", {}, "socialsent alerts --check"), " does so now.")));
}

function openAlert(alert) {
  const at = Date.parse(alert.since);
  const hour = 3_600_000;
  const drill = { from: stamp(Math.floor(at / hour) * hour), to: stamp(Math.floor(at / hour) * hour + hour) };
  if (alert.topic) drill.topic = alert.topic;
  openDrill(drill);
}

/** The hours around an alert about the mood, of the texts that its rule counts. */
function showOnChart(alert) {
  const { from, to } = alert.expected_share;
  change({ ...CLEAR, by: "lexicon", vs: "", topic: alert.topic ? [alert.topic] : [], from: stamp(Date.parse(from) - DAY), to: stamp(Date.parse(to) + DAY) });
  byId("mood").scrollIntoView({ block: "start" });
}

export function drawModels({ models }) {
  const classifier = models.find((model) => model.name === "sentiment_classifier" && model.role === "champion");
  const candidate = models.find((model) => model.name === "sentiment_classifier" && model.role !== "champion");
  const bigram = models.find((model) => model.name === "bigram" && model.role === "champion");
  const waiting = models.filter((model) => model.role !== "champion").length;
  fill(byId("models"), head("models", "Quality of the classifier", classifier
    ? `Macro recall on ${plural(classifier.metrics.posts, "held-out post")} with ${classifier.label_source === "human" ? "human labels" : "labels by the lexicon, not by people"}; the line is the 95 % confidence interval.` : "",
  classifier && tool("CSV", "Download the model's figures as CSV", () => downloadCsv("models", [["who", "macro_recall", "low", "high"], ...compared(classifier).map(([who, m]) => [who, m.value, m.low, m.high])]), { "data-key": "models-csv" })),
  classifier
    ? [h("div", { class: "ranges" }, compared(classifier).map(([who, measured], place) => range(who, measured, place === 0))),
      h("p", { class: "note" }, `Classifier ${classifier.digest}, trained ${full(classifier.created_at)} UTC. ${waiting ? `${plural(waiting, "candidate")} can be promoted: socialsent models promote. ` : ""}${bigram ? `Next-word model: ${bigram.headline}.` : ""}`)]
    : empty("No classifier is in use yet: ", candidate
      ? [`candidate ${candidate.digest} of ${full(candidate.created_at)} UTC did not beat its baselines. More human labels help: `, h("code", {}, "socialsent labels import FILE"), "."]
      : [h("code", {}, "socialsent materialize --select group:models"), " trains one from human labels."]));
}

const compared = (model) => [["this model", model.metrics.macro_recall], ...Object.entries(model.baselines).map(([who, measured]) => [who, measured.macro_recall])].filter(([, m]) => m && Number.isFinite(m.value)).sort((a, b) => b[1].value - a[1].value).sort((a, b) => (b[0] === "this model") - (a[0] === "this model"));

const range = (who, { value, low, high }, own) => h("div", { class: `range ${own ? "own" : ""}` },
  h("span", {}, who),
  h("div", { class: "range-bar", role: "img", "aria-label": `${percent(value, 1)}, between ${percent(low, 1)} and ${percent(high, 1)}` },
    h("i", { style: { left: `${100 * low}%`, width: `${100 * (high - low)}%` } }), h("b", { style: { left: `${100 * value}%` } })),
  h("span", { class: "figure" }, percent(value, 1)));

export function drawRecords({ data, arrivals }) {
  if (!data) return;
  const { records } = data;
  const byHour = records.by_hour;
  const early = arrivals ? arrivals.at_arrival : 0;
  const repeats = arrivals ? arrivals.repeats : 0;
  const all = records.records + early + repeats;
  const parts = [["accepted", records.accepted, "rows of the cleansed tables"], ["duplicate", records.duplicates + repeats, "redeliveries dropped"], ["quarantined", records.quarantined + early, "kept with a reason"]];
  const reasons = Object.entries(arrivals?.reasons ?? {});
  const most = Math.max(1, ...reasons.map(([, count]) => count));
  fill(byId("records"), head("records", "All records", `${number(all)} records${arrivals ? " since the first one landed" : " of the hours in the marts"}: each is a row, a duplicate or quarantined.`,
    tool("CSV", "Download the records of each hour as CSV", () => downloadCsv("records", [["hour_utc", "records", "accepted", "duplicates", "quarantined", "scored"], ...byHour]), { "data-key": "records-csv" })),
  h("div", { class: "flow", role: "img", "aria-label": parts.map(([what, count]) => `${what} ${number(count)}`).join(", ") }, parts.map(([what, count]) => h("span", { class: what, style: { flexGrow: "0", width: `${Math.max(0.6, (100 * count) / (all || 1))}%` } }))),
  h("dl", { class: "sums" }, parts.map(([what, count, meaning]) => h("div", {}, h("dt", {}, h("i", { class: `key ${what}` }), what), h("dd", {}, h("b", {}, number(count)), " ", h("span", { class: "note" }, `${percent(count, all)}, ${meaning}`))))),
  reasons.length > 0 && [h("h3", {}, "Why records were quarantined"), h("div", { class: "rows" }, reasons.slice(0, 9).map(([reason, count]) => h("div", { class: "reason" }, h("span", {}, name(reason.replaceAll("_", " "))), h("div", { class: "meter" }, h("span", { style: { width: `${(100 * count) / most}%` } })), h("span", { class: "figure" }, compact(count)))))]);
}

/** How old the data is: what the page holds, and what it cannot know. */
export function drawFresh(facts) {
  const { data } = facts;
  if (!data) return;
  const { records, last, first } = data;
  const newest = records.by_hour.at(-1);
  const lines = [
    ["Newest text", `${ago(Date.now() - Date.parse(last))} old`, `${full(last)} UTC`],
    ["Newest event hour", moment(newest[0]), `${plural(newest[1], "record")}, ${number(newest[2])} accepted`],
    ["Event hours", number(records.hours), `from ${full(first)} UTC`],
    ["Marts read", `${ago(Date.now() - Date.parse(facts.read_at))} ago`, `data version ${facts.version}`]];
  fill(byId("fresh"), head("fresh", "Freshness", "Ages are relative to now. A new build appears within seconds.",
    tool("CSV", "Download the freshness as CSV", () => downloadCsv("fresh", [["what", "value", "meaning"], ...lines]), { "data-key": "fresh-csv" })),
    h("dl", { class: "facts" }, lines.map(([what, value, meaning]) => h("div", {}, h("dt", {}, what), h("dd", {}, h("b", {}, value), " ", h("span", { class: "note" }, meaning))))),
    h("p", { class: "note" }, "Records that have landed but are not built yet are not included: socialsent status lists stale hours."));
}

export function drawFoot(facts) {
  if (!facts.data) return;
  fill(byId("foot"), h("p", {}, "Texts in languages that the lexicon does not support are not scored and are part of no share. This page only reads the marts. Times are UTC."));
}
