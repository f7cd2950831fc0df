// Cards that are made of the answer to a filter: headline numbers, comparison, topics, words, values and people.

import { byId, empty, fill, h, head, isPhone, name, tool } from "./dom.js";
import { compact, number, percent, plural, signed, span } from "./format.js";
import { downloadCsv, downloadShares } from "./download.js";
import { change, scoredWord, state, toggled } from "./state.js";
import { openDrill } from "./posts.js";
import { shownValue } from "./filters.js";

const MOODS = ["negative", "neutral", "positive"];
const scorer = () => (state.by === "model" ? "the classifier" : "the lexicon");

export function drawNumbers(view) {
  const { totals, before } = view;
  const scored = `of ${number(totals.scored)} ${scoredWord()} texts`;
  const share = (mood) => tile(mood === "positive" ? "Positive" : "Negative", percent(totals[mood], totals.scored), scored, mood, before?.scored && totals.scored ? points(totals[mood] / totals.scored - before[mood] / before.scored) : "");
  fill(byId("numbers"),
    tile("Texts", totals.n < 10_000_000 ? number(totals.n) : compact(totals.n), span(view.span.from, view.span.to), "", before?.n ? `${signed((100 * (totals.n - before.n)) / before.n, 0)} % from the previous span` : ""),
    tile("Mean polarity", signed(totals.mean), state.by === "model" ? "−1 to +1: probability of positive minus that of negative, by the classifier" : "−1 to +1, by the lexicon", "", before?.scored && totals.scored ? `${signed(totals.mean - before.mean)} from the previous span` : ""),
    share("positive"), share("negative"),
    tile("Coverage", percent(totals.scored, totals.n), `${number(totals.scored)} of ${number(totals.n)} texts are ${scoredWord()}`, "", ""),
    tile("Agreement", percent(totals.agreeing, totals.compared), totals.compared ? `lexicon and classifier, of ${number(totals.compared)} texts with both` : "no text has both", "", ""));
}

const points = (difference) => `${signed(100 * difference, 1)} points from the previous span`;
const tile = (label, value, of, mood, against) => h("div", { class: "card tile" },
  h("p", { class: "label" }, label), h("p", { class: `value ${mood}` }, value), h("p", { class: "of" }, of), against && h("p", { class: "against" }, against));

/** Side by side, with the 95 % confidence interval of each difference of shares. */
export function drawCompare(view, other, against) {
  const card = byId("compare");
  card.hidden = !other;
  if (!other) return;
  const [a, b] = [view.totals, other.totals];
  const rows = [
    ["Texts", number(a.n), number(b.n), b.n ? `${signed((100 * (a.n - b.n)) / b.n, 0)} %` : "–"],
    ["Mean polarity", signed(a.mean, 3), signed(b.mean, 3), a.scored && b.scored ? signed(a.mean - b.mean, 3) : "–"],
    ...[...MOODS].reverse().map((mood) => [`${mood[0].toUpperCase()}${mood.slice(1)}`, percent(a[mood], a.scored), percent(b[mood], b.scored), difference(a, b, mood)]),
    ["Coverage", percent(a.scored, a.n), percent(b.scored, b.n), ""],
  ];
  const bar = (counts) => h("div", { class: "bar" }, MOODS.filter((mood) => counts[mood]).map((mood) => h("span", { class: mood, style: { width: `${(100 * counts[mood]) / counts.scored}%` } })));
  fill(card, head("compare", ["This selection compared with ", name(shownValue(against.label))], `Shares are of the texts ${scoredWord()} by ${scorer()}: ${number(a.scored)} here, ${number(b.scored)} there. In brackets: the 95 % confidence interval of the difference.`,
    tool("CSV", "Download the comparison as CSV", () => downloadCsv("comparison", [["measure", "this selection", against.label, "difference"], ...rows]), { "data-key": "compare-csv" }),
    tool("✕", "End the comparison", () => change({ vs: "" }), { "data-key": "compare-end" })),
  h("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "Comparison" }, h("table", { class: "compare" },
    h("thead", {}, h("tr", {}, h("td"), h("th", { scope: "col" }, "This selection", bar(a)), h("th", { scope: "col" }, name(shownValue(against.label)), bar(b)), h("th", { scope: "col" }, "Difference"))),
    h("tbody", {}, rows.map(([label, ...cells]) => h("tr", {}, h("th", { scope: "row" }, label), cells.map((cell) => h("td", {}, cell))))))));
}

