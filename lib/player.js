// Made by tools/bundle.py from lib/player/*.js: change those.

// numbers.js

// Numbers as the page writes them, and the ticks of an axis.

const SUPERSCRIPTS = { "-": "⁻", ...Object.fromEntries([..."⁰¹²³⁴⁵⁶⁷⁸⁹"].map((s, i) => [i, s])) };
const superscript = (n) => [...String(n)].map((c) => SUPERSCRIPTS[c]).join("");

function number(value, digits = 3) {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size < 1e-3 || size >= 1e5) {
    const [mantissa, power] = value.toExponential(digits - 2).split("e");
    return `${mantissa.replace("-", "−")}·10${superscript(Number(power))}`;
  }
  return (size < 10 ** digits - 0.5 ? value.toPrecision(digits) : value.toFixed(0)).replace("-", "−");
}

// A sweep's value or a tick, with no zeros to fill up.
function brief(value) {
  if (typeof value !== "number") return String(value);
  return number(value).replace(/(\.\d*?)0+(?=$|·)/, "$1").replace(/\.(?=$|·)/, "");
}

const power = (value) => `10${superscript(Math.round(Math.log10(value)))}`;

// Round numbers inside [low, high], about `count` of them.
function ticks([low, high], count) {
  const rough = (high - low) / count;
  if (!(rough > 0) || !Number.isFinite(rough)) return [];
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((n) => n * unit >= rough) * unit;
  const found = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; i++) found.push(+(i * step).toPrecision(6));
  return found;
}

// Powers of ten inside [low, high], at most about `count` of them.
function decades([low, high], count) {
  const [first, last] = [Math.ceil(Math.log10(low) - 1e-9), Math.floor(Math.log10(high) + 1e-9)];
  const step = Math.max(1, Math.ceil((last - first) / count));
  const found = [];
  for (let power = last; power >= first; power -= step) found.push(10 ** power);
  return found;
}

// One, two and five times powers of ten inside [low, high].
function fine([low, high]) {
  const found = [];
  for (let power = Math.floor(Math.log10(low)); 10 ** power <= high; power++) found.push(...[1, 2, 5].map((n) => Number(`${n}e${power}`)));
  return found.filter((v) => v >= low && v <= high);
}

// A start on screen as short as the picture allows: a two-thousandth of the window.
function rounded(value, [low, high]) {
  const digits = Math.max(0, Math.ceil(-Math.log10((high - low) / 2000)));
  return +value.toFixed(Math.min(digits, 100));
}

// words.js

// What is on screen, in words: for the table, for labels, for announcements.


// Where a run is, with as many digits as the window needs.
function point(meta, run, k) {
  const digits = Math.max(0, 3 - Math.floor(Math.log10(meta.window[0][1] - meta.window[0][0])));
  const one = (v) => (Math.abs(v) < 1e4 ? (+v.toFixed(digits) || 0).toFixed(digits).replace("-", "−") : number(v));
  const values = run.theta.map((theta) => one(theta[k]));
  return values.length > 1 ? `(${values.join(", ")})` : values[0];
}

function tell(meta, run, k) {
  if (run.last < 0) return "no finite point";
  if (run.diverged && k > run.last) return `diverged after step ${meta.steps[run.last]}`;
  return `f = ${number(run.loss[k] + meta.floor)}`;
}

const settings = (meta, at, axes = meta.axes.keys()) =>
  [...axes].map((i) => `${meta.axes[i].symbol} = ${brief(meta.axes[i].values[at[i]])}`).join(", ");

// A run's name; of a pinned one, also what differs from where the sliders are now.
function title(meta, run) {
  if (!run.at) return run.series.name;
  const pinned = meta.series.length > 1 ? `${run.series.name} pinned` : "pinned";
  return [pinned, settings(meta, run.at, run.series.axes.filter((i) => run.at[i] !== run.now[i]))].filter(Boolean).join(": ");
}

const outcomes = (meta, runs, k) => runs.map((run) => `${title(meta, run)} ${tell(meta, run, k)}`).join("; ");

const progress = (meta, k) => `${meta.steps[k]} of ${meta.steps.at(-1)}`;
const where = (meta, k) => `step ${progress(meta, k)}`;

// How the loss has changed up to a step.
const losses = (meta, runs, k) =>
  runs.map((run) => `${title(meta, run)} ${k > run.last ? tell(meta, run, k) : `from ${number(run.loss[0] + meta.floor)} to ${number(run.loss[k] + meta.floor)}`}`).join("; ");

// A quantity's name, whose signs a screen reader leaves out.
const aloud = (name) => name.replace(/^−/, "minus ").replace(/^√/, "root of ").replace("/", " over ");

// Of the runs' inner quantities those wanted, at a step.
function quantities(meta, runs, k, wanted) {
  const value = (values) => {
    if (!values.some((v) => Number.isFinite(v[k]))) return "none at this step";
    const numbers = values.map((v) => number(v[k])).join(", ");
    return values.length > 1 ? `(${numbers})` : numbers;
  };
  const told = runs.filter((run) => k <= run.last).map((run) => {
    const found = run.inner.filter(({ name }) => wanted.has(name)).map(({ name, values }) => `${aloud(name)} ${value(values)}`);
    if (wanted.has("step")) found.push(k < run.last ? `step to ${point(meta, run, k + 1)}` : "no step follows");
    return found.length ? `${title(meta, run)} ${found.join(", ")}` : "";
  });
  return told.filter(Boolean).join("; ");
}

// A text as a screen reader can say it: of 5.8·10⁻⁵ it leaves out the dot and the signs, and says 5.8 10 5.
const spoken = (text) => text.replace(/·10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)/g, (_, power) => ` times 10 to the ${[...power].map((sign) => "−0123456789"["⁻⁰¹²³⁴⁵⁶⁷⁸⁹".indexOf(sign)]).join("")}`);

// wire.js

// What lib/wire.py sends, taken apart. The format is described there.

// 24-bit floats, the upper three bytes of a float32, as a Float32Array.
function unpack(buffer) {
  const view = buffer.buffer ?? buffer;
  const bytes = new Uint8Array(view, buffer.byteOffset ?? 0, buffer.byteLength);
  const words = new Uint32Array(Math.floor(bytes.length / 3));
  for (let i = 0, j = 0; i < words.length; i++, j += 3) {
    words[i] = (bytes[j] << 8) | (bytes[j + 1] << 16) | (bytes[j + 2] << 24);
  }
  return new Float32Array(words.buffer);
}

// Where each series lies in the data: its first number, its runs and its channels.
function blocks(meta) {
  let first = 0;
  return meta.series.map((series) => {
    const runs = series.axes.reduce((n, axis) => n * meta.axes[axis].values.length, 1);
    const channels = meta.coords.length * (1 + series.inner.length) + 2;
    const block = { first, runs, channels };
    first += runs * channels * meta.steps.length;
    return block;
  });
}

// The part of the data that a series' run for the sliders' positions `at` takes: its first number, and how many.
function part(meta, index, at) {
  const [{ axes }, { first, channels }] = [meta.series[index], blocks(meta)[index]];
  const inside = axes.reduce((n, axis) => n * meta.axes[axis].values.length + at[axis], 0);
  const size = channels * meta.steps.length;
  return [first + inside * size, size];
}

// The data with other runs at the positions `at`: those in `fresh`, one of each series.
function replace(meta, data, fresh, at) {
  const replaced = data.slice();
  let next = 0;
  for (const index of meta.series.keys()) {
    const [first, size] = part(meta, index, at);
    replaced.set(fresh.subarray(next, (next += size)), first);
  }
  return replaced;
}

// The recorded run of a series for the sliders' positions `at`: its channels and its last step.
function select(meta, data, index, at) {
  const [series, points] = [meta.series[index], meta.steps.length];
  let [next] = part(meta, index, at);
  const channel = () => data.subarray(next, (next += points));
  const run = { series, index, theta: meta.coords.map(channel), loss: channel(), grad_norm: channel() };
  run.inner = series.inner.map((quantity) => ({ ...quantity, values: meta.coords.map(channel) }));
  run.across = run.theta[0];
  run.up = run.theta[1] ?? run.loss.map((gap) => gap + meta.floor);
  run.last = points - 1;
  while (run.last >= 0 && !(Number.isFinite(run.across[run.last]) && Number.isFinite(run.up[run.last]))) run.last--;
  run.diverged = run.last < points - 1;
  return run;
}

// What the loss axis spans: all of the data, but no more than twenty decades below the highest start and
// two above it.
function lossRange(meta, data) {
  if (!meta.log) return meta.range;
  const points = meta.steps.length;
  let [low, high, start] = [Infinity, 0, 0];
  for (const { first, runs, channels } of blocks(meta)) {
    for (let r = 0; r < runs; r++) {
      const i = first + (r * channels + meta.coords.length) * points;
      if (data[i] > start && data[i] < Infinity) start = data[i];
      for (let k = i; k < i + points; k++) {
        const v = data[k];
        if (v > 0 && v < low) low = v;
        if (v > high && v < Infinity) high = v;
      }
    }
  }
  if (!(high > 0)) return [0.1, 1];
  high = Math.min(high, 100 * (start || high));
  return [Math.max(Math.min(low, high / 10), 1e-20 * (start || high)), high];
}

