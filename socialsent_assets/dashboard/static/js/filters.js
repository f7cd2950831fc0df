// The bar of filters that all views share, and the chips that take them away again.

import { byId, fill, h, name } from "./dom.js";
import { compact, moment } from "./format.js";
import { CLEAR, FACETS, SHIFTS, SPANS, change, isFiltered, state, toggled } from "./state.js";

export const HOW_TO_WATCH = "socialsent watch add WORD";
const NAMES = { source: "Source", topic: "Topic", watch: "Watched word", lang: "Language", kind: "Kind" };
export const shownValue = (value) => (value === "(none)" ? "not given" : value);

let data;
let typing;

/** Build the form once, then bring it in line with the state. */
export function drawFilters(facts) {
  data = facts.data;
  const form = byId("filters");
  if (!form.childElementCount) build(form);
  for (const button of form.querySelectorAll("[data-span]")) {
    button.setAttribute("aria-pressed", String(button.dataset.span === state.span && !(state.from || state.to)));
  }
  for (const button of form.querySelectorAll("[data-by]")) {
    button.setAttribute("aria-pressed", String(button.dataset.by === state.by));
    if (button.dataset.by === "model") {
      button.disabled = !data?.has_model;
      button.title = data?.has_model ? "Use the labels of the classifier" : "No text has been classified yet";
    }
  }
  const search = form.querySelector("#search");
  if (document.activeElement !== search) search.value = state.q;
  const [from, to] = form.querySelectorAll("input[type=datetime-local]");
  if (![from, to].includes(document.activeElement)) [from.value, to.value] = [state.from, state.to];
  for (const facet of FACETS) drawPick(facet);
  drawVersus();
  drawChips();
}

function build(form) {
  form.addEventListener("submit", (event) => event.preventDefault());
  const group = (label, ...buttons) => h("div", { class: "segments", role: "group", "aria-label": label }, buttons);
  fill(form,
    group("Time span", spanButton("", "All"), ...Object.keys(SPANS).reverse().map((key) => spanButton(key, key))),
    pick("dates", "Dates", h("div", { class: "dates" },
      h("label", {}, "From (UTC)", h("input", { type: "datetime-local", onchange: setDates })), h("label", {}, "To (UTC)", h("input", { type: "datetime-local", onchange: setDates })))),
    ...FACETS.map((facet) => pick(facet, facet === "watch" ? "Watched" : NAMES[facet], h("div", { id: `pick-${facet}`, class: "options" }))),
    group("Scores by", h("button", { type: "button", "data-by": "lexicon", title: "Use the sentiment of the lexicon (VADER)", onclick: () => change({ by: "lexicon" }) }, "Lexicon"), h("button", { type: "button", "data-by": "model", onclick: () => change({ by: "model" }) }, "Model")),
    pick("versus", "Compare", h("div", { id: "pick-versus", class: "options" })),
    h("label", { class: "search" }, h("span", { class: "unseen" }, "Texts that contain these words"),
      h("input", { id: "search", type: "search", placeholder: "Search texts …", maxlength: 200, spellcheck: "false", oninput: typed, onkeydown: (event) => event.key === "Enter" && typed(event, 0) })));
  document.addEventListener("click", (event) => {
    // The path as it was: a choice draws its list anew, and the clicked box is then no longer part of the page.
    for (const open of form.querySelectorAll("details[open]")) if (!event.composedPath().includes(open)) open.open = false;
  });
  form.addEventListener("keydown", (event) => {
    const open = event.key === "Escape" && event.target.closest("details[open]");
    if (!open) return;
    open.open = false;
    open.querySelector("summary").focus();
  });
  form.addEventListener("toggle", (event) => {
    for (const open of form.querySelectorAll("details[open]")) if (event.target.open && open !== event.target) open.open = false;
  }, true);
}

const spanButton = (key, label) =>
  h("button", { type: "button", "data-span": key, title: key ? `The newest ${label} of the data` : "All time", onclick: () => change({ span: key, from: "", to: "" }) }, label);

const pick = (id, label, menu) =>
  h("details", { class: "pick", id: `details-${id}` }, h("summary", { "data-label": label }, label), h("div", { class: "menu" }, menu));

function setDates() {
  const [from, to] = [...byId("filters").querySelectorAll("input[type=datetime-local]")].map((input) => input.value);
  if (from && to && from >= to) return;
  change({ span: "", from, to });
}

function typed(event, wait = 350) {
  clearTimeout(typing);
  const { value } = event.target;
  typing = setTimeout(() => value.trim() !== state.q && change({ q: value.trim() }), wait);
}

