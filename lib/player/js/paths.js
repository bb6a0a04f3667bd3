// What moves on the map: paths with heads and trails, arrows at the heads, the start.

import { arrow, head, outline, PIECES, place, played, pointer, strength, strokePart, trace } from "./shapes.js";
import { clip } from "./canvas.js";

const OLD = 0.55; // how much is left of what lies behind the trail

export function drawPaths(g, f, meta, state, colors) {
  const { em } = colors;
  clip(g, f);
  for (const one of played(state)) drawPath(g, one, colors);
  for (const run of state.pinned()) mark(g, f, run, state, colors, true);
  const taken = []; // where names of arrows stand
  for (const run of state.shown()) {
    const tints = run === state.shown().find((one) => one.lines) ? state.tints : new Map();
    const wanted = new Set([...state.arrows, ...tints.keys()]);
    if (!wanted.size || state.step > run.last) continue;
    const [x, y] = place(run.path, state.step);
    pushes(f, meta, run, Math.floor(state.step), wanted).forEach(({ name, dx, dy, color }, i) => {
      const lift = meta.coords.length > 1 ? 0 : 13 * em * (i + 1); // on one line they would hide one another
      arrow(
        g,
        x,
        y - lift,
        dx,
        dy,
        name,
        tints.has(name) ? colors.of(tints.get(name)) : color === "own" ? colors.of(run.series.color) : colors[color],
        colors,
        taken,
      );
    });
  }
  for (const run of state.shown()) mark(g, f, run, state, colors, false);
  if (state.hover !== null)
    for (const run of [...state.shown(), ...state.pinned()]) ring(g, run.path, state.hover, run, colors);
  if (state.live) {
    g.beginPath();
    g.arc(...state.handle(f), 9 * em, 0, 7);
    for (const [strokeStyle, lineWidth] of [
      [colors.bg, 4 * em],
      [colors.fg, 1.8 * em],
    ])
      (Object.assign(g, { strokeStyle, lineWidth }), g.stroke());
  }
  g.restore();
}

// A path's pieces, [from, until, how strong]: what lies behind the trail, and the trail, stronger towards the head.
function pieces({ pinned, from, until }) {
  if (pinned) return [[0, until, 1]];
  const cuts = Array.from({ length: PIECES }, (_, i) => from + Math.floor((i * (until - from)) / PIECES));
  return [[0, from, OLD], ...cuts.map((cut, i) => [cut, cuts[i + 1] ?? until, OLD + ((1 - OLD) * (i + 1)) / PIECES])];
}

// A path with its halo, and dots at its steps.
function drawPath(g, one, colors) {
  const [{ em }, { run, pinned, most, until }] = [colors, one];
  const { path, series } = run;
  if (!until) return;
  trace(g, path, 0, until);
  Object.assign(g, { strokeStyle: colors.halo, lineWidth: (pinned ? 3.6 : 4.2) * em, globalAlpha: most });
  g.stroke();
  Object.assign(g, { strokeStyle: colors.of(series.color), lineWidth: (pinned ? 1.3 : 1.9) * em });
  const dash = pinned ? [] : series.dash.map((part) => part * em);
  for (const [a, b, part] of pieces(one)) {
    g.globalAlpha = most * part;
    strokePart(g, path, dash, a, b);
  }
  Object.assign(g, { globalAlpha: most, fillStyle: colors.of(series.color) });
  if (!pinned) dots(g, path, until, em);
  g.globalAlpha = 1;
}

// A dot at each step so far, where they do not run together.
function dots(g, path, until, em) {
  path.dots ??= apart(path, 7 * em);
  g.beginPath();
  for (const k of path.dots) {
    if (k > until) break;
    const [x, y] = [path.points[2 * k], path.points[2 * k + 1]];
    g.moveTo(x + 2.2 * em, y);
    g.arc(x, y, 2.2 * em, 0, 7);
  }
  g.fill();
}

// The steps of a line that are so far from the one before.
function apart({ points, last }, far) {
  const found = [];
  let [x, y] = [Infinity, 0];
  for (let k = 0; k <= last; k++) {
    if (Math.hypot(points[2 * k] - x, points[2 * k + 1] - y) < far) continue;
    [x, y] = [points[2 * k], points[2 * k + 1]];
    found.push(k);
  }
  return found;
}

// The head, or where it went.
function mark(g, f, run, state, colors, hollow) {
  const [x, y] = place(run.path, state.step);
  g.globalAlpha = strength(state, run);
  head(
    g,
    f.inside(x, y) ? outline(run.series.marker, x, y, 6 * colors.em) : pointer(f, x, y, colors.em),
    run.series,
    colors,
    hollow,
  );
  g.globalAlpha = 1;
}

function ring(g, path, k, run, colors) {
  if (k > run.last) return;
  g.beginPath();
  g.arc(...place(path, k), 6 * colors.em, 0, 7);
  for (const [strokeStyle, lineWidth] of [
    [colors.bg, 4.5 * colors.em],
    [colors.fg, 2 * colors.em],
  ])
    (Object.assign(g, { strokeStyle, lineWidth }), g.stroke());
}

// The arrows at a head, in pixels: the step as it is; a recorded quantity with the square root of its length
// on the map, the longest of the run a quarter of the map's width.
function pushes(f, meta, run, k, wanted) {
  const scale = [
    f.width / (meta.window[0][1] - meta.window[0][0]),
    -f.height / (meta.window[1][1] - meta.window[1][0]),
  ];
  const found = [];
  for (const quantity of run.inner) {
    if (quantity.kind !== "arrow" || !wanted.has(quantity.name)) continue;
    const size = (i) => Math.hypot(...quantity.values.map((values, c) => values[i] * scale[c]));
    quantity.longest ??= quantity.values[0].reduce((most, _, i) => (size(i) > most ? size(i) : most), 0);
    const factor = (0.25 * f.width * Math.sqrt(size(k) / quantity.longest)) / size(k);
    const [dx, dy] = [0, 1].map((c) => (quantity.values[c]?.[k] ?? 0) * scale[c] * factor);
    if (Number.isFinite(factor))
      found.push({ name: quantity.name, dx, dy, color: quantity.name === "−g" ? "fg" : "accent" });
  }
  if (wanted.has("step") && k < run.last) {
    const { points } = run.path;
    found.push({
      name: "step",
      dx: points[2 * k + 2] - points[2 * k],
      dy: points[2 * k + 3] - points[2 * k + 1],
      color: "own",
    });
  }
  return found;
}