function difference(a, b, mood) {
  if (!a.scored || !b.scored) return "–";
  const [p, q] = [a[mood] / a.scored, b[mood] / b.scored];
  const half = 196 * Math.sqrt((p * (1 - p)) / a.scored + (q * (1 - q)) / b.scored);
  const points = 100 * (p - q);
  return `${signed(points, 1)} points [${signed(points - half, 1)}, ${signed(points + half, 1)}]`;
}

const opened = new Set();

/** Values of one facet: shares as a bar whose parts open the posts, names that filter. */
export function drawFacet(view, facet, title, { most = 12 } = {}) {
  const card = byId(facet === "topic" ? "topics" : facet);
  // One value that everything has is no news, and a phone has no room for it.
  card.classList.toggle("single", facet !== "topic" && view.facets[facet].found < 2 && !state[facet].length);
  const id = card.id;
  const { values, found } = view.facets[facet];
  const shown = opened.has(facet) ? values : values.slice(0, isPhone() ? Math.min(most, 5) : most);
  const rest = values.length - shown.length;
  const note = facet === "topic"
    ? `${found > shown.length ? `The ${shown.length} largest of ${found}` : `All ${plural(found, "topic")}`} by number of texts. A comment counts under the topic of its post. Shares are of the ${scoredWord()} texts. Click a name to filter, a bar to see its posts.`
    : `${facet === "watch" ? "Texts that contain the whole word; a text with two of the words counts for both. " : ""}Shares are of the ${scoredWord()} texts.`;
  const rows = [["value", "texts", "scored_texts", "positive", "neutral", "negative", "mean_polarity"], ...values.map((row) => [row.value, row.n, row.scored, row.positive, row.neutral, row.negative, row.mean])];
  fill(card, head(id, title, note,
    tool("CSV", `Download ${title} as CSV`, () => downloadCsv(id, rows), { "data-key": `${id}-csv` }),
    tool("PNG", `Download ${title} as PNG`, () => downloadShares(id, title, `Share of negative, neutral and positive texts by ${scorer()}. ${span(view.span.from, view.span.to)}.`, shown.map((row) => ({ ...row, label: shownValue(row.value), end: `${signed(row.mean)}  ${compact(row.n)}` }))), { "data-key": `${id}-png` })),
  shown.length ? h("div", { class: `rows ${facet === "topic" ? "broad" : ""}` }, shown.map((row) => facetRow(facet, row))) : empty("No text matches these filters."),
  rest > 0 && h("button", { type: "button", class: "link more", "data-key": `${id}-more`, onclick: () => { opened.add(facet); drawFacet(view, facet, title, { most }); card.querySelectorAll(".row-name")[shown.length]?.focus(); } }, `Show ${rest} more`));
}

function facetRow(facet, row) {
  const chosen = state[facet].includes(row.value);
  const dim = state[facet].length > 0 && !chosen;
  return h("div", { class: `row ${dim ? "dim" : ""}` },
    h("button", { type: "button", class: "row-name", "aria-pressed": String(chosen), "data-key": `name-${facet}-${row.value}`, title: chosen ? "Remove this filter" : "Filter by this", onclick: () => change({ [facet]: toggled(state[facet], row.value) }) }, name(shownValue(row.value))),
    h("div", { class: "bar" }, !row.scored && h("span", { class: "none" }, row.n ? `not ${scoredWord()}` : "no text"), MOODS.map((mood) => row[mood] > 0 && h("button", {
      type: "button", class: mood, style: { width: `${(100 * row[mood]) / (row.scored || 1)}%` }, "data-key": `bar-${facet}-${row.value}-${mood}`,
      "aria-label": `${shownValue(row.value)}: ${percent(row[mood], row.scored)} ${mood}, ${plural(row[mood], "text")}: show them`, title: `${percent(row[mood], row.scored)} ${mood}: ${plural(row[mood], "text")}`,
      onclick: () => openDrill({ [facet]: row.value, mood }) },
    facet === "topic" && row[mood] / row.scored > (isPhone() ? 0.22 : 0.12) ? h("span", { "aria-hidden": "true" }, `${Math.round((100 * row[mood]) / row.scored)} %`) : ""))),
    facet === "topic" && h("span", { class: "figure", title: "mean polarity" }, signed(row.mean)),
    h("span", { class: "figure note", title: plural(row.n, "text") }, compact(row.n)));
}

