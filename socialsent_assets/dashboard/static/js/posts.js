// Lists of posts: the card of extremes, and the drawer with the posts behind a bar, a word, a person or an alert.

import { byId, empty, fill, h, head, isPhone, name, toast, tool } from "./dom.js";
import { moment, number, percent, signed, span } from "./format.js";
import { ask } from "./api.js";
import { FACETS, bounds, change, query, state } from "./state.js";

const LISTS = { positive: "Most positive", negative: "Most negative", newest: "Newest" };
let facts;
let opener;

export const openDrill = (drill) => {
  opener = document.activeElement?.dataset?.key;
  change({ drill });
};

/** The card of posts for the current filter. */
export async function drawPosts(newFacts) {
  facts = newFacts;
  const list = LISTS[state.list] ? state.list : "positive";
  const note = list === "newest" ? "All texts that match the filters, newest first." : `By the polarity of ${state.by === "model" ? "the classifier" : "the lexicon"} (−1 to +1). A text that was posted several times is listed once.`;
  if (!byId("posts-list")) fill(byId("posts"), h("div", { id: "posts-head" }), h("div", { id: "posts-list" }));
  fill(byId("posts-head"), head("posts", "The posts", note, csvLink(query(facts.data), list)),
    h("div", { class: "tabs", role: "tablist", "aria-label": "Order of the posts" },
      Object.entries(LISTS).map(([key, label]) => h("button", {
        type: "button", role: "tab", "aria-selected": String(key === list), "aria-controls": "posts-list", "data-key": `list-${key}`, tabindex: key === list ? 0 : -1,
        onclick: () => change({ list: key }, { replace: true }), onkeydown: walkTabs }, label))));
  const wanted = query(facts.data);
  await showList(byId("posts-list"), wanted, list, "posts", list !== "newest", isPhone() ? 3 : 10);
}

function walkTabs(event) {
  const keys = Object.keys(LISTS);
  const move = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!move) return;
  const next = keys[(keys.indexOf(state.list) + move + keys.length) % keys.length];
  change({ list: next }, { replace: true });
  document.querySelector(`[data-key="list-${next}"]`)?.focus();
}

const csvLink = (wanted, order) => {
  const asked = new URLSearchParams(wanted);
  asked.set("order", order);
  return h("a", { class: "tool", href: `api/posts.csv?${asked}`, download: "socialsent-texts.csv", title: "Download up to 10,000 texts of this list as CSV", "aria-label": "Download up to 10,000 texts of this list as CSV", "data-key": `csv-${order}` }, "CSV");
};

async function showList(node, wanted, order, slot, distinct, few = 0) {
  const load = async (page) => {
    const asked = new URLSearchParams(wanted);
    asked.set("order", order);
    asked.set("page", page);
    if (distinct) asked.set("distinct", "1");
    const found = await ask("posts", asked, slot);
    if (!found) return;
    if (!found.posts.length) return fill(node, empty(page ? "No more posts." : "No post matches these filters."));
    const rest = h("div", { class: "pager" });
    const shownNow = few && page === 0 ? found.posts.slice(0, few) : found.posts;
    const list = h("ol", { class: "post-list" }, shownNow.map(post));
    const turn = (label, to, on) => h("button", { type: "button", class: "quiet", disabled: !on, "data-key": `${slot}-${label}`, onclick: () => load(to) }, label);
    const turning = page || found.more ? [turn("Previous", page - 1, page > 0), h("span", { class: "note" }, `page ${page + 1}`), turn("Next", page + 1, found.more)] : [];
    const others = found.posts.slice(shownNow.length);
    if (others.length) {
      rest.append(h("button", { type: "button", class: "quiet", "data-key": `${slot}-more`, onclick: () => { list.append(...others.map(post)); fill(rest, turning); } }, `Show ${others.length} more`));
    } else rest.append(...turning);
    fill(node, list, rest);
    if (slot === "drill") node.scrollTop = 0;
  };
  await load(0);
}

function post(each) {
  const byModel = state.by === "model";
  const value = byModel ? each.predicted_polarity : each.unscored_reason ? null : each.polarity;
  const mood = (byModel ? each.predicted_sentiment : each.unscored_reason ? null : each.sentiment) ?? "unscored";
  const meaning = value === null ? `not ${byModel ? "classified" : "scored: the lexicon does not support this language"}` : `polarity ${signed(value, 4)}, by the ${byModel ? "classifier: probability of positive minus that of negative" : "lexicon"}`;
  const why = h("div", { class: "why", hidden: true });
  const cut = each.length > each.text.length;
  return h("li", { class: "post" },
    h("div", { class: "score-side" }, h("div", { class: `score ${mood}`, title: meaning }, signed(value)),
      !each.unscored_reason && h("button", { type: "button", class: "link", "aria-expanded": "false", "aria-label": "Why this score?", onclick: (event) => explain(event.target, why, each) }, "Why?")),
    h("div", { class: "post-body" },
      h("p", { class: "post-text", dir: "auto" }, each.text, cut && h("span", { class: "note" }, ` … (${number(each.length)} characters)`)),
      h("p", { class: "post-meta" },
        h("button", { type: "button", class: "link", onclick: () => openDrill({ author: each.author_id, "author-name": each.author }) }, name(each.author)),
        each.topic && h("button", { type: "button", class: "tag", onclick: () => change({ topic: [each.topic], drill: null }) }, name(each.topic)),
        h("span", {}, each.kind), h("span", {}, name(each.source)), each.lang && h("span", {}, name(each.lang)), h("time", { datetime: each.time }, `${moment(each.time)} UTC`),
        each.predicted_sentiment && h("span", { class: `model ${each.predicted_sentiment}`, title: "label of the classifier, and its probability" }, `model: ${each.predicted_sentiment} ${each.predicted_probability === null ? "" : percent(each.predicted_probability, 1, 0)}`)),
      why));
}

