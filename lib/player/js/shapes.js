// Markers, arrows and paths, in pixels.

// Markers as polygons: [corners, first corner in turns, radius of the corners between them].
const MARKERS = {
  s: [4, 1 / 8],
  D: [4, 0],
  d: [4, 0],
  "^": [3, -1 / 4],
  v: [3, 1 / 4],
  "<": [3, 1 / 2],
  ">": [3, 0],
  p: [5, -1 / 4],
  h: [6, -1 / 4],
  H: [6, 0],
  8: [8, 1 / 16],
  "*": [5, -1 / 4, 0.45],
  P: [4, 0, 0.5],
  X: [4, 1 / 8, 0.5],
  "+": [4, 0, 0.3],
  x: [4, 1 / 8, 0.3],
  1: [3, 1 / 4, 0.25],
  2: [3, -1 / 4, 0.25],
  3: [3, 1 / 2, 0.25],
  4: [3, 0, 0.25],
};

const SAME = 0.5; // pixels

export function outline(marker, x, y, size) {
  const [corners, turn, waist] = MARKERS[marker] ?? [24, 0];
  if (waist) size *= 1.3;
  const points = [];
  for (let i = 0; i < corners; i++) {
    const angle = 2 * Math.PI * (turn + i / corners);
    points.push([x + size * Math.cos(angle), y + size * Math.sin(angle)]);
    const half = angle + Math.PI / corners;
    if (waist) points.push([x + waist * size * Math.cos(half), y + waist * size * Math.sin(half)]);
  }
  return points;
}

export function polygon(g, points) {
  g.beginPath();
  points.forEach(([x, y], i) => (i ? g.lineTo(x, y) : g.moveTo(x, y)));
  g.closePath();
}

// How strongly a run is drawn: the others step back from the one that is pointed at in the legend.
export const strength = (state, run) => (state.only === null || state.only === run.index ? 1 : 0.15);

// A run's head: its marker; hollow for a pinned one.
export function head(g, points, style, colors, hollow = false) {
  polygon(g, points);
  const color = colors.of(style.color);
  Object.assign(g, {
    fillStyle: hollow ? colors.bg : color,
    strokeStyle: hollow ? color : colors.bg,
    lineWidth: 1.5 * colors.em,
  });
  if (!hollow) g.stroke();
  g.fill();
  if (hollow) g.stroke();
}

// A pointer on the frame's edge, towards a head that is outside.
export function pointer(f, x, y, em) {
  const inside = (v, low, size) => Math.max(low + 9 * em, Math.min(low + size - 9 * em, v));
  const [ex, ey] = [inside(x, f.left, f.width), inside(y, f.top, f.height)];
  const turn = Math.atan2(y - ey, x - ex);
  const corner = (angle, size) => [ex + em * size * Math.cos(turn + angle), ey + em * size * Math.sin(turn + angle)];
  return [corner(0, 8), corner(2.4, 7), corner(Math.PI, 2.5), corner(-2.4, 7)];
}

// An arrow from (x, y), with its name behind the tip, below the names in `taken` that stand there already.
export function arrow(g, x, y, dx, dy, name, color, colors, taken = []) {
  const [length, turn, { em }] = [Math.hypot(dx, dy), Math.atan2(dy, dx), colors];
  if (!(length > 2)) return;
  const size = Math.min(9 * em, 0.6 * length);
  const [tx, ty] = [x + dx, y + dy];
  const back = [x + dx * (1 - (0.8 * size) / length), y + dy * (1 - (0.8 * size) / length)];
  for (const [strokeStyle, lineWidth] of [
    [colors.halo, 5 * em],
    [color, 2.2 * em],
  ]) {
    g.beginPath();
    g.moveTo(x, y);
    g.lineTo(...back);
    Object.assign(g, { strokeStyle, lineWidth });
    g.stroke();
  }
  const barb = (angle) => [tx - size * Math.cos(turn + angle), ty - size * Math.sin(turn + angle)];
  polygon(g, [[tx, ty], barb(0.45), barb(-0.45)]);
  g.fillStyle = color;
  g.fill();
  Object.assign(g, {
    font: `italic ${12 * em}px ${colors.font}`,
    textAlign: dx < 0 ? "right" : "left",
    textBaseline: "middle",
  });
  const nx = tx + (dx < 0 ? -4 : 4) * em;
  let ny = ty + 8 * em * Math.sin(turn);
  while (taken.some(([ox, oy]) => Math.abs(ox - nx) < 34 * em && Math.abs(oy - ny) < 12 * em)) ny += 3 * em;
  taken.push([nx, ny]);
  Object.assign(g, { strokeStyle: colors.bg, lineWidth: 3 * em });
  g.strokeText(name, nx, ny);
  g.fillText(name, nx, ny);
}

// A run's points in pixels, [x0, y0, x1, y1, …], up to its last one, and how long the line is there.
export function pixels(f, xs, ys, last) {
  const [points, along] = [new Float32Array(2 * (last + 1)), new Float32Array(last + 1)];
  for (let k = 0; k <= last; k++) {
    const [x, y] = [f.px(xs[k]), f.py(ys[k])];
    points[2 * k] = x;
    points[2 * k + 1] = y;
    if (k) along[k] = along[k - 1] + Math.hypot(x - points[2 * k - 2], y - points[2 * k - 1]);
  }
  return { points, along, last };
}

// Where the line is at a step; a fraction glides towards the next point.
export function place({ points, last }, step) {
  const k = Math.min(Math.floor(step), last);
  const part = Math.min(step, last) - k;
  const at = (c) => points[2 * k + c] + (part ? part * (points[2 * k + 2 + c] - points[2 * k + c]) : 0);
  return [at(0), at(1)];
}

// The line from one step to another, as the current path; without the steps that end where the last one drawn did.
export function trace(g, line, from, until) {
  const { points } = line;
  let [x, y] = place(line, from);
  g.beginPath();
  g.moveTo(x, y);
  for (let k = Math.floor(from) + 1; k <= until; k++) {
    const [nx, ny] = [points[2 * k], points[2 * k + 1]];
    if (k + 1 <= until && Math.abs(nx - x) + Math.abs(ny - y) < SAME) continue;
    g.lineTo((x = nx), (y = ny));
  }
  if (until > Math.floor(until)) g.lineTo(...place(line, until));
}

// A part of the line, from a whole step on, with the dashes that the whole line would have there.
export function strokePart(g, line, dash, from, until) {
  if (until <= from) return;
  trace(g, line, from, until);
  g.setLineDash(dash);
  g.lineDashOffset = line.along[from];
  g.stroke();
  g.setLineDash([]);
  g.lineDashOffset = 0;
}

export const PIECES = 6; // of a trail

// The runs on screen, pinned ones first, as lines: how strong one is, how far it was played, and where its trail begins,
// the last fifth.
export function played(state) {
  const line = (pinned) => (run) => {
    const [until, length] = [Math.min(state.step, run.last), Math.max(12, run.last / 5)];
    const from = Math.max(0, Math.floor(until - length));
    return { run, pinned, most: strength(state, run) * (pinned ? 0.75 : 1), until, from };
  };
  return [...state.pinned().map(line(true)), ...state.shown().map(line(false))];
}

// The recorded step whose point is nearest to (x, y), and how far it is.
export function nearest({ points, last }, x, y, until = last) {
  let found = { k: -1, away: Infinity };
  for (let k = 0; k <= Math.min(last, until); k++) {
    const away = Math.hypot(points[2 * k] - x, points[2 * k + 1] - y);
    if (away < found.away) found = { k, away };
  }
  return found;
}