export function drawWords(view) {
  const { words } = view;
  const note = words.sampled
    ? `Words that are significantly more frequent in positive or in negative texts (z-score of the log odds, 1.96 or more), from ${number(words.read)} of ${words.sampled < words.texts ? `a sample of ${number(words.sampled)} of ` : "all "}${number(words.texts)} texts.`
    : "Loading the words …";
  const most = isPhone() ? 12 : 24;
  const column = (mood) => h("div", {},
    h("h3", { class: mood }, mood === "positive" ? "In positive texts" : "In negative texts"),
    words[mood].length
      ? h("p", { class: "cloud" }, words[mood].slice(0, isPhone() ? 12 : 24).map((each) => [h("button", {
        type: "button", class: `word ${mood}`, "data-key": `word-${each.word}`, style: { "--size": wordSize(each.z, words[mood]) }, title: `${number(each.texts)} of ${plural(each.all, "text")} with this word; z = ${each.z}`,
        "aria-label": `${each.word}: ${number(each.texts)} of ${number(each.all)} texts are ${mood}; show texts with it`, onclick: () => openDrill({ q: each.word.replace(/^#/, "") }) }, name(each.word)), " "]))
      : empty(words.sampled ? "No word is significant here." : ""));
  fill(byId("words"), head("words", "Words of positive and of negative texts", note, tool("CSV", "Download the words as CSV", () =>
    downloadCsv("words", [["mood", "word", "texts_of_that_mood", "texts", "z"], ...["positive", "negative"].flatMap((mood) => words[mood].map((each) => [mood, each.word, each.texts, each.all, each.z]))]), { "data-key": "words-csv" })),
  h("div", { class: "clouds" }, column("positive"), column("negative")));
}

const wordSize = (z, all) => (0.82 + 0.75 * Math.sqrt(Math.max(0, (z - 1.9) / Math.max(1, all[0].z - 1.9)))).toFixed(2);

export function drawPeople(found) {
  const most = Math.max(1, ...found.people.map((each) => each.received));
  const rows = [["user", "texts_here", "positive", "negative", "likes", "shares", "replies", "received_all_time"], ...found.people.map((each) => [each.name, each.texts, each.positive, each.negative, each.likes, each.shares, each.comments, each.received])];
  const figure = (content, more = "") => h("td", { class: `figure ${more}` }, content);
  fill(byId("people"), head("people", "Most engaged authors", `The ${Math.min(10, found.people.length)} of ${plural(found.found, "author")} of these texts whose posts received the most likes, shares and replies from others, over all time.`,
    tool("CSV", "Download the authors as CSV", () => downloadCsv("people", rows), { "data-key": "people-csv" })),
  found.people.length ? h("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "Authors" }, h("table", {},
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Author"), h("th", { scope: "col", class: "grow" }, "Received"), ["Likes", "Shares", "Replies", "Texts here", "Positive", "Negative"].map((each) => h("th", { scope: "col", class: "figure" }, each)))),
    h("tbody", {}, found.people.map((each) => h("tr", {},
      h("th", { scope: "row" }, h("button", { type: "button", class: "link", "data-key": `person-${each.author_id}`, onclick: () => openDrill({ author: each.author_id, "author-name": each.name }) }, name(each.name))),
      h("td", { class: "grow" }, h("div", { class: "meter" }, h("span", { style: { width: `${(100 * each.received) / most}%` } }), h("b", {}, number(each.received)))),
      figure(number(each.likes)), figure(number(each.shares)), figure(number(each.comments)), figure(number(each.texts)), figure(percent(each.positive, each.scored, 0), "positive"), figure(percent(each.negative, each.scored, 0), "negative")))))) : empty("No author has a text that matches these filters."));
}