async function explain(button, node, each) {
  node.hidden = !node.hidden;
  button.setAttribute("aria-expanded", String(!node.hidden));
  if (node.childElementCount) return;
  const found = await ask("why", new URLSearchParams({ kind: each.kind, id: each.id }), `why-${each.id}`).catch((error) => ({ error: error.message }));
  if (!found || found.error) return fill(node, h("p", { class: "note" }, found?.error ?? ""));
  fill(node, lexiconReasons(found), found.model && modelReasons(found.model));
}

function lexiconReasons(found) {
  const strongest = Math.max(0.01, ...found.words.map((word) => Math.abs(word.adds)));
  const rest = [found.emphasis && `! and ? ${signed(found.emphasis, 3)}`, found.others && `words not shown ${signed(found.others, 3)}`].filter(Boolean);
  return [
    h("p", { class: "words", dir: "auto" }, found.words.map((word) => [
      h("span", { class: word.adds > 0 ? "adds positive" : word.adds < 0 ? "adds negative" : "", style: word.adds ? { "--strength": (Math.abs(word.adds) / strongest).toFixed(2) } : {}, title: word.why || null }, word.word, word.adds ? h("sub", { dir: "ltr" }, signed(word.adds)) : null), " "]), found.cut && "…"),
    h("p", { class: "note" }, `Lexicon: polarity ${signed(found.polarity, 4)}, the sum of the small numbers${rest.length ? `, ${rest.join(", ")}` : ""}. Hover over a word for the rules behind its number.`)];
}

function modelReasons(model) {
  const parts = [...model.words.map((word) => [word.word, word.adds]), ["other words", model.others], ["intercept", model.intercept]].filter(([, adds]) => Math.abs(adds) >= 0.005);
  return h("p", { class: "note model-why" }, `Classifier: ${model.label} ${percent(model.probability, 1, 0)}. Features for and against: `,
    parts.map(([word, adds], place) => [place ? ", " : "", h("span", { class: adds > 0 ? "for" : "against" }, h("bdi", {}, word), ` ${signed(adds)}`)]), `; sum ${signed(model.sum)} (logit above the mean of the classes).`);
}

/** The drawer: open, closed or with other posts, as the state says. */
export async function drawDrill(newFacts) {
  facts = newFacts;
  const drawer = byId("drawer");
  if (!state.drill) {
    if (drawer.open) drawer.close();
    return;
  }
  const { drill } = state;
  const wanted = query(facts.data, drill);
  const order = "newest";
  const list = h("div", { class: "drawer-list", tabindex: -1 });
  fill(drawer,
    h("div", { class: "drawer-head" },
      h("div", {}, h("h2", { id: "drawer-title" }, drillTitle(drill)), h("p", { class: "note" }, drillNote(drill))),
      h("div", { class: "tools" }, csvLink(wanted, order), tool("✕", "Close", close, { "data-key": "drawer-close" }))),
    list);
  if (!drawer.open) drawer.showModal();
  await showList(list, wanted, order, "drill", false);
}

const drillTitle = (drill) => {
  const what = drill.mood ? `${drill.mood[0].toUpperCase()}${drill.mood.slice(1)} posts` : "Posts";
  const about = drill.author ? ` by ${drill["author-name"] ?? drill.author}` : drill.topic ? ` on ${drill.topic === "(none)" ? "no topic" : drill.topic}` : drill.watch ? ` with “${drill.watch}”` : drill.q ? ` with “${drill.q}”` : "";
  return h("bdi", {}, what + about);
};

function drillNote(drill) {
  const limits = drill.from ? { from: drill.from, to: drill.to } : bounds(facts.data);
  const parts = [limits.from && limits.to ? span(`${limits.from}Z`, `${limits.to}Z`) : "all time"];
  for (const facet of FACETS) {
    const values = drill[facet] ? [drill[facet]] : state[facet];
    if (values.length && facet !== (drill.topic ? "topic" : drill.watch ? "watch" : "")) parts.push(values.join(", "));
  }
  if (state.q) parts.push(`“${state.q}”`);
  parts.push(drill.mood ? `sentiment by the ${state.by === "model" ? "classifier" : "lexicon"}` : "newest first");
  return parts.join(" · ");
}

const close = () => change({ drill: null });

byId("drawer").addEventListener("cancel", (event) => {
  event.preventDefault();
  close();
});
byId("drawer").addEventListener("click", (event) => {
  if (event.target === byId("drawer")) close();
});
byId("drawer").addEventListener("close", () => {
  if (opener) document.querySelector(`[data-key="${CSS.escape(opener)}"]`)?.focus({ preventScroll: true });
});

/** Copy the address of this view. */
export async function copyLink() {
  try {
    await navigator.clipboard.writeText(location.href);
    toast("Link to this view copied");
  } catch {
    toast("The browser does not allow copying: copy the link from the address bar");
  }
}