// The Python that makes the runs shown; null when it is not known.
function code(meta, at, start, shown) {
  const axis = (name) => meta.axes.findIndex((axis) => axis.name === name);
  const value = (name) => (/^\d+$/.test(name) ? start[name] : meta.axes[axis(name)].values[at[axis(name)]]);
  const calls = shown.map((series) => series.code?.replace(/\{(\w+)\}/g, (_, name) => String(value(name))));
  if (!calls.length || calls.includes(undefined)) return null;
  if (meta.series.length === 1) return calls[0];
  return `{\n${calls.map((call, i) => `    ${JSON.stringify(shown[i].name)}: ${call},\n`).join("")}}`;
}

// shapes.js

// Markers, arrows and paths, in pixels.

// Markers as polygons: [corners, first corner in turns, radius of the corners between them].
const MARKERS = {
  s: [4, 1 / 8], D: [4, 0], d: [4, 0], "^": [3, -1 / 4], v: [3, 1 / 4], "<": [3, 1 / 2], ">": [3, 0], p: [5, -1 / 4],
  h: [6, -1 / 4], H: [6, 0], 8: [8, 1 / 16], "*": [5, -1 / 4, 0.45], P: [4, 0, 0.5], X: [4, 1 / 8, 0.5],
  "+": [4, 0, 0.3], x: [4, 1 / 8, 0.3], 1: [3, 1 / 4, 0.25], 2: [3, -1 / 4, 0.25], 3: [3, 1 / 2, 0.25], 4: [3, 0, 0.25],
};

const SAME = 0.5; // pixels

