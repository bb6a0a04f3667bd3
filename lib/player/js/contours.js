// Contours of what is looked at closely: the page computes the surface there, by its document, and draws lines
// through equal values.

import { decades, fine, ticks } from "./numbers.js";

const CELLS = 64; // across, and up
const MANY = 14; // lines

// The values to draw lines at: round numbers, which stay when the view moves on. Where the heights above the floor
// span much, they are powers of ten with their doubles and fives, over three decades at most.
export function levels(heights, floor) {
  let [low, high] = [Infinity, -Infinity];
  for (const v of heights) {
    if (!Number.isFinite(v)) continue;
    if (v < low) low = v;
    if (v > high) high = v;
  }
  if (!(low < high)) return [];
  /** @type {[number, number]} */
  const above = [Math.max(low - floor, (high - floor) / 1000), high - floor];
  if (low < floor || above[1] < 20 * above[0]) return ticks([low, high], MANY);
  const found = fine(above);
  return (found.length > MANY ? decades(above, MANY) : found).map((v) => floor + v);
}

// Lines at a level through `heights` over an even grid, the first axis innermost: line(x, y, x, y) for each piece,
// in cells from the first corner. A cell that has no value at a corner has none.
export function trail(heights, count, level, line) {
  for (let j = 0; j + 1 < count; j++) {
    for (let i = 0; i + 1 < count; i++) {
      const at = i + count * j;
      const [a, b, c, d] = [heights[at], heights[at + 1], heights[at + count + 1], heights[at + count]];
      if (!Number.isFinite(a + b + c + d)) continue;
      const ends = [];
      const cross = (from, to, x, y, dx, dy) => {
        if (from < level === to < level) return;
        const part = (level - from) / (to - from);
        ends.push(x + part * dx, y + part * dy);
      };
      cross(a, b, i, j, 1, 0);
      cross(b, c, i + 1, j, 0, 1);
      cross(c, d, i + 1, j + 1, -1, 0);
      cross(d, a, i, j + 1, 0, -1);
      for (let k = 0; k < ends.length; k += 4) line(ends[k], ends[k + 1], ends[k + 2], ends[k + 3]);
    }
  }
}

export function drawContours(g, f, meta) {
  const [across, up] = [f.width / CELLS, f.height / CELLS];
  const places = Array.from({ length: CELLS + 1 }, (_, i) => i);
  const axes = [places.map((i) => f.x(f.left + i * across)), places.map((j) => f.y(f.top + j * up))];
  const heights = meta.heights(axes);
  g.beginPath();
  for (const level of levels(heights, meta.floor)) {
    trail(heights, CELLS + 1, level, (x0, y0, x1, y1) => {
      g.moveTo(f.left + x0 * across, f.top + y0 * up);
      g.lineTo(f.left + x1 * across, f.top + y1 * up);
    });
  }
  g.stroke();
}
