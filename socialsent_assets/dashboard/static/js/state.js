// What is looked at, and the address that says so: a view can be sent as a link, and the back button goes back.

import { DAY, HOUR, MINUTE, stamp } from "./format.js";

export const FACETS = ["source", "topic", "watch", "lang", "kind"];
export const SPANS = { "1h": HOUR, "6h": 6 * HOUR, "24h": DAY, "7d": 7 * DAY, "30d": 30 * DAY };
const PLAIN = ["span", "from", "to", "by", "q", "vs", "list"];
const DEFAULTS = { span: "", from: "", to: "", by: "lexicon", q: "", vs: "", list: "positive" };

export const state = { ...DEFAULTS, source: [], topic: [], watch: [], lang: [], kind: [], drill: null };
const listeners = [];
export const onChange = (listener) => listeners.push(listener);

export function readAddress() {
  const query = new URLSearchParams(location.search);
  for (const key of PLAIN) state[key] = query.get(key) ?? DEFAULTS[key];
  for (const facet of FACETS) state[facet] = query.getAll(facet);
  state.drill = query.has("open") ? Object.fromEntries(new URLSearchParams(query.get("open"))) : null;
}

function address() {
  const query = new URLSearchParams();
  for (const key of PLAIN) if (state[key] && state[key] !== DEFAULTS[key]) query.set(key, state[key]);
  for (const facet of FACETS) for (const value of state[facet]) query.append(facet, value);
  if (state.drill) query.set("open", new URLSearchParams(state.drill).toString());
  const text = query.toString();
  return text ? `?${text}` : location.pathname;
}

/** Change the state, the address, and then whatever listens. */
export function change(changes, { replace = false } = {}) {
  Object.assign(state, changes);
  const method = replace ? "replaceState" : "pushState";
  history[method](null, "", address());
  for (const listener of listeners) listener(changes);
}

window.addEventListener("popstate", () => {
  readAddress();
  for (const listener of listeners) listener({ ...state });
});

export const toggled = (values, value) => (values.includes(value) ? values.filter((each) => each !== value) : [...values, value]);

/** Start and end of the chosen span, as the server wants them; a relative one ends with the newest data. */
export function bounds(data) {
  if (state.span && SPANS[state.span] && data) {
    const size = SPANS[state.span];
    const end = Math.floor(new Date(data.last) / MINUTE) * MINUTE + MINUTE;
    // Older than a few hours, the summary counts by the hour.
    const start = size > 6 * HOUR ? Math.floor((end - size) / HOUR) * HOUR + HOUR : end - size;
    return { from: stamp(new Date(start)), to: stamp(new Date(end)) };
  }
  return { from: state.from, to: state.to };
}

/** Query of the current filter. `over` replaces parts of it: for comparisons and lists of posts. */
export function query(data, over = {}) {
  const wanted = new URLSearchParams();
  const span = { ...bounds(data), ...(over.from || over.to ? { from: over.from ?? "", to: over.to ?? "" } : {}) };
  if (span.from) wanted.set("from", span.from);
  if (span.to) wanted.set("to", span.to);
  for (const facet of FACETS) for (const value of over[facet] ? [].concat(over[facet]) : state[facet]) wanted.append(facet, value);
  wanted.set("by", state.by);
  const search = [state.q, over.q].filter(Boolean).join(" ");
  if (search) wanted.set("q", search);
  for (const key of ["mood", "author"]) if (over[key]) wanted.set(key, over[key]);
  return wanted;
}

/** Other spans that this one can be compared with; without a size, the one of equal length that ends where it starts. */
export const SHIFTS = { before: { label: "the previous span" }, day: { label: "a day earlier", size: DAY }, week: { label: "a week earlier", size: 7 * DAY } };

/** What is compared with: {label, over} or null. */
export function comparison(data, view) {
  const [what, ...rest] = state.vs.split(":");
  const value = rest.join(":");
  const shift = SHIFTS[what];
  if (shift && view?.span?.from) {
    const [start, end] = [new Date(view.span.from), new Date(view.span.to)];
    const by = shift.size ?? end - start;
    return { label: shift.label, over: { from: stamp(new Date(start - by)), to: stamp(new Date(end - by)) } };
  }
  if (FACETS.includes(what) && value) {
    return { label: value, over: { [what]: [value] } };
  }
  return null;
}

/** A text that counts in shares: it has a sentiment of the lexicon or of the model. */
export const scoredWord = () => (state.by === "model" ? "classified" : "scored");

export const isFiltered = () =>
  Boolean(state.q || state.span || state.from || state.to || FACETS.some((facet) => state[facet].length));

export const CLEAR = { span: "", from: "", to: "", q: "", source: [], topic: [], watch: [], lang: [], kind: [] };