function outline(marker, x, y, size) {
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

function polygon(g, points) {
  g.beginPath();
  points.forEach(([x, y], i) => (i ? g.lineTo(x, y) : g.moveTo(x, y)));
  g.closePath();
}

// How strongly a run is drawn: the others step back from the one that is pointed at in the legend.
const strength = (state, run) => (state.only === null || state.only === run.index ? 1 : 0.15);

// A run's head: its marker; hollow for a pinned one.
function head(g, points, style, colors, hollow = false) {
  polygon(g, points);
  const color = colors.of(style.color);
  Object.assign(g, { fillStyle: hollow ? colors.bg : color, strokeStyle: hollow ? color : colors.bg, lineWidth: 1.5 * colors.em });
  if (!hollow) g.stroke();
  g.fill();
  if (hollow) g.stroke();
}

// A pointer on the frame's edge, towards a head that is outside.
function pointer(f, x, y, em) {
  const inside = (v, low, size) => Math.max(low + 9 * em, Math.min(low + size - 9 * em, v));
  const [ex, ey] = [inside(x, f.left, f.width), inside(y, f.top, f.height)];
  const turn = Math.atan2(y - ey, x - ex);
  const corner = (angle, size) => [ex + em * size * Math.cos(turn + angle), ey + em * size * Math.sin(turn + angle)];
  return [corner(0, 8), corner(2.4, 7), corner(Math.PI, 2.5), corner(-2.4, 7)];
}

// An arrow from (x, y), with its name behind the tip, below the names in `taken` that stand there already.
function arrow(g, x, y, dx, dy, name, color, colors, taken = []) {
  const [length, turn, { em }] = [Math.hypot(dx, dy), Math.atan2(dy, dx), colors];
  if (!(length > 2)) return;
  const size = Math.min(9 * em, 0.6 * length);
  const [tx, ty] = [x + dx, y + dy];
  const back = [x + dx * (1 - (0.8 * size) / length), y + dy * (1 - (0.8 * size) / length)];
  for (const [strokeStyle, lineWidth] of [[colors.halo, 5 * em], [color, 2.2 * em]]) {
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
  Object.assign(g, { font: `italic ${12 * em}px ${colors.font}`, textAlign: dx < 0 ? "right" : "left", textBaseline: "middle" });
  let [nx, ny] = [tx + (dx < 0 ? -4 : 4) * em, ty + 8 * em * Math.sin(turn)];
  while (taken.some(([ox, oy]) => Math.abs(ox - nx) < 34 * em && Math.abs(oy - ny) < 12 * em)) ny += 3 * em;
  taken.push([nx, ny]);
  Object.assign(g, { strokeStyle: colors.bg, lineWidth: 3 * em });
  g.strokeText(name, nx, ny);
  g.fillText(name, nx, ny);
}

// A run's points in pixels, [x0, y0, x1, y1, …], up to its last one, and how long the line is there.
function pixels(f, xs, ys, last) {
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
function place({ points, last }, step) {
  const k = Math.min(Math.floor(step), last);
  const part = Math.min(step, last) - k;
  const at = (c) => points[2 * k + c] + (part ? part * (points[2 * k + 2 + c] - points[2 * k + c]) : 0);
  return [at(0), at(1)];
}

// The line from one step to another, as the current path; without the steps that end where the last one drawn did.
function trace(g, line, from, until) {
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
function strokePart(g, line, dash, from, until) {
  if (until <= from) return;
  trace(g, line, from, until);
  g.setLineDash(dash);
  g.lineDashOffset = line.along[from];
  g.stroke();
  g.setLineDash([]);
  g.lineDashOffset = 0;
}

const PIECES = 6; // of a trail

// The runs on screen, pinned ones first, as lines: how strong one is, how far it was played, and where its trail begins,
// the last fifth.
function played(state) {
  const line = (pinned) => (run) => {
    const [until, length] = [Math.min(state.step, run.last), Math.max(12, run.last / 5)];
    const from = Math.max(0, Math.floor(until - length));
    return { run, pinned, most: strength(state, run) * (pinned ? 0.75 : 1), until, from };
  };
  return [...state.pinned().map(line(true)), ...state.shown().map(line(false))];
}

// The recorded step whose point is nearest to (x, y), and how far it is.
function nearest({ points, last }, x, y, until = last) {
  let found = { k: -1, away: Infinity };
  for (let k = 0; k <= Math.min(last, until); k++) {
    const away = Math.hypot(points[2 * k] - x, points[2 * k + 1] - y);
    if (away < found.away) found = { k, away };
  }
  return found;
}

// canvas.js

// Canvases, and frames that map data to their pixels.

// A canvas of this size in CSS pixels, cleared.
function prepare(canvas, width, height) {
  const ratio = globalThis.devicePixelRatio || 1;
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h });
  const g = canvas.getContext("2d");
  g.setTransform(ratio, 0, 0, ratio, 0, 0);
  g.clearRect(0, 0, width, height);
  Object.assign(g, { lineJoin: "round", lineCap: "butt", globalAlpha: 1 });
  return g;
}

// A frame maps data to pixels: {px, py} functions, their inverses and the pixel box.
function frame(box, xs, ys, log = false) {
  const scale = log ? (v) => Math.log10(Math.max(v, ys[0] * 1e-9)) : (v) => v;
  const [low, high] = ys.map(scale);
  const limit = (v) => Math.max(-1e5, Math.min(1e5, v));
  return {
    ...box, xs, ys,
    px: (v) => limit(box.left + ((v - xs[0]) / (xs[1] - xs[0] || 1)) * box.width),
    py: (v) => limit(box.top + (1 - (scale(v) - low) / (high - low || 1)) * box.height),
    x: (pixel) => xs[0] + ((pixel - box.left) / box.width) * (xs[1] - xs[0]),
    y: (pixel) => ys[0] + (1 - (pixel - box.top) / box.height) * (ys[1] - ys[0]),
    inside: (x, y) => x >= box.left && x <= box.left + box.width && y >= box.top && y <= box.top + box.height,
  };
}

// The part of the window around a center: no part of it is outside as long as the center is inside.
function around([[x0, x1], [y0, y1]], { x, y, zoom }) {
  const part = (low, high, center) => {
    const half = (high - low) / 2 / zoom;
    const c = center < low || center > high ? center : Math.max(low + half, Math.min(high - half, center));
    return [c - half, c + half];
  };
  return [part(x0, x1, x), part(y0, y1, y)];
}

function drawAxes(g, f, colors, { across, up, label, xlabel, ylabel, grid }) {
  const { em } = colors;
  g.font = `${11 * em}px ${colors.font}`;
  g.lineWidth = em;
  g.fillStyle = colors.muted;
  g.strokeStyle = colors.rule;
  g.textAlign = "center";
  g.textBaseline = "top";
  for (const [text, x] of across) g.fillText(text, x, f.top + f.height + 6 * em);
  g.fillText(xlabel, f.left + f.width / 2, f.top + f.height + 19 * em);
  g.textAlign = "left";
  g.fillText(ylabel, 2, f.ylabel);
  g.textAlign = "right";
  g.textBaseline = "middle";
  g.beginPath();
  for (const v of up) {
    const y = f.py(v);
    if (y - 6 * em < f.ylabel + 11 * em && y > f.ylabel - 6 * em) continue; // the axis's name stands there
    g.fillText(label(v), f.left - 6 * em, y);
    if (grid) g.moveTo(f.left, y), g.lineTo(f.left + f.width, y);
  }
  g.stroke();
}

// From here to the next restore, nothing is drawn outside a frame and its margin.
function clip(g, { left, top, width, height }, margin = 0) {
  g.save();
  g.beginPath();
  g.rect(left - margin, top - margin, width + 2 * margin, height + 2 * margin);
  g.clip();
}

// ground.js

// What the map's paths run over, and what stays while they play: the landscape, its axes, minima and saddles.


// The landscape's shapes as paths; `d` stays for SVG.
function shapes({ unit = 1, shapes = [] }) {
  return { unit, shapes: shapes.map((shape) => ({ ...shape, path: new Path2D(shape.d) })) };
}

function drawGround(g, f, land, meta, colors) {
  clip(g, f);
  drawLand(g, f, land, meta.window, colors);
  g.restore();
  const across = ticks(f.xs, 5).map((v) => [brief(v), f.px(v)]);
  drawAxes(g, f, colors, { across, up: ticks(f.ys, 5), label: brief, xlabel: meta.coords[0], ylabel: meta.coords[1] ?? "f" });
  g.strokeRect(f.left, f.top, f.width, f.height);
  clip(g, f);
  drawMarks(g, f, meta.marks, colors);
  g.restore();
}

function drawLand(g, f, land, [[x0, x1], [y0, y1]], colors) {
  const [left, right, top, bottom] = [f.px(x0), f.px(x1), f.py(y1), f.py(y0)];
  const [sx, sy] = [(right - left) / land.unit, (bottom - top) / land.unit];
  for (const { d, path, fill, line, from } of land.shapes) {
    if (from > f.zoom) continue;
    const drawn = new Path2D();
    drawn.addPath(path, new DOMMatrix([sx, 0, 0, sy, left, top]));
    Object.assign(drawn, { d, at: [sx, 0, 0, sy, left, top] }); // for the SVG
    if (fill && !colors.forced) g.fillStyle = fill[colors.dark ? 1 : 0], g.fill(drawn, "evenodd");
    if (!line) continue;
    Object.assign(g, { strokeStyle: colors.forced ? colors.muted : line[colors.dark ? 1 : 0], lineWidth: (fill || from ? 0.7 : 1.7) * colors.em });
    g.stroke(drawn);
  }
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
    g.moveTo(px - r, py - r), g.lineTo(px + r, py + r), g.moveTo(px - r, py + r), g.lineTo(px + r, py - r);
  }
  for (const [strokeStyle, lineWidth] of [[colors.bg, 4 * em], [colors.fg, 1.8 * em]]) Object.assign(g, { strokeStyle, lineWidth }), g.stroke();
}

// paths.js

// What moves on the map: paths with heads and trails, arrows at the heads, the start.


const OLD = 0.55; // how much is left of what lies behind the trail

function drawPaths(g, f, meta, state, colors) {
  const { em } = colors;
  clip(g, f);
  for (const one of played(state)) drawPath(g, one, colors);
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

// charts.js

// Beside the map: the loss against the step, and bars of the inner quantities, one a coordinate.


function drawLossAxes(g, f, meta, colors) {
  const powers = meta.log ? decades(f.ys, 6) : [];
  const up = powers.length > 2 ? { up: powers, label: power } : { up: (meta.log ? fine : ticks)(f.ys, 5), label: brief };
  const across = ticks(f.xs, 5).filter(Number.isInteger).map((v) => [brief(v), f.px(v)]);
  drawAxes(g, f, colors, { across, ...up, xlabel: "step", ylabel: meta.floor ? "loss f − minimum" : "loss f", grid: true });
}

function drawLoss(g, f, meta, state, colors) {
  const { em } = colors;
  const curves = played(state);
  const curve = ({ run, pinned, most, until }) => {
    Object.assign(g, { strokeStyle: colors.of(run.series.color), lineWidth: (pinned ? 1.2 : 1.8) * em, globalAlpha: most });
    strokePart(g, run.curve, pinned ? [] : run.series.dash.map((part) => part * em), 0, until);
  };
  const upright = (step, style) => {
    const x = f.px(meta.steps[step]);
    Object.assign(g, { strokeStyle: style, lineWidth: em });
    g.beginPath();
    g.moveTo(x, f.top);
    g.lineTo(x, f.top + f.height);
    g.stroke();
  };
  clip(g, f, em);
  upright(Math.floor(state.step), colors.muted);
  curves.forEach(curve);
  g.restore();
  clip(g, f, 8 * em);
  for (const { run, pinned } of curves) {
    g.globalAlpha = strength(state, run);
    head(g, outline(run.series.marker, ...place(run.curve, state.step), 5 * em), run.series, colors, pinned);
  }
  g.globalAlpha = 1;
  if (state.hover !== null) {
    upright(state.hover, colors.fg);
    for (const run of [...state.shown(), ...state.pinned()]) {
      if (state.hover > run.last) continue;
      g.beginPath();
      g.arc(...place(run.curve, state.hover), 5 * em, 0, 7);
      Object.assign(g, { strokeStyle: colors.fg, lineWidth: 2 * em });
      g.stroke();
    }
    const right = f.px(meta.steps[state.hover]) > f.left + f.width / 2;
    Object.assign(g, { font: `${11 * em}px ${colors.font}`, textAlign: right ? "right" : "left", textBaseline: "top", fillStyle: colors.fg, strokeStyle: colors.bg, lineWidth: 4 * em });
    const spot = [`step ${meta.steps[state.hover]}`, f.px(meta.steps[state.hover]) + (right ? -6 : 6) * em, f.top];
    g.strokeText(...spot);
    g.fillText(...spot);
  }
  g.restore();
}

// The bars to draw: for each quantity wanted, of each run, one a coordinate.
function bars(meta, state) {
  const names = [...new Set(state.shown().flatMap((run) => run.inner.filter((q) => q.kind === "bar").map((q) => q.name)))];
  return names.filter((name) => state.bars.has(name)).map((name) => {
    const rows = state.shown().flatMap((run) => {
      const quantity = run.inner.find((q) => q.name === name);
      return quantity ? meta.coords.map((coord, c) => ({ run, coord, values: quantity.values[c] })) : [];
    });
    return { name, rows, range: span(rows.map((row) => row.values)) };
  });
}

// The finite positive values' range, at most six decades, in whole ones.
function span(arrays) {
  let [low, high] = [Infinity, 0];
  for (const values of arrays) for (const v of values) {
    if (v > 0 && v < low) low = v;
    if (v > high && v < Infinity) high = v;
  }
  if (!(high > 0)) return [0.1, 1];
  high = 10 ** Math.ceil(Math.log10(high));
  return [Math.max(10 ** Math.floor(Math.log10(low)), high / 1e6, 1e-38), high].map((v, i) => (i ? v : Math.min(v, high / 10)));
}

const barsHeight = (groups, em) => groups.reduce((sum, group) => sum + 34 * em + 15 * em * group.rows.length, 0);

function drawBars(g, width, groups, state, colors) {
  const { em } = colors;
  const k = Math.floor(state.step);
  const [left, right] = [60 * em, 64 * em];
  let y = 0;
  for (const { name, rows, range } of groups) {
    const x = (v) => left + (Math.log10(v / range[0]) / Math.log10(range[1] / range[0])) * (width - left - right);
    Object.assign(g, { font: `${11 * em}px ${colors.font}`, fillStyle: colors.muted, strokeStyle: colors.rule, lineWidth: em, textBaseline: "middle", textAlign: "left" });
    g.fillText(name, 2, y + 9 * em);
    const [top, height] = [y + 18 * em, 15 * em * rows.length];
    g.textAlign = "center";
    g.beginPath();
    for (const v of decades(range, 5)) {
      g.moveTo(x(v), top);
      g.lineTo(x(v), top + height);
      g.fillText(power(v), x(v), y + 9 * em);
    }
    g.stroke();
    rows.forEach(({ run, coord, values }, i) => {
      const [row, value] = [top + 15 * em * i, k <= run.last ? values[k] : NaN];
      Object.assign(g, { fillStyle: colors.of(run.series.color), globalAlpha: 0.85 });
      if (value > range[0]) g.fillRect(left, row + 2 * em, x(Math.min(value, range[1])) - left, 10 * em);
      Object.assign(g, { globalAlpha: 1, fillStyle: colors.fg, textAlign: "right" });
      g.fillText(coord, left - 6 * em, row + 7.5 * em);
      g.textAlign = "left";
      g.fillText(number(value), width - right + 8 * em, row + 7.5 * em);
    });
    y += 34 * em + 15 * em * rows.length;
  }
}

// page.js

// The page's elements and its colours.


const SPEEDS = [0.25, 0.5, 1, 2, 4, 8];
const ICONS = {
  play: "M2 0l10 6-10 6z", pause: "M1 0h3.5v12H1zM7.5 0H11v12H7.5z",
  back: "M0 0h2.5v12H0zM12 0v12L3.5 6z", forward: "M12 0H9.5v12H12zM0 0v12l8.5-6z",
};
const icon = (name) => `<svg viewBox="0 0 12 12" aria-hidden="true"><path d="${ICONS[name]}"/></svg>`;
const button = (name, text, more = "") => `<button type="button" class="${name}" ${more}>${text}</button>`;

const PAGE = `
  <div class="sheet"></div>
  <div class="controls">
    <div class="buttons">
      ${button("play", "")}
      ${button("back", icon("back"), 'aria-label="One step back" title="One step back"')}
      ${button("forward", icon("forward"), 'aria-label="One step forward" title="One step forward"')}
    </div>
    <div class="scrub"><input type="range" min="0" step="1" aria-label="Step"><span class="value" aria-hidden="true"></span></div>
    <label class="speed">speed <select>${SPEEDS.map((s) => `<option value="${s}">${s}×</option>`).join("")}</select></label>
    ${button("loop", "Loop", 'aria-pressed="false" title="Start again at the end"')}
  </div>
  <div class="axes"></div>
  <div class="stage">
    <div class="map"><canvas class="paths" role="img"></canvas><canvas class="ground" aria-hidden="true"></canvas>
      <span class="start" role="slider" tabindex="0" aria-label="Start" aria-description="The arrow keys move it." aria-valuemin="0" aria-valuemax="999" aria-valuenow="0" hidden></span></div>
    <div class="loss"><canvas class="curves" role="img"></canvas><canvas class="ground" aria-hidden="true"></canvas></div>
    <div class="bars" hidden><canvas role="img"></canvas></div>
    <table class="numbers"><thead><tr><th scope="col">method</th><th scope="col" class="theta"></th>
      <th scope="col">f</th><th scope="col"><span aria-hidden="true">‖∇f‖</span><span class="unseen">norm of the gradient</span></th></tr></thead><tbody></tbody></table>
  </div>
  <p class="key"></p>
  <p class="hint" hidden></p>
  <div class="extras">
    <label class="view">map shows <select></select></label>
    <fieldset class="arrows"><legend>arrows of</legend></fieldset>
    <fieldset class="quantities"><legend>bars of</legend></fieldset>
    <div class="buttons">
      ${button("pin", "Keep to compare", 'aria-pressed="false" title="These runs stay in the picture, thinner, while the sliders move on"')}
      ${button("copy", "Copy code", 'title="Copy the Python that makes these runs"')}
      ${button("svg", "SVG", 'aria-label="Save the picture as SVG" title="Save the picture as SVG"')}
      ${button("png", "PNG", 'aria-label="Save the picture as PNG" title="Save the picture as PNG"')}
      ${button("full", "Full screen", 'aria-pressed="false" title="As large as the screen, for a lecture"')}
    </div>
  </div>
  <p class="status" role="status" aria-live="polite"></p>`;

const swatch = (series) => `<svg viewBox="0 0 30 12" aria-hidden="true">
  <path d="M0 6h30" fill="none" stroke-width="1.8" stroke-dasharray="${series.dash.join(" ")}"/><polygon points="${outline(series.marker, 15, 6, 5)
    .map((p) => p.map((v) => v.toFixed(1)).join())
    .join(" ")}"/></svg>`;

function row(series, name, pinned) {
  const made = document.createElement("tr");
  const inside = `${swatch(pinned ? { ...series, dash: [] } : series)}<span></span>`;
  made.innerHTML = `<th scope="row">${pinned ? `<div>${inside}</div>` : `<button type="button" aria-pressed="true" title="In the picture">${inside}</button>`}</th><td></td><td></td><td></td>`;
  made.querySelector("span").textContent = name;
  made.classList.toggle("pinned", pinned);
  return made;
}

// An element's text, in the text node that is there: for a new one the browser looks up its style.
function putText(element, text) {
  const [node, more] = element.childNodes;
  if (node?.nodeType === Node.TEXT_NODE && !more) node.data = text;
  else element.textContent = text;
}

// A number; beside one with a power of ten the words that a screen reader says of it.
function putNumber(cell, text) {
  const words = spoken(text);
  if (words === text) putText(cell, text);
  else {
    if (!cell.children.length) cell.innerHTML = `<span aria-hidden="true"></span><span class="unseen"></span>`;
    [text, words].forEach((part, i) => putText(cell.children[i], part));
  }
}

// A row's numbers, or in words how the run ended.
function fillRow(row, meta, run, k) {
  const [, ...cells] = row.cells;
  const gone = k > run.last;
  cells[0].colSpan = gone ? 3 : 1;
  cells[0].className = gone ? "words" : "";
  cells[1].hidden = cells[2].hidden = gone;
  if (gone) putText(cells[0], tell(meta, run, k));
  else [point(meta, run, k), number(run.loss[k] + meta.floor), number(run.grad_norm[k])].forEach((text, c) => putNumber(cells[c], text));
}

function tint(row, color) {
  row.querySelector("path").setAttribute("stroke", color);
  row.querySelector("polygon").setAttribute("fill", color);
  row.querySelector("polygon").setAttribute("stroke", row.classList.contains("pinned") ? color : "none");
}

// A sweep's slider: its symbol, its value, a tick for each value, the first and the last, and whose it is.
function slider(axis, i, meta) {
  const made = document.createElement("label");
  made.innerHTML = `<span class="name" aria-hidden="true"></span><span class="value" aria-hidden="true"></span>
    <input type="range" min="0" step="1"><span class="ticks" aria-hidden="true"></span><span class="ends" aria-hidden="true"></span>`;
  const $ = (selector) => made.querySelector(selector);
  $(".name").textContent = `${axis.symbol} =`;
  $("input").max = axis.values.length - 1;
  const moved = meta.series.filter((series) => series.axes.includes(i)).map((series) => series.name);
  const of = moved.length < meta.series.length ? ` of ${moved.join(", ")}` : "";
  const code = axis.symbol === axis.name ? "" : `, in the code ${axis.name}`;
  $("input").setAttribute("aria-label", `${axis.symbol}${of}${code}`);
  made.title = `${axis.symbol}${of}${code}: ${axis.values.length} values`;
  $(".ticks").style.setProperty("--gaps", Math.max(1, axis.values.length - 1));
  $(".ticks").hidden = axis.values.length > 60;
  for (const text of [brief(axis.values[0]), of.trim(), brief(axis.values.at(-1))]) $(".ends").append(Object.assign(document.createElement("span"), { textContent: text }));
  return made;
}

// The value that a slider stands for.
function fillSlider(label, axis, at) {
  const [input, value] = [label.querySelector("input"), brief(axis.values[at])];
  putText(label.querySelector(".value"), value);
  input.value = at;
  input.setAttribute("aria-valuetext", value);
}

function check(name) {
  const label = document.createElement("label");
  label.innerHTML = `<input type="checkbox"><span></span>`;
  label.querySelector("span").textContent = name;
  label.querySelector("input").value = name;
  label.querySelector("input").setAttribute("aria-label", aloud(name));
  return label;
}

function build(el, meta) {
  const root = document.createElement("div");
  root.className = "downhill-player";
  root.setAttribute("role", "group");
  root.innerHTML = PAGE;
  el.appendChild(root);
  const $ = (selector) => root.querySelector(selector);
  $(".theta").textContent = meta.coords.length > 1 ? `(${meta.coords.join(", ")})` : meta.coords[0];
  $(".speed select").value = "1";
  $(".scrub input").max = meta.steps.length - 1;
  $(".scrub .value").style.setProperty("--digits", `${2 * String(meta.steps.at(-1)).length + 3}ch`);
  const rows = meta.series.map((series) => row(series, series.name, false));
  $("tbody").append(...rows);
  const sliders = meta.axes.map((axis, i) => slider(axis, i, meta));
  $(".axes").append(...sliders);
  $(".axes").hidden = !sliders.length;
  const key = [["minima", "★", "minimum"], ["saddles", "×", "saddle"]].filter(([kind]) => meta.marks[kind].length);
  $(".key").textContent = key.map(([, sign, name]) => `${sign} ${name}`).join(" · ");
  $(".key").hidden = !$(".key").textContent;
  const [first] = meta.series;
  const views = [["whole", "the whole window"], ...(meta.view.zoom > 1 ? [["runs", "these runs"]] : []), ...[4, 16, 64].map((z) => [z, `${z}×, following ${first.name}`])];
  for (const [value, text] of views) $(".view select").append(new Option(text, value));
  $(".view select").value = meta.view.zoom > 1 ? "runs" : "whole";
  const named = (kind) => [...new Set(meta.series.flatMap((series) => series.inner.filter((q) => q.kind === kind).map((q) => q.name)))];
  $(".arrows").append(...[...named("arrow"), "step"].map(check));
  $(".quantities").append(...named("bar").map(check));
  $(".quantities").hidden = !named("bar").length;
  return { root, $, rows, sliders };
}

// The theme's colours, as a canvas needs them.
function palette(root) {
  const style = getComputedStyle(root);
  const dark = luminance(channels(style.color)) > 0.5;
  root.classList.toggle("dark", dark);
  const get = (name) => getComputedStyle(root).getPropertyValue(name).trim();
  return {
    dark, em: parseFloat(style.fontSize) / 14, font: style.fontFamily, fg: style.color,
    forced: matchMedia("(forced-colors: active)").matches && style.forcedColorAdjust !== "none",
    muted: get("--muted"), rule: get("--rule"), bg: get("--bg"), accent: get("--accent"),
    halo: dark ? "rgba(0,0,0,.6)" : "rgba(255,255,255,.75)",
    of: (color) => (dark ? onDark(color) : color),
  };
}

const channels = (color) => (color.startsWith("#") ? [1, 3, 5].map((i) => parseInt(color.slice(i, i + 2), 16)) : (color.match(/[\d.]+/g) ?? [0, 0, 0]).map(Number));
const luminance = ([r, g, b]) => (0.3 * r + 0.6 * g + 0.1 * b) / 255;

// The method's colour on a dark page: greys turned over, dark colours lighter.
function onDark(color) {
  const rgb = channels(color);
  if (Math.max(...rgb) - Math.min(...rgb) < 12) return `rgb(${rgb.map((v) => Math.round(242 - 0.7 * v))})`;
  const lift = Math.max(0, 0.52 - luminance(rgb));
  return `rgb(${rgb.map((v) => Math.round(v + lift * 1.3 * (255 - v)))})`;
}

// clock.js

// Playing: steps go by with time while the player can be seen.

const SECONDS = 8; // a whole run at speed 1
const STILLS = 2; // pictures a second where the reader wants less motion

// `last` is the last step, `speed` says how fast, `show` draws a step, `end` is told of the last one and says
// whether to go on from the first. Where `calm` says so, nothing glides: whole steps, `STILLS` pictures a second.
function clock({ last, speed, show: draw, end, calm = () => false }) {
  let [request, before, seen, playing, step, shown] = [0, null, true, false, 0, null];
  const rate = () => speed() * Math.max(last / SECONDS, 3); // steps a second
  const show = (at) => {
    const stride = Math.max(1, Math.round(rate() / STILLS));
    const whole = calm() ? Math.floor(at / stride) * stride : at;
    if (whole !== shown) draw((shown = whole));
  };
  const tick = (now) => {
    step = Math.min(last, step + ((now - (before ?? now)) / 1000) * rate());
    before = now;
    if (step >= last) {
      if (!end()) return;
      step = 0;
    }
    show(step);
    run();
  };
  const run = () => {
    cancelAnimationFrame(request);
    if (playing && seen) request = requestAnimationFrame(tick);
  };
  return {
    play: (from) => ((playing = true), (step = from), (before = shown = null), run()),
    stop: () => ((playing = false), cancelAnimationFrame(request)),
    see: (visible) => ((seen = visible), (before = null), run()),
  };
}

// legend.js

// The legend: each run's name is a button that hides the run; while it is pointed at, the other runs step back.

function legend({ rows, state, draw, changed }) {
  rows.forEach((made, i) => {
    const name = made.querySelector("button");
    const highlight = (at) => ((state.only = at && rows.length > 1 && !state.hidden.has(i) ? i : null), draw());
    const on = (event, act) => name.addEventListener(event, act);
    on("click", () => {
      const off = !state.hidden.delete(i) && !!state.hidden.add(i);
      made.classList.toggle("off", off);
      name.setAttribute("aria-pressed", String(!off));
      highlight(!off);
      changed();
    });
    on("pointerenter", () => highlight(true));
    on("pointerleave", () => highlight(false));
    on("focus", () => highlight(name.matches(":focus-visible")));
    on("blur", () => highlight(false));
  });
}

// places.js

// Where things are on screen: the canvases' sizes, the frames in them, the runs' points there. Sizes are read
// once, in `measure`: to read them while the page's texts change would have it laid out twice.


class Places {
  constructor({ root, $, meta, state }) {
    const [[x0, x1], [y0, y1]] = meta.window;
    Object.assign(this, { root, $, meta, state, sizes: new Map(), groups: [], ready: false });
    this.whole = { x: (x0 + x1) / 2, y: (y0 + y1) / 2, zoom: 1 };
  }

  // The sizes of everything, after the page, its theme or what is shown changed.
  measure(colors) {
    const { $, meta, state } = this;
    this.em = colors.em;
    this.groups = bars(meta, state);
    $(".bars").hidden = !this.groups.length;
    $(".bars").style.height = `${barsHeight(this.groups, this.em)}px`;
    const width = $(".map").clientWidth;
    if (!(this.ready = width > 0)) return;
    const [left, right, top, bottom] = [36, 10, 10, 36].map((v) => v * this.em);
    this.box = { left, top, width: Math.min(width - left - right, (this.room() - top - bottom) / meta.aspect), ylabel: 0 };
    this.box.height = Math.round(this.box.width * meta.aspect);
    $(".map").style.height = `${this.box.height + top + bottom}px`;
    for (const canvas of this.root.querySelectorAll("canvas")) this.sizes.set(canvas, [canvas.clientWidth, canvas.clientHeight]);
  }

  // How high the map may be: on a full screen as high as leaves all controls visible.
  room() {
    if (!this.root.classList.contains("large")) return Infinity;
    const [controls, stage, status] = [".controls", ".stage", ".status"].map((part) => this.$(part).getBoundingClientRect());
    return Math.max(200, innerHeight - stage.top - controls.top - (status.bottom - stage.bottom));
  }

  // The loss axis and the curves there; its range is that of all the data. The bars of the runs shown.
  curves(runs, data) {
    if (!this.ready) return;
    this.groups = bars(this.meta, this.state);
    const { em, meta } = this;
    if (this.data !== data) this.range = lossRange(meta, (this.data = data));
    const [width, height] = this.sizes.get(this.$(".curves"));
    const plot = { left: 44 * em, top: 22 * em, width: width - 62 * em, height: height - 58 * em, ylabel: 2 * em };
    this.loss = frame(plot, [0, Math.max(1, meta.steps.at(-1))], this.range, meta.log);
    const inside = (loss) => (meta.log ? loss.map((v) => (v < this.range[0] ? this.range[0] : v)) : loss); // 0, too
    for (const run of runs) run.curve = pixels(this.loss, meta.steps, inside(run.loss), run.last);
  }

  // The part of the map that is looked at, and the paths there.
  paths(runs) {
    if (!this.ready) return;
    const chosen = this.$(".view select").value;
    const view = chosen === "whole" ? this.whole : chosen === "runs" ? this.meta.view : { ...this.head(), zoom: Number(chosen) };
    this.map = { ...frame(this.box, ...around(this.meta.window, view)), zoom: view.zoom };
    for (const run of runs) run.path = pixels(this.map, run.across, run.up, run.last);
  }
  follows() {
    return Number(this.$(".view select").value) > 0;
  }
  head() {
    const [run] = this.state.shown();
    if (!run) return this.whole;
    const k = Math.min(Math.floor(this.state.step), run.last);
    const part = Math.min(this.state.step, run.last) - k;
    const between = (values) => values[k] + (part ? part * (values[k + 1] - values[k]) : 0);
    return { x: between(run.across), y: between(run.up) };
  }

  canvas(canvas) {
    return prepare(canvas, ...this.sizes.get(canvas));
  }
}

// paper.js

// What a printed page has in place of the player: the picture that is saved, in light colours and as wide as a page.

function paper({ root, paint, picture }) {
  const sheet = root.querySelector(".sheet");
  const lay = () => {
    root.classList.add("paper");
    paint();
    sheet.innerHTML = picture();
    root.classList.remove("paper");
    paint();
  };
  const clear = () => sheet.replaceChildren();
  addEventListener("beforeprint", lay);
  addEventListener("afterprint", clear);
  return () => {
    removeEventListener("beforeprint", lay);
    removeEventListener("afterprint", clear);
  };
}

// pointing.js

// The pointer on a canvas: pressed it acts, else it hovers. Coordinates are the canvas's.

function pointing(canvas, { may = () => true, act, hover, leave }) {
  let pressed = false;
  const at = ({ clientX, clientY }) => {
    const { left, top } = canvas.getBoundingClientRect();
    return [clientX - left, clientY - top];
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button || !may()) return;
    canvas.setPointerCapture(event.pointerId);
    pressed = true;
    leave();
    act(...at(event));
  });
  canvas.addEventListener("pointermove", (event) => (pressed ? act : hover)(...at(event)));
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => (pressed = false));
  canvas.addEventListener("pointerleave", leave);
}

