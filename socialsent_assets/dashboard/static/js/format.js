// Numbers and times as people read them. Times are UTC, whatever the reader's clock.

const whole = new Intl.NumberFormat("en");
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
export const MINUTE = 60_000;
export const HOUR = 3_600_000;
export const DAY = 86_400_000;

export const number = (value) => whole.format(value);
export const compact = (value) => (Math.abs(value) < 100_000 ? whole.format(value) : short.format(value));
export const plural = (count, one, many = `${one}s`) => `${number(count)} ${count === 1 ? one : many}`;

export function percent(part, all, digits = 1) {
  if (!all) return "–";
  const share = (100 * part) / all;
  if (share > 0 && share < 0.1) return "< 0.1 %";
  return `${share.toFixed(share === 100 || share === 0 ? 0 : digits)} %`;
}

/** −0.12 or +0.12: a sign always, and a real minus. */
export function signed(value, digits = 2) {
  if (value === null || value === undefined) return "–";
  const rounded = value.toFixed(digits);
  if (Number(rounded) === 0) return (0).toFixed(digits);
  return value > 0 ? `+${rounded}` : `−${rounded.slice(1)}`;
}

const two = (value) => String(value).padStart(2, "0");
const at = (time) => (time instanceof Date ? time : new Date(time));
export const clock = (time) => `${two(at(time).getUTCHours())}:${two(at(time).getUTCMinutes())}`;
export const day = (time) => `${at(time).getUTCDate()} ${MONTHS[at(time).getUTCMonth()]}`;
export const moment = (time) => `${day(time)} ${clock(time)}`;
export const full = (time) => `${day(time)} ${at(time).getUTCFullYear()} ${clock(time)}`;

/** For addresses and inputs: 2026-11-22T09:00. */
export const stamp = (time) => at(time).toISOString().slice(0, 16);

/** A span in words, the day named once. */
export function span(from, to) {
  const [start, end] = [at(from), at(to)];
  const sameDay = day(start) === day(new Date(end - 1));
  return `${moment(start)} to ${sameDay ? clock(end) : moment(end)} UTC`;
}

/** 3 s, 12 min, 5 h, 9 days. */
export function ago(milliseconds) {
  const s = Math.max(0, milliseconds / 1000);
  if (s < 90) return `${Math.round(s)} s`;
  if (s < 5400) return `${Math.round(s / 60)} min`;
  if (s < 48 * 3600) return `${Math.round(s / 3600)} h`;
  return `${Math.round(s / 86_400)} days`;
}

export function stepWords(minutes) {
  if (minutes < 60) return minutes === 1 ? "minute" : `${minutes} minutes`;
  if (minutes < 1440) return minutes === 60 ? "hour" : `${minutes / 60} hours`;
  return minutes === 1440 ? "day" : `${minutes / 1440} days`;
}
