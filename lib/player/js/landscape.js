// A landscape as shapes, from a surface's document: what lib/player/wire.py draws of one, drawn in the page.

import { trail } from "./contours.js";
import { heights } from "./descend.js";
import { machine } from "./interpreter.js";

const WHOLE = 16384;
export const POINTS = 161; // across, and up
const even = ([low, high], n) => Array.from({ length: n }, (_, i) => low + ((high - low) * i) / (n - 1));

// The part of a polygon, corners [x, y, height], that is at least as high as a level.
function above(corners, level) {
  const kept = [];
  corners.forEach((a, i) => {
    const b = corners[(i + 1) % corners.length];
    if (a[2] >= level) kept.push(a);
    if (a[2] >= level !== b[2] >= level) {
      const part = (level - a[2]) / (b[2] - a[2]);
      kept.push([a[0] + part * (b[0] - a[0]), a[1] + part * (b[1] - a[1]), level]);
    }
  });
  return kept;
}
const spot = ([x, y]) => `${Math.round(x)} ${Math.round(y)}`;

// The heights that are shown, over an even grid: above the lowest, their fourth root where there is a minimum.
export function lifted({ surface, window, root }) {
  const found = heights(machine(surface), [even(window[0], POINTS), even(window[1], POINTS)]);
  const finite = [...found].filter(Number.isFinite);
  const lowest = finite.reduce((a, b) => Math.min(a, b), Infinity);
  const shown = found.map((f) => (root ? Math.sqrt(Math.sqrt(f - lowest)) : f - lowest));
  const highest = [...shown].filter(Number.isFinite).reduce((a, b) => Math.max(a, b), 0);
  return { shown, highest };
}

// Regions above contours that are evenly spaced in these.
export function contours(meta, { colors, line: ink }) {
  const { shown, highest } = lifted(meta);
  /** @type {object[]} */
  const shapes = [{ d: `M0 0H${WHOLE}V${WHOLE}H0Z`, fill: colors[0] }];
  const place = (i) => (i * WHOLE) / (POINTS - 1);
  const corner = (i, j) => [place(i), WHOLE - place(j), shown[j * POINTS + i]];
  for (let k = 1; k < colors.length; k++) {
    const level = (highest * k) / colors.length;
    const [area, border] = [[], []];
    for (let j = 0; j + 1 < POINTS; j++) {
      let from = null; // where a row of cells that are wholly above began
      for (let i = 0; i < POINTS; i++) {
        const cell = i + 1 < POINTS ? [corner(i, j), corner(i + 1, j), corner(i + 1, j + 1), corner(i, j + 1)] : [];
        const full = cell.length > 0 && cell.every(([, , f]) => f >= level);
        if (full) from ??= i;
        else if (from !== null) {
          const [bottom, top] = [WHOLE - place(j), WHOLE - place(j + 1)];
          area.push(
            `M${spot([place(from), bottom])}H${Math.round(place(i))}V${Math.round(top)}H${Math.round(place(from))}Z`,
          );
          from = null;
        }
        if (full || cell.some(([, , f]) => !Number.isFinite(f))) continue;
        const kept = above(cell, level);
        if (kept.length < 3) continue;
        area.push(`M${kept.map(spot).join("L")}Z`);
      }
    }
    trail(shown, POINTS, level, (x0, y0, x1, y1) =>
      border.push(`M${spot([place(x0), WHOLE - place(y0)])}L${spot([place(x1), WHOLE - place(y1)])}`),
    );
    if (area.length) shapes.push({ d: area.join(""), fill: colors[k] });
    if (border.length) shapes.push({ d: border.join(""), line: ink, from: 1 });
  }
  return { unit: WHOLE, shapes };
}

// With one coordinate: the curve.
export function curve({ surface, window }, { curve: ink }) {
  const [[x0, x1], [y0, y1]] = window;
  const xs = even([x0, x1], 801);
  const points = [...heights(machine(surface), [xs])].map((f, i) => [
    ((xs[i] - x0) / (x1 - x0)) * WHOLE,
    ((y1 - f) / (y1 - y0)) * WHOLE,
  ]);
  return {
    unit: WHOLE,
    shapes: [
      {
        d: `M${points
          .filter(([, y]) => Number.isFinite(y))
          .map(spot)
          .join("L")}`,
        line: ink,
      },
    ],
  };
}