// start.js

// Moving the start: one request under way, the newest of the others waiting. The kernel answers with the runs on
// screen; once the start has stayed for a moment it is asked for all of them.


const [PATIENCE, MOMENT] = [1000, 200]; // milliseconds

function starter({ model, meta, state, changed, show, say }) {
  let asked = null, waiting = null, timer = 0;
  let reached = model.get("start"); // where the runs on screen start
  function later(delay, act) {
    clearTimeout(timer);
    timer = setTimeout(act, delay);
  }
  function ask(start) {
    state.start = start;
    if (asked) waiting = start;
    else {
      model.send((asked = { start, at: [...state.at] }));
      later(PATIENCE, () => say("The kernel has not answered yet; another cell may be running."));
    }
    changed();
  }
  return {
    // The start on screen when the model has new runs: what the reader asked for since, else theirs.
    loaded() {
      reached = model.get("start");
      return waiting ?? asked?.start ?? reached;
    },
    answer({ start, error }, [runs]) {
      if (!asked || !(start || error)) return;
      const [{ at }, next] = [asked, waiting];
      asked = waiting = null;
      clearTimeout(timer);
      say(error ?? "");
      if (start) reached = start, show(runs, at);
      if (next) return ask(next);
      if (error) state.start = reached, changed();
      later(MOMENT, () => model.send({ all: reached }));
    },
    drag(f, x, y) {
      const inside = (v, [low, high]) => Math.max(low, Math.min(high, v));
      const point = [rounded(inside(f.x(x), f.xs), f.xs), rounded(inside(f.y(y), f.ys), f.ys)];
      ask(point.slice(0, meta.coords.length));
    },
    nudge(f, key, fine) {
      const [left, right, up, down] = meta.coords.length > 1 ? [[-1, 0], [1, 0], [0, 1], [0, -1]] : [[-1], [1], [1], [-1]];
      const turn = { ArrowLeft: left, ArrowRight: right, ArrowUp: up, ArrowDown: down }[key];
      if (!turn) return false;
      const ends = [f.xs, f.ys];
      ask(state.start.map((v, i) => rounded(v + (turn[i] * (ends[i][1] - ends[i][0])) / (fine ? 200 : 40), ends[i])));
      return true;
    },
    leave: () => clearTimeout(timer),
  };
}

