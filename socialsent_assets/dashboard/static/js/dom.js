// Elements from values. Text is always text: nothing here, or anywhere on this page, reads a string as markup.

/** An element: h("p", {class: "note", onclick: f}, "text", child, …). null and false children are left out. */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "style") for (const [property, given] of Object.entries(value)) element.style.setProperty(property, given);
    else if (key === "value" || key === "checked" || key === "selected") element[key] = value;
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Replace what a node holds; the control with the same data-key keeps the focus, so that live updates do not move it. */
export function fill(node, ...children) {
  const active = document.activeElement;
  const key = node.contains(active) ? active.dataset.key : undefined;
  node.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  if (key) [...node.querySelectorAll("[data-key]")].find((each) => each.dataset.key === key)?.focus({ preventScroll: true });
}

/** A narrow screen: lists begin shorter and open on request. */
export const isPhone = () => matchMedia("(max-width: 640px)").matches;

export const byId = (id) => document.getElementById(id);

/** Head of a card: title, what it shows with its denominator, and the buttons on the right. */
export function head(id, title, note, ...tools) {
  return h("div", { class: "head" },
    h("div", {}, h("h2", { id: `${id}-title` }, title), note && h("p", { class: "note" }, note)),
    tools.length > 0 && h("div", { class: "tools" }, tools));
}

/** A small button of a card. */
export const tool = (label, what, onclick, more = {}) =>
  h("button", { type: "button", class: "tool", "aria-label": what, title: what, onclick, ...more }, label);

export const empty = (text, ...more) => h("div", { class: "empty" }, h("p", {}, text), more);

/** Names and texts of people keep their own direction. */
export const name = (text) => h("bdi", {}, text);

let fading;
export function toast(text) {
  byId("toast").textContent = text;
  byId("toast").classList.add("shown");
  clearTimeout(fading);
  fading = setTimeout(() => byId("toast").classList.remove("shown"), 2500);
}
