// What moves on the map: paths with heads and trails, arrows at the heads, the start.

import { arrow, head, outline, place, pointer, strength, trace } from "./shapes.js";
import { clip } from "./canvas.js";

const PIECES = 6; // of a trail, each fainter than the one after it
const OLD = 0.55; // how much is left of what lies behind the trail

export function drawPaths(g, f, meta, state, colors) {
  const { em } = colors;
  clip(g, f.left, f.top, f.width, f.height);
  for (const run of state.pinned()) {
    trace(g, run.path, 0, Math.min(state.step, run.last));
    for (const [strokeStyle, lineWidth] of [[colors.halo, 3.6 * em], [colors.of(run.series.color), 1.3 * em]]) {
      Object.assign(g, { strokeStyle, lineWidth, globalAlpha: 0.75 * strength(state, run) });
      g.stroke();
    }
    g.globalAlpha = 1;
  }
  for (const run of state.shown()) {
    const until = Math.min(state.step, run.last);
    drawTrail(g, run, until, strength(state, run), colors);
    Object.assign(g, { fillStyle: colors.of(run.series.color), globalAlpha: strength(state, run) });
    dots(g, run.path, until, em);
    g.globalAlpha = 1;
  }
  for (const run of state.pinned()) mark(g, f, run, state, colors, true);
  const taken = []; // where names of arrows stand
  for (const run of state.shown()) {
    if (!state.arrows.size || state.step > run.last) continue;
    const [x, y] = place(run.path, state.step);
    pushes(f, meta, run, Math.floor(state.step), state.arrows).forEach(({ name, dx, dy, color }, i) => {
      const lift = meta.coords.length > 1 ? 0 : 13 * em * (i + 1); // on one line they would hide one another
      arrow(g, x, y - lift, dx, dy, name, color === "own" ? colors.of(run.series.color) : colors[color], colors, taken);
    });
  }
  for (const run of state.shown()) mark(g, f, run, state, colors, false);
  if (state.hover !== null) for (const run of [...state.shown(), ...state.pinned()]) ring(g, run.path, state.hover, run, colors);
  if (state.live) {
    g.beginPath();
    g.arc(...state.handle(f), 9 * em, 0, 7);
    for (const [strokeStyle, lineWidth] of [[colors.bg, 4 * em], [colors.fg, 1.8 * em]]) Object.assign(g, { strokeStyle, lineWidth }), g.stroke();
  }
  g.restore();
}

// The path, its last fifth stronger towards the head.
function drawTrail(g, run, until, most, colors) {
  const { em } = colors;
  const length = Math.max(12, run.path.last / 5);
  const from = Math.max(0, Math.floor(until - length));
  const cuts = Array.from({ length: PIECES }, (_, i) => from + Math.floor((i * (until - from)) / PIECES));
  const spans = [[0, from, OLD], ...cuts.map((cut, i) => [cut, cuts[i + 1] ?? until, OLD + ((1 - OLD) * (i + 1)) / PIECES])];
  trace(g, run.path, 0, until);
  Object.assign(g, { strokeStyle: colors.halo, lineWidth: 4.2 * em, globalAlpha: most });
  g.stroke();
  Object.assign(g, { strokeStyle: colors.of(run.series.color), lineWidth: 1.9 * em });
  g.setLineDash(run.series.dash.map((part) => part * em));
  for (const [a, b, part] of spans) {
    if (b <= a) continue;
    trace(g, run.path, a, b);
    Object.assign(g, { globalAlpha: most * part, lineDashOffset: run.path.along[a] });
    g.stroke();
  }
  Object.assign(g, { globalAlpha: 1, lineDashOffset: 0 });
  g.setLineDash([]);
}

// A dot at each recorded step, where they do not run together.
function dots(g, { points }, until, em) {
  let [dx, dy] = [Infinity, 0];
  g.beginPath();
  for (let k = 0; k <= until; k++) {
    const [x, y] = [points[2 * k], points[2 * k + 1]];
    if (Math.hypot(x - dx, y - dy) < 7 * em) continue;
    [dx, dy] = [x, y];
    g.moveTo(x + 2.2 * em, y);
    g.arc(x, y, 2.2 * em, 0, 7);
  }
  g.fill();
}

// The head, or where it went.
function mark(g, f, run, state, colors, hollow) {
  const [x, y] = place(run.path, state.step);
  g.globalAlpha = strength(state, run);
  head(g, f.inside(x, y) ? outline(run.series.marker, x, y, 6 * colors.em) : pointer(f, x, y, colors.em), run.series, colors, hollow);
  g.globalAlpha = 1;
}

function ring(g, path, k, run, colors) {
  if (k > run.last) return;
  g.beginPath();
  g.arc(...place(path, k), 6 * colors.em, 0, 7);
  for (const [strokeStyle, lineWidth] of [[colors.bg, 4.5 * colors.em], [colors.fg, 2 * colors.em]]) Object.assign(g, { strokeStyle, lineWidth }), g.stroke();
}

// The arrows at a head, in pixels: the step as it is; a recorded quantity with the square root of its length
// on the map, the longest of the run a quarter of the map's width.
function pushes(f, meta, run, k, wanted) {
  const scale = [f.width / (meta.window[0][1] - meta.window[0][0]), -f.height / (meta.window[1][1] - meta.window[1][0])];
  const found = [];
  for (const quantity of run.inner) {
    if (quantity.kind !== "arrow" || !wanted.has(quantity.name)) continue;
    const size = (i) => Math.hypot(...quantity.values.map((values, c) => values[i] * scale[c]));
    quantity.longest ??= quantity.values[0].reduce((most, _, i) => (size(i) > most ? size(i) : most), 0);
    const factor = (0.25 * f.width * Math.sqrt(size(k) / quantity.longest)) / size(k);
    const [dx, dy] = [0, 1].map((c) => (quantity.values[c]?.[k] ?? 0) * scale[c] * factor);
    if (Number.isFinite(factor)) found.push({ name: quantity.name, dx, dy, color: quantity.name === "−g" ? "fg" : "accent" });
  }
  if (wanted.has("step") && k < run.last) {
    const { points } = run.path;
    found.push({ name: "step", dx: points[2 * k + 2] - points[2 * k], dy: points[2 * k + 3] - points[2 * k + 1], color: "own" });
  }
  return found;
}