// voice.js

// What the player says: the labels of its pictures, and what has changed, once the reader has stopped changing it.


const [LABELS, PAUSE] = [100, 400]; // milliseconds

function voice({ root, $, meta, state }) {
  let [soon, labelled, moves] = [0, 0, 0];
  const here = () => Math.floor(state.step);
  const runs = () => [...state.chosen(), ...state.pinned()];
  const inner = (wanted) => quantities(meta, state.shown(), here(), wanted);
  const told = (wanted) => spoken([outcomes(meta, runs(), here()) || "no run is shown", inner(wanted)].filter(Boolean).join("; "));

  // The start, a slider of its own: of a picture a screen reader keeps the arrow keys. It is read out again when
  // aria-valuenow is another one, which counts the moves.
  function place() {
    const [start, text] = [$(".start"), meta.coords.map((name, i) => `${name} ${number(state.start[i])}`).join(", ")];
    if (start.getAttribute("aria-valuetext") === text) return;
    start.setAttribute("aria-valuetext", text);
    start.setAttribute("aria-valuenow", moves++ % 1000);
  }
  function label() {
    const names = meta.series.map((series) => series.name).join(", ");
    root.setAttribute("aria-label", `Player: ${names} on ${meta.title}`);
    $(".paths").setAttribute("aria-label", `Paths on ${meta.title}, ${where(meta, here())}: ${told(state.arrows)}.`);
    const change = spoken(losses(meta, runs(), here())) || "no run is shown";
    $(".curves").setAttribute("aria-label", `Loss against the step, up to ${where(meta, here())}: ${change}.`);
    $(".bars canvas").setAttribute("aria-label", spoken(`Bars: ${inner(state.bars) || "none"}.`));
  }
  // Labels follow the paint: they are not to be waited for.
  function labelSoon() {
    clearTimeout(labelled);
    labelled = setTimeout(label, LABELS);
  }

  function say(text) {
    clearTimeout(soon);
    $(".status").textContent = text;
  }
  function saySoon(text) {
    clearTimeout(soon);
    soon = setTimeout(() => say(text()), PAUSE);
  }
  // Where the runs are, after what led there: the step, or nothing where a control has said its own value.
  const tell = (before = `Step ${progress(meta, here())}: `) => `${before}${told(new Set([...state.arrows, ...state.bars]))}.`;
  return {
    say, place, label, labelSoon,
    tell: () => say(tell()),
    tellSoon: (before) => saySoon(() => tell(before)),
    tellInner: (name) => saySoon(() => `${spoken(inner(new Set([name]))) || "none at this step"}.`),
    stop: () => [soon, labelled].forEach(clearTimeout),
  };
}