const valuesOf = (facet) => (facet === "topic" ? data?.topics : data?.[facet]) ?? [];

function drawPick(facet) {
  const summary = byId(`details-${facet}`).querySelector("summary");
  const count = state[facet].length;
  fill(summary, facet === "watch" ? "Watched" : NAMES[facet], count === 1 ? [": ", h("b", {}, name(shownValue(state[facet][0])))] : count > 1 ? [": ", h("b", {}, count)] : "");
  const node = byId(`pick-${facet}`);
  const find = node.querySelector("input[type=search]")?.value ?? "";
  const option = ([value, texts]) =>
    h("label", { hidden: Boolean(find) && !value.toLowerCase().includes(find.toLowerCase()) },
      h("input", { type: "checkbox", checked: state[facet].includes(value), "data-key": `${facet}-${value}`, onchange: () => change({ [facet]: toggled(state[facet], value) }) }),
      h("span", {}, name(shownValue(value))), h("span", { class: "note" }, compact(texts)));
  const values = valuesOf(facet);
  fill(node,
    values.length > 12 && h("input", { type: "search", value: find, placeholder: `Find a ${NAMES[facet].toLowerCase()}`, "aria-label": `Find a ${NAMES[facet].toLowerCase()}`, "data-key": `find-${facet}`, oninput: (event) => filterOptions(node, event.target.value) }),
    values.map(option),
    facet === "topic" && data?.topics_found > values.length && h("p", { class: "note" }, `the ${values.length} largest of ${data.topics_found}`),
    !values.length && h("p", { class: "note" }, facet === "watch" ? [HOW_TO_WATCH, " adds a word here."] : "nothing yet"));
}

function filterOptions(node, text) {
  for (const label of node.querySelectorAll("label")) label.hidden = !label.textContent.toLowerCase().includes(text.toLowerCase());
}

function drawVersus() {
  const summary = byId("details-versus").querySelector("summary");
  fill(summary, "Compare", state.vs ? [": ", h("b", {}, name(versusLabel()))] : "");
  // A click chooses and closes; arrow keys walk through the choices, with the list open.
  const close = (event) => event.detail > 0 && setTimeout(() => { byId("details-versus").open = false; });
  const option = (value, label, disabled = false) => h("label", { onclick: close },
    h("input", { type: "radio", name: "versus", checked: state.vs === value, disabled, "data-key": `vs-${value}`, onchange: () => change({ vs: value }) }), h("span", {}, name(label)));
  const spanned = state.span || state.from;
  const groups = ["topic", "source", "watch"].map((facet) => valuesOf(facet).length > 1 && [
    h("p", { class: "menu-title" }, `with the ${NAMES[facet].toLowerCase()}`), valuesOf(facet).slice(0, 25).map(([value]) => option(`${facet}:${value}`, shownValue(value)))]);
  fill(byId("pick-versus"), option("", "nothing"),
    h("p", { class: "menu-title" }, spanned ? "with another span" : "with another span (select a time span first)"), Object.entries(SHIFTS).map(([key, { label }]) => option(key, label, !spanned)), groups);
}

const versusLabel = () => SHIFTS[state.vs]?.label ?? shownValue(state.vs.split(":").slice(1).join(":"));

function drawChips() {
  const chip = (label, changes, what) => h("button", { type: "button", class: "chip", "data-key": `chip-${what}`, "aria-label": `Remove the filter ${what}`, onclick: () => change(changes) }, label, h("span", { "aria-hidden": "true" }, " ×"));
  const chips = [];
  if (state.from || state.to) chips.push(chip(`${state.from ? moment(`${state.from}Z`) : "start"} – ${state.to ? moment(`${state.to}Z`) : "end"} UTC`, { from: "", to: "" }, "span"));
  for (const facet of FACETS) for (const value of state[facet]) chips.push(chip([`${NAMES[facet].toLowerCase()}: `, name(shownValue(value))], { [facet]: toggled(state[facet], value) }, `${facet} ${value}`));
  if (state.q) chips.push(chip(["text: ", name(state.q)], { q: "" }, "text"));
  if (state.vs) chips.push(chip(["compared with ", name(versusLabel())], { vs: "" }, "comparison"));
  if (isFiltered() && chips.length) chips.push(h("button", { type: "button", class: "link", "data-key": "clear", onclick: () => change(CLEAR) }, "Clear all"));
  fill(byId("chips"), chips);
}
