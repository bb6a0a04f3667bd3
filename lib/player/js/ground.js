// What the map's paths run over, and what stays while they play: the landscape, its axes, minima and saddles.

import { brief, ticks } from "./numbers.js";
import { outline, polygon } from "./shapes.js";
import { clip, drawAxes } from "./canvas.js";
import { drawContours } from "./contours.js";

const CLOSE = 4; // from this zoom on the page draws the contours of a surface that it computes

// The landscape's shapes as paths; `d` stays for SVG.
export function shapes({ unit = 1, shapes = [] }) {
  return { unit, shapes: shapes.map((shape) => ({ ...shape, path: new Path2D(shape.d) })) };
}

export function drawGround(g, f, land, meta, colors) {
  clip(g, f);
  drawLand(g, f, land, meta, colors);
  g.restore();
  const across = ticks(f.xs, 5).map((v) => [brief(v), f.px(v)]);
  drawAxes(g, f, colors, {
    across,
    up: ticks(f.ys, 5),
    label: brief,
    xlabel: meta.coords[0],
    ylabel: meta.coords[1] ?? "f",
  });
  g.strokeRect(f.left, f.top, f.width, f.height);
  clip(g, f);
  drawMarks(g, f, meta.marks, colors);
  g.restore();
}

export function drawLand(g, f, land, meta, colors) {
  const [[x0, x1], [y0, y1]] = meta.window;
  const close = meta.heights && meta.coords.length > 1 && f.zoom >= CLOSE;
  const [left, right, top, bottom] = [f.px(x0), f.px(x1), f.py(y1), f.py(y0)];
  const [sx, sy] = [(right - left) / land.unit, (bottom - top) / land.unit];
  for (const { d, path, fill, line, from } of land.shapes) {
    if (from && (close || from > f.zoom)) continue;
    const drawn = new Path2D();
    drawn.addPath(path, new DOMMatrix([sx, 0, 0, sy, left, top]));
    Object.assign(drawn, { d, at: [sx, 0, 0, sy, left, top] }); // for the SVG
    if (fill && !colors.forced) ((g.fillStyle = fill[colors.dark ? 1 : 0]), g.fill(drawn, "evenodd"));
    if (!line || close) continue;
    Object.assign(g, {
      strokeStyle: colors.forced ? colors.muted : line[colors.dark ? 1 : 0],
      lineWidth: (fill || from ? 0.7 : 1.7) * colors.em,
    });
    g.stroke(drawn);
  }
  if (!close) return;
  const line = land.shapes.find((shape) => shape.line)?.line[colors.dark ? 1 : 0];
  Object.assign(g, { strokeStyle: colors.forced || !line ? colors.muted : line, lineWidth: 0.7 * colors.em });
  drawContours(g, f, meta);
}

function drawMarks(g, f, marks, colors) {
  const { em } = colors;
  for (const [x, y] of marks.minima) {
    polygon(g, outline("*", f.px(x), f.py(y), 6.5 * em));
    Object.assign(g, { fillStyle: colors.fg, strokeStyle: colors.bg, lineWidth: 2 * em });
    g.stroke();
    g.fill();
  }
  g.beginPath();
  for (const [x, y] of marks.saddles) {
    const [px, py, r] = [f.px(x), f.py(y), 4.5 * em];
    (g.moveTo(px - r, py - r), g.lineTo(px + r, py + r), g.moveTo(px - r, py + r), g.lineTo(px + r, py - r));
  }
  for (const [strokeStyle, lineWidth] of [
    [colors.bg, 4 * em],
    [colors.fg, 1.8 * em],
  ])
    (Object.assign(g, { strokeStyle, lineWidth }), g.stroke());
}