// watch.js

// What the page around the player may change: its room, whether it can be seen, its theme, a full screen.
// Returns what ends the watch.

function watch({ root, parts, paint, see }) {
  const size = new ResizeObserver(paint);
  for (const part of parts) size.observe(part);
  const sight = new IntersectionObserver((entries) => see(entries.at(-1).isIntersecting));
  sight.observe(root);
  const theme = new MutationObserver(paint);
  for (const node of [document.documentElement, document.body]) {
    theme.observe(node, { attributes: true, attributeFilter: ["class", "data-theme", "data-jp-theme-name", "data-jp-theme-light"] });
  }
  const queries = ["(prefers-color-scheme: dark)", "(forced-colors: active)"].map((query) => matchMedia(query));
  for (const query of queries) query.addEventListener("change", paint);
  document.addEventListener("fullscreenchange", paint);
  return () => {
    for (const observer of [size, sight, theme]) observer.disconnect();
    for (const query of queries) query.removeEventListener("change", paint);
    document.removeEventListener("fullscreenchange", paint);
  };
}

// picture.js

// What is on screen as one picture, drawn on any context: the map, the charts and the numbers.


function compose({ root, places, meta, state, land, colors, heading }) {
  const [{ em }, { groups }, plain] = [colors, places, { ...state, hover: null, only: null }];
  const [margin, above] = [10 * em, 30 * em];
  const stage = root.querySelector(".stage");
  const around = stage.getBoundingClientRect();
  const scale = around.width / parseFloat(getComputedStyle(stage).width); // of a slide that fills its screen
  // Where something is in the picture.
  const within = (thing) => {
    const { left, top, width, height } = thing.getBoundingClientRect();
    const x = (left - around.left) / scale + margin;
    const y = (top - around.top) / scale + above;
    return { left: x, top: y, middle: y + height / scale / 2, width: width / scale, height: height / scale };
  };
  const part = (g, selector, act) => {
    const { left, top, width } = within(root.querySelector(selector));
    g.save();
    g.translate(left, top);
    act(width);
    g.restore();
  };
  const [width, height] = [around.width / scale + 2 * margin, around.height / scale + above + margin];
  const draw = (g) => {
    g.fillStyle = colors.bg;
    g.fillRect(0, 0, width, height);
    Object.assign(g, { font: `${13 * em}px ${colors.font}`, fillStyle: colors.fg, textAlign: "left", textBaseline: "middle" });
    g.fillText(heading, margin, above / 2);
    part(g, ".map", () => {
      drawGround(g, places.map, land, meta, colors);
      drawPaths(g, places.map, meta, { ...plain, live: false }, colors);
    });
    part(g, ".loss", () => {
      drawLossAxes(g, places.loss, meta, colors);
      drawLoss(g, places.loss, meta, plain, colors);
    });
    if (groups.length) part(g, ".bars", (width) => drawBars(g, width, groups, state, colors));
    drawNumbers(g, root, within, [...state.shown(), ...state.pinned()], colors);
  };
  return { draw, width, height };
}

// A text's lines as the page breaks them, each with the place of its first word.
function lines(node, within) {
  const [text, range, found] = [node.firstChild, document.createRange(), []];
  for (const { 0: word, index } of text?.data?.matchAll(/\S+/g) ?? []) {
    range.setStart(text, index);
    range.setEnd(text, index + word.length);
    const box = within(range);
    const last = found.at(-1);
    if (last && Math.abs(last.box.top - box.top) < box.height / 2) last.text += ` ${word}`;
    else found.push({ text: word, box });
  }
  return found;
}

