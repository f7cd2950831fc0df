// Tables as CSV and charts as PNG, made in the browser from what is shown.

import { state } from "./state.js";

function save(blob, filename) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = filename;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

// A text that looks like a formula gets an apostrophe, so that no spreadsheet runs it.
const harmless = (value) => (typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : value);
const cell = (value) => {
  const text = value === null || value === undefined ? "" : String(harmless(value));
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

export const csvText = (rows) => rows.map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";

export const filename = (what, ending) => `socialsent-${what}${state.by === "model" ? "-model" : ""}.${ending}`;

/** Download rows, the first of them the names of the columns. */
export function downloadCsv(what, rows) {
  save(new Blob(["\ufeff", csvText(rows)], { type: "text/csv;charset=utf-8" }), filename(what, "csv"));
}

export function downloadUrl(url, name) {
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
}

/** Download a picture that `draw(context)` paints on paper of that size, at twice the resolution. */
export function downloadDrawing(what, width, height, draw) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [2 * width, 2 * height];
  const context = canvas.getContext("2d");
  context.scale(2, 2);
  context.fillStyle = colour("paper");
  context.fillRect(0, 0, width, height);
  draw(context);
  canvas.toBlob((blob) => save(blob, filename(what, "png")));
}

const palette = new Map();

/** A colour of the style sheet, read once: each look at a computed style makes the browser lay the page out. */
export function colour(name) {
  if (!palette.has(name)) palette.set(name, getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim());
  return palette.get(name);
}

/** Light or dark changed. */
export const forgetColours = () => palette.clear();

/** Titles, bars of shares and labels: the picture of a list of values. */
export function downloadShares(what, title, note, rows) {
  downloadDrawing(what, 900, 90 + 30 * rows.length, (pen) => {
    const font = "system-ui, sans-serif";
    pen.fillStyle = colour("ink");
    pen.font = `600 17px ${font}`;
    pen.fillText(title, 20, 32);
    pen.font = `12px ${font}`;
    pen.fillStyle = colour("muted");
    pen.fillText(note, 20, 52, 860);
    rows.forEach((row, place) => {
      const y = 72 + 30 * place;
      pen.fillStyle = colour("ink");
      pen.font = `13px ${font}`;
      pen.fillText(row.label, 20, y + 15, 190);
      let x = 220;
      for (const mood of ["negative", "neutral", "positive"]) {
        const size = (540 * row[mood]) / (row.scored || 1);
        pen.fillStyle = colour(mood);
        pen.fillRect(x, y, Math.max(0, size - 1), 20);
        x += size;
      }
      pen.fillStyle = colour("muted");
      pen.fillText(row.end, 772, y + 15, 120);
    });
  });
}
