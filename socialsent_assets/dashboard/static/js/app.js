// The page: asks for what the state says, gives the answers to the cards, and asks again when the marts change.

import { byId, empty, fill, h } from "./dom.js";
import { ago, moment } from "./format.js";
import { ask, follow } from "./api.js";
import { CLEAR, change, comparison, isFiltered, onChange, query, readAddress, state } from "./state.js";
import { drawFilters } from "./filters.js";
import { drawCompare, drawFacet, drawNumbers, drawPeople, drawWords } from "./cards.js";
import { drawAlerts, drawFoot, drawFresh, drawModels, drawRecords } from "./pipeline.js";
import { drawMood, recolour } from "./charts.js";
import { copyLink, drawDrill, drawPosts } from "./posts.js";

let facts = null;
let status = { state: "starting", number: -1 };
let heardAt = 0;

function notice(text, ...more) {
  byId("notice").hidden = !text;
  fill(byId("notice"), text, more);
}

function drawLive() {
  const { data } = facts ?? {};
  const words = {
    starting: "Reading the marts …", no_marts: "No marts yet", empty: "No texts yet", busy: "The marts are being written", broken: "The marts cannot be read", lost: "No connection, retrying …",
    ready: data ? `Live · newest text ${moment(data.last)} UTC` : "Live",
  };
  byId("live").dataset.state = status.state;
  byId("live-text").textContent = `${words[status.state]}${status.state === "busy" && data ? ` · shown: up to ${moment(data.last)} UTC` : ""}`;
  byId("live").title = facts?.read_at ? `The marts were read ${ago(Date.now() - Date.parse(facts.read_at))} ago` : "";
}

async function heard(found) {
  const changed = found.version !== status.version || found.number !== status.number;
  status = found;
  heardAt = Date.now();
  drawLive();
  if (changed) await load();
}

async function load() {
  const found = await ask("facts");
  if (!found) return;
  facts = found;
  drawLive();
  drawFilters(facts);
  drawModels(facts);
  drawAlerts(facts);
  document.body.classList.toggle("without-data", !facts.data);
  if (!facts.data) {
    notice(null);
    fill(byId("numbers"), empty(facts.detail || "Reading the marts …", facts.state === "no_marts" && h("p", { class: "note" }, "This page updates as soon as they are built. For a simulated network: ", h("code", {}, "socialsent run"), ". For your own data: ", h("code", {}, "socialsent ingest"), ", then ", h("code", {}, "socialsent materialize"), ".")));
    return;
  }
  drawRecords(facts);
  drawFresh(facts);
  drawFoot(facts);
  await draw();
}

let turns = 0;

async function draw() {
  if (!facts?.data) return;
  const turn = ++turns;
  drawFilters(facts);
  document.body.classList.add("loading");
  try {
    const view = await ask("view", query(facts.data));
    if (!view) return;
    const against = comparison(facts.data, view);
    const other = against ? await ask("view", query(facts.data, against.over), "other") : undefined;
    if (against && !other) return;
    notice(null);
    show(view, other, against);
    // The browser paints the numbers first: the chart takes as long as everything else together.
    await new Promise((painted) => setTimeout(painted));
    if (turn !== turns) return;
    await Promise.all([view.totals.n > 0 && drawMood(view, other, facts), drawPosts(facts), ask("people", query(facts.data)).then((found) => found && drawPeople(found)), drawDrill(facts)]);
  } catch (error) {
    notice(`${error.message}. `, h("button", { type: "button", class: "link", onclick: () => change({ ...CLEAR, vs: "" }) }, "Clear the filters"));
  } finally {
    if (turn === turns) document.body.classList.remove("loading");
  }
}

function show(view, other, against) {
  drawNumbers(view);
  drawCompare(view, other, against);
  drawFacet(view, "topic", "Sentiment by topic");
  for (const [facet, title] of [["watch", "Watched words"], ["source", "Sources"], ["lang", "Languages"], ["kind", "Kinds"]]) drawFacet(view, facet, title, { most: facet === "watch" ? 20 : 6 });
  byId("watch").hidden = !facts.data.watch.length;
  drawWords(view);
  document.body.classList.toggle("nothing", view.totals.n === 0);
  if (view.totals.n === 0) {
    notice("No text matches these filters. ", isFiltered() && h("button", { type: "button", class: "link", onclick: () => change(CLEAR) }, "Clear the filters"));
  }
}

// What has to be asked again: a drawer or the order of a list needs no new numbers.
onChange((changes) => {
  const keys = Object.keys(changes);
  if (!facts?.data) return;
  if (keys.every((key) => key === "drill")) drawDrill(facts);
  else if (keys.every((key) => key === "list")) drawPosts(facts);
  else draw();
});

document.addEventListener("waiting", (event) => notice(event.detail));

// ---------------------------------------------------------------------------------------------- light and dark

const THEMES = ["auto", "light", "dark"];
function theme(wanted) {
  document.documentElement.dataset.theme = wanted;
  byId("theme").textContent = { auto: "Auto", light: "Light", dark: "Dark" }[wanted];
  byId("theme").setAttribute("aria-label", `Colours: ${wanted === "auto" ? "as the system" : wanted}`);
  recolour();
}
const remembered = () => {
  try { return localStorage.getItem("theme"); } catch { return null; }
};
byId("theme").addEventListener("click", () => {
  const next = THEMES[(THEMES.indexOf(document.documentElement.dataset.theme) + 1) % THEMES.length];
  try { localStorage.setItem("theme", next); } catch { /* a private window forgets it */ }
  theme(next);
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolour);
byId("fold").addEventListener("click", () => {
  const open = document.body.classList.toggle("with-filters");
  byId("fold").setAttribute("aria-expanded", String(open));
});
byId("copy").addEventListener("click", copyLink);

theme(THEMES.includes(remembered()) ? remembered() : "auto");
readAddress();
drawFilters({ data: null });
follow(heard, () => {
  status = { ...status, state: "lost", number: -1 };
  drawLive();
});
setInterval(() => heardAt && drawLive(), 10_000);