// The table's texts where the page has them, the methods with their lines.
function drawNumbers(g, root, within, runs, colors) {
  const { em } = colors;
  const rows = [...root.querySelectorAll(".numbers tbody tr")];
  const hidden = rows.filter((row) => row.classList.contains("off")).length;
  const size = parseFloat(getComputedStyle(root.querySelector(".numbers")).fontSize);
  for (const row of root.querySelectorAll(".numbers tr:not(.off)")) {
    for (const cell of row.querySelectorAll("th, td")) {
      if (cell.hidden) continue;
      Object.assign(g, { font: `${size}px ${colors.font}`, fillStyle: cell.closest("thead") ? colors.muted : colors.fg, textAlign: "left", textBaseline: "middle" });
      for (const { text, box } of lines(cell.querySelector("span") ?? cell, within)) g.fillText(text, box.left, box.middle);
    }
  }
  if (hidden === rows.length) return;
  rows.filter((row) => !row.classList.contains("off")).forEach((row, i) => {
    const run = runs[i];
    if (!run) return;
    const { left: x, middle: y, width } = within(row.querySelector("svg"));
    const pinned = row.classList.contains("pinned");
    g.beginPath();
    g.moveTo(x, y);
    g.lineTo(x + width, y);
    Object.assign(g, { strokeStyle: colors.of(run.series.color), lineWidth: 1.8 * em });
    if (!pinned) g.setLineDash(run.series.dash.map((part) => part * em));
    g.stroke();
    g.setLineDash([]);
    head(g, outline(run.series.marker, x + width / 2, y, 5 * em), run.series, colors, pinned);
  });
}

// svg.js

// A drawing context that writes SVG: what the drawing modules call of a canvas's, and no more.

const ANCHOR = { left: "start", center: "middle", right: "end" };
const DOWN = { top: "0.8em", middle: "0.35em", alphabetic: "0" };
const escape = (text) => String(text).replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
const short = (v) => +v.toFixed(2);

class Svg {
  constructor(width, height) {
    Object.assign(this, { width, height, parts: [], d: "", dash: [], open: [""] });
    Object.assign(this, { fillStyle: "#000", strokeStyle: "#000", lineWidth: 1, globalAlpha: 1, lineDashOffset: 0, font: "11px sans-serif", textAlign: "left", textBaseline: "alphabetic" });
  }
  text() {
    const [w, h] = [short(this.width), short(this.height)];
    return `<svg xmlns="http://www.w3.org/2000/svg" width="${w}" height="${h}" viewBox="0 0 ${w} ${h}">\n${this.parts.join("\n")}\n</svg>\n`;
  }

  beginPath() { this.d = ""; }
  moveTo(x, y) { this.d += `M${short(x)} ${short(y)}`; }
  lineTo(x, y) { this.d += `${this.d ? "L" : "M"}${short(x)} ${short(y)}`; }
  closePath() { this.d += "Z"; }
  rect(...box) { this.box = box.map(short); } // only to clip with
  arc(x, y, r) { this.d += `M${short(x - r)} ${short(y)}a${short(r)} ${short(r)} 0 1 0 ${short(2 * r)} 0a${short(r)} ${short(r)} 0 1 0 ${short(-2 * r)} 0`; } // full circles
  setLineDash(dash) { this.dash = dash; }

  look(fill, stroke) {
    const dash = this.dash.length ? ` stroke-dasharray="${this.dash.map(short)}" stroke-dashoffset="${short(this.lineDashOffset)}"` : "";
    const line = stroke ? ` stroke="${escape(this.strokeStyle)}" stroke-width="${short(this.lineWidth)}" stroke-linejoin="round"${dash}` : "";
    const alpha = this.globalAlpha < 1 ? ` opacity="${short(this.globalAlpha)}"` : "";
    return `fill="${fill ? escape(this.fillStyle) : "none"}"${line}${alpha}`;
  }
  shape(path, look) {
    const at = path ? ` transform="matrix(${path.at})" vector-effect="non-scaling-stroke"` : "";
    const d = path ? path.d : this.d;
    if (d) this.parts.push(`<path d="${d}"${at} ${look}/>`);
  }
  stroke(path) { this.shape(path, this.look(false, true)); }
  fill(path) { this.shape(path, `${this.look(true, false)} fill-rule="evenodd"`); }
  fillRect(x, y, w, h) { this.parts.push(`<rect x="${short(x)}" y="${short(y)}" width="${short(w)}" height="${short(h)}" ${this.look(true, false)}/>`); }
  strokeRect(x, y, w, h) { this.parts.push(`<rect x="${short(x)}" y="${short(y)}" width="${short(w)}" height="${short(h)}" ${this.look(false, true)}/>`); }
  label(text, x, y, look) {
    const [, style, size, family] = this.font.match(/^(italic )?([\d.]+px) (.*)$/) ?? [, "", "11px", "sans-serif"];
    this.parts.push(
      `<text x="${short(x)}" y="${short(y)}" dy="${DOWN[this.textBaseline]}" text-anchor="${ANCHOR[this.textAlign]}" font-family="${escape(family)}" font-size="${size}"${style ? ' font-style="italic"' : ""} ${look}>${escape(text)}</text>`,
    );
  }
  fillText(text, x, y) { this.label(text, x, y, this.look(true, false)); }
  strokeText(text, x, y) { this.label(text, x, y, this.look(false, true)); }

  save() { this.open.push(""); }
  restore() { this.parts.push(this.open.pop()); }
  group(name, attributes) {
    this.open.push(`</${name}>${this.open.pop()}`);
    this.parts.push(`<${name} ${attributes}>`);
  }
  translate(x, y) { this.group("g", `transform="translate(${short(x)} ${short(y)})"`); }
  // A picture in the picture clips with no name, which two pictures on one page would share.
  clip() {
    const [x, y, w, h] = this.box;
    this.group("svg", `x="${x}" y="${y}" width="${w}" height="${h}" viewBox="${x} ${y} ${w} ${h}"`);
  }
}

// save.js

// The picture as text or as pixels, a file of it, and text to the clipboard.


function svg({ draw, width, height }) {
  const g = new Svg(width, height);
  draw(g);
  return g.text();
}

function png({ draw, width, height }, ratio = 2) {
  const canvas = Object.assign(document.createElement("canvas"), { width: Math.round(width * ratio), height: Math.round(height * ratio) });
  const g = canvas.getContext("2d");
  g.scale(ratio, ratio);
  g.lineJoin = "round";
  draw(g);
  return new Promise((done) => canvas.toBlob(done));
}

// The link is in the page when it is clicked: VS Code saves what it hears of there.
function download(blob, name, near) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
  near.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 1e4);
}

// Whether the text is on the clipboard now; `near` is where an older browser may put a field for it.
async function copy(text, near) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = Object.assign(document.createElement("textarea"), { value: text });
    const before = document.activeElement;
    near.append(field);
    field.select();
    const copied = document.execCommand("copy");
    field.remove();
    before?.focus();
    return copied;
  }
}

// main.js

// The player's widget: what lib/player.py recorded, drawn and played. Nothing is computed here but pixels.


const SELDOM = 3000; // milliseconds

function render({ model, el }) {
  const meta = model.get("meta");
  const last = meta.steps.length - 1;
  const { root, $, rows, sliders } = build(el, meta);
  const [mapCanvas, lossCanvas, barsCanvas] = [$(".paths"), $(".curves"), $(".bars canvas")];
  const [mapGround, lossGround] = [$(".map .ground"), $(".loss .ground")];
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const calm = () => still.matches || document.body.classList.contains("vscode-reduce-motion");
  const land = shapes(model.get("landscape"));
  const views = new Map(); // by canvas, of what stays
  let data, colors, runs = [], pins = [], pinRows = [], words = -1, written = 0;
  const state = {
    step: last, playing: false, loop: false, live: false, hover: null, only: null, at: [...meta.at], start: model.get("start"),
    hidden: new Set(), arrows: new Set(), bars: new Set(),
    chosen: () => runs.filter((run) => !state.hidden.has(run.index)),
    shown: () => state.chosen().filter((run) => run.last >= 0),
    pinned: () => pins.filter((run) => run.last >= 0 && !state.hidden.has(run.index)),
    handle: (f) => [f.px(state.start[0]), f.py(meta.coords.length > 1 ? state.start[1] : runs[0].up[0])],
  };

  const places = new Places({ root, $, meta, state });
  const { say, tellSoon, ...speech } = voice({ root, $, meta, state });

  // Data in.
  function load() {
    data = unpack(model.get("data"));
    state.start = start.loaded();
    speech.place();
    choose();
  }
  function choose() {
    runs = meta.series.map((_, i) => select(meta, data, i, state.at));
    locate();
  }
  function locate() {
    places.curves([...runs, ...pins], data);
    places.paths([...runs, ...pins]);
    words = -1;
    draw();
  }
  // What is drawn, or the room for it, changed.
  function refresh() {
    $(".copy").disabled = !source();
    places.measure(colors);
    locate();
  }

  // Picture out. Texts come first: to set a canvas's font has the page laid out.
  function draw() {
    if (words !== Math.floor(state.step)) write((words = Math.floor(state.step)));
    if (!places.ready) return;
    if (places.follows()) places.paths([...runs, ...pins]);
    const { map, groups } = places;
    layGround(mapGround, map, (g) => drawGround(g, map, land, meta, colors));
    layGround(lossGround, places.loss, (g) => drawLossAxes(g, places.loss, meta, colors));
    drawMap();
    drawLoss(places.canvas(lossCanvas), places.loss, meta, state, colors);
    if (groups.length) drawBars(places.canvas(barsCanvas), places.sizes.get(barsCanvas)[0], groups, state, colors);
  }

  // What stays is drawn when its view changes; `paint`, after a change of size or theme, has it drawn anyway.
  function layGround(canvas, f, act) {
    const view = [f.xs, f.ys, devicePixelRatio].join();
    if (view !== views.get(canvas)) act(places.canvas(canvas));
    views.set(canvas, view);
  }
  function drawMap() {
    if (places.ready) drawPaths(places.canvas(mapCanvas), places.map, meta, state, colors);
  }

  // Words and numbers for the step on screen.
  function write(k) {
    // A screen reader says each value of the slider that has the focus: while playing there are few.
    const scrub = $(".scrub input");
    if (!state.playing || document.activeElement !== scrub || performance.now() > written + SELDOM) {
      written = performance.now();
      scrub.value = k;
      scrub.setAttribute("aria-valuetext", progress(meta, k));
    }
    putText($(".scrub .value"), `${meta.steps[k]} / ${meta.steps[last]}`);
    [...runs, ...pins].forEach((run, i) => fillRow(rows[i] ?? pinRows[i - rows.length], meta, run, k));
    pins.forEach((run, i) => putText(pinRows[i].querySelector("span"), title(meta, run)));
    if (!state.playing) speech.labelSoon();
  }

  // Playing.
  const time = clock({
    last,
    speed: () => Number($(".speed select").value),
    show: (step) => ((state.step = step), draw()),
    end: () => (state.loop ? true : (pause(true), false)),
    calm,
  });
  function button() {
    $(".play").innerHTML = `${icon(state.playing ? "pause" : "play")}<span>${state.playing ? "Pause" : "Play"}</span>`;
  }
  function go(step) {
    state.step = Math.max(0, Math.min(last, step));
    words = -1;
    draw();
  }
  function pause(finished = false) {
    state.playing = false;
    time.stop();
    button();
    go(finished ? last : Math.floor(state.step));
    if (finished) speech.tell();
  }
  function play() {
    if (!last) return pause(true);
    if (state.step >= last) state.step = 0;
    state.playing = true;
    say(calm() ? "Playing in whole steps, for your system asks for less motion." : "Playing.");
    button();
    draw();
    time.play(state.step);
  }
  const toggle = () => (state.playing ? (pause(), tellSoon()) : play());
  const halt = (step) => {
    if (state.playing) pause();
    go(step);
    tellSoon("");
  };

  // The start, and what is said of it until it has been moved.
  function hint(moved = false) {
    const text = state.live ? "Drag the ring: the runs start there. By keyboard: Tab to it, then the arrow keys." : "Run this cell in JupyterLab, and the start can be dragged.";
    $(".hint").textContent = text;
    $(".hint").hidden = moved || !meta.movable;
  }
  const start = starter({
    model, meta, state, say,
    changed() {
      hint(true);
      speech.place();
      if (state.playing || state.step === last) drawMap(); // the start's handle; the runs come with the answer
      else go(last);
    },
    show(runs, at) {
      data = replace(meta, data, unpack(runs), at);
      choose();
      tellSoon();
    },
  });
  function answer(message, buffers = []) {
    if (message.hello && meta.movable && !state.live) {
      state.live = true;
      $(".start").hidden = false;
      $(".map").classList.add("live");
      hint();
      refresh();
    }
    start.answer(message, buffers);
  }

  // Comparing: what is pinned stays while the sliders and the start move on.
  function pin() {
    pinRows.forEach((made) => made.remove());
    pins = pins.length ? [] : state.chosen().map((run) => ({ ...run, at: [...state.at], now: state.at }));
    pinRows = pins.map((run) => row(run.series, title(meta, run), true));
    $("tbody").append(...pinRows);
    $(".pin").setAttribute("aria-pressed", String(pins.length > 0));
    paint();
    if (pins.length) tellSoon("Pinned, to compare others with: ");
  }

  // Saving and copying.
  function source() {
    return code(meta, state.at, state.start, meta.series.filter((_, i) => !state.hidden.has(i)));
  }
  function picture() {
    const heading = [meta.title, settings(meta, state.at), where(meta, Math.floor(state.step))].filter(Boolean).join(" · ");
    return compose({ root, places, meta, state, land, colors, heading });
  }
  async function save(kind) {
    const name = `${meta.title}-player.${kind}`.replace(/[^\w.=-]+/g, "_");
    download(kind === "svg" ? new Blob([svg(picture())], { type: "image/svg+xml" }) : await png(picture()), name, root);
    say(`Saved ${name}`);
  }
  async function share() {
    const text = source();
    const runs = meta.series.length - state.hidden.size;
    say((await copy(text, root)) ? `Copied the Python of ${runs > 1 ? `these ${runs} runs` : "this run"}.` : text);
  }

  // Wiring. Keys stay in the player: a notebook's command mode would take the arrows. JupyterLab looks at a key on
  // its way up; Notebook 7 on its way down, but not for an element with this mark.
  const on = (selector, event, act) => (typeof selector === "string" ? $(selector) : selector).addEventListener(event, act);
  on(root, "keydown", (event) => {
    const theirs = event.ctrlKey || event.metaKey || event.key === "Escape";
    event.target.toggleAttribute("data-lm-suppress-shortcuts", !theirs);
    if (!theirs) event.stopPropagation();
    if (event.key === " " && event.target.matches("input[type=range], .start")) event.preventDefault(), toggle();
  });
  for (const event of ["keyup", "focusin"]) on(root, event, ({ target, ctrlKey, metaKey }) => target.toggleAttribute("data-lm-suppress-shortcuts", !ctrlKey && !metaKey));
  on(".play", "click", toggle);
  const by = (n) => () => (halt(Math.floor(state.step) + n), tellSoon());
  on(".back", "click", by(-1));
  on(".forward", "click", by(1));
  on(".scrub input", "input", (event) => halt(Number(event.target.value)));
  on(".loop", "click", () => $(".loop").setAttribute("aria-pressed", String((state.loop = !state.loop))));
  sliders.forEach((label, i) =>
    on(label.querySelector("input"), "input", (event) => {
      state.at[i] = Number(event.target.value);
      fillSlider(label, meta.axes[i], state.at[i]);
      choose();
      tellSoon("");
    }),
  );
  legend({ rows, state, draw, changed: refresh });
  on(".view select", "change", () => refresh());
  for (const [place, set] of [[".arrows", state.arrows], [".quantities", state.bars]]) {
    on(place, "change", ({ target }) => {
      set[target.checked ? "add" : "delete"](target.value);
      refresh();
      if (target.checked) speech.tellInner(target.value);
    });
  }
  on(".pin", "click", pin);
  on(".copy", "click", share);
  on(".svg", "click", () => save("svg"));
  on(".png", "click", () => save("png"));
  on(".full", "click", () => {
    if (document.fullscreenElement === root) return document.exitFullscreen();
    root.requestFullscreen?.().then(() => $(".scrub input").focus(), () => say("Full screen is not allowed here."));
  });
  function hover(k) {
    if (k === state.hover) return;
    state.hover = k;
    draw();
  }
  const stepAt = (x) => Math.max(0, Math.min(last, Math.round(((x - places.loss.left) / places.loss.width) * last)));
  pointing(mapCanvas, {
    may: () => state.live,
    act: (x, y) => start.drag(places.map, x, y),
    hover(x, y) {
      const [best] = state.shown().map((run) => nearest(run.path, x, y, state.step)).sort((a, b) => a.away - b.away);
      hover(best && best.away < 24 * colors.em ? best.k : null);
    },
    leave: () => hover(null),
  });
  pointing(lossCanvas, { act: (x) => halt(stepAt(x)), hover: (x) => hover(stepAt(x)), leave: () => hover(null) });
  on(".start", "keydown", (event) => {
    if (state.live && start.nudge(places.map, event.key, event.shiftKey)) event.preventDefault();
  });

  function paint() {
    const large = document.fullscreenElement === root;
    root.classList.toggle("large", large);
    $(".full").setAttribute("aria-pressed", String(large));
    colors = palette(root);
    views.clear();
    [...rows, ...pinRows].forEach((made, i) => tint(made, colors.of((meta.series[i] ?? pins[i - rows.length].series).color)));
    refresh();
  }
  $(".pin").hidden = !meta.axes.length && !meta.movable;
  $(".full").hidden = !document.fullscreenEnabled;
  button();
  hint();
  sliders.forEach((label, i) => fillSlider(label, meta.axes[i], state.at[i]));
  load();
  paint();
  speech.label();
  const unwatch = watch({
    root, paint, see: time.see, parts: [root, $(".loss")],
  });
  const unprint = paper({ root, paint, picture: () => (places.ready ? svg(picture()) : "") });
  model.on("change:data", load);
  model.on("msg:custom", answer);
  model.send?.({ hello: true });
  return () => {
    time.stop();
    speech.stop();
    start.leave();
    unwatch();
    unprint();
    model.off?.("change:data", load);
    model.off?.("msg:custom", answer);
    root.remove();
  };
}

export default { render };
