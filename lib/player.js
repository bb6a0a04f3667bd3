// The player's picture: what lib/player.py recorded, drawn and played. Nothing is computed here but
// pixels. The wire format is described at the head of lib/player.py.

const SPEEDS = [0.25, 0.5, 1, 2, 4, 8];
const SECONDS = 8; // a whole run at speed 1
const ICONS = {
  play: "M2 0l10 6-10 6z", pause: "M1 0h3.5v12H1zM7.5 0H11v12H7.5z",
  back: "M0 0h2.5v12H0zM12 0v12L3.5 6z", forward: "M12 0H9.5v12H12zM0 0v12l8.5-6z",
};

// ---- Data ------------------------------------------------------------------------------------------

// 24-bit floats, the upper three bytes of a float32, as a Float32Array.
export function unpack(buffer) {
  const view = buffer.buffer ?? buffer;
  const bytes = new Uint8Array(view, buffer.byteOffset ?? 0, buffer.byteLength);
  const words = new Uint32Array(Math.floor(bytes.length / 3));
  for (let i = 0, j = 0; i < words.length; i++, j += 3) {
    words[i] = ((bytes[j] << 8) | (bytes[j + 1] << 16) | (bytes[j + 2] << 24)) >>> 0;
  }
  return new Float32Array(words.buffer);
}

// The recorded run of a series for the sliders' positions `at`: channels by name, and its last step.
export function select(meta, data, index, at) {
  const points = meta.steps.length;
  const size = (series) => series.axes.reduce((n, axis) => n * meta.axes[axis].values.length, 1);
  const before = meta.series.slice(0, index).reduce((n, series) => n + size(series), 0);
  const series = meta.series[index];
  const inside = series.axes.reduce((n, axis) => n * meta.axes[axis].values.length + at[axis], 0);
  const first = (before + inside) * meta.channels.length * points;
  const run = { series };
  meta.channels.forEach((channel, c) => {
    run[channel] = data.subarray(first + c * points, first + (c + 1) * points);
  });
  run.across = run[meta.coords[0]];
  run.up = meta.coords.length > 1 ? run[meta.coords[1]] : run.loss.map((gap) => gap + meta.floor);
  run.last = points - 1;
  while (run.last >= 0 && !(Number.isFinite(run.across[run.last]) && Number.isFinite(run.up[run.last]))) run.last--;
  run.diverged = run.last < points - 1;
  return run;
}

// ---- Numbers ---------------------------------------------------------------------------------------

const SUPERSCRIPTS = { "-": "⁻", ...Object.fromEntries([..."⁰¹²³⁴⁵⁶⁷⁸⁹"].map((s, i) => [i, s])) };
const superscript = (n) => [...String(n)].map((c) => SUPERSCRIPTS[c]).join("");

export function number(value, digits = 3) {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size < 1e-3 || size >= 1e5) {
    const [mantissa, power] = value.toExponential(digits - 2).split("e");
    return `${mantissa.replace("-", "−")}·10${superscript(Number(power))}`;
  }
  return (size < 10 ** digits ? value.toPrecision(digits) : value.toFixed(0)).replace("-", "−");
}

// A sweep's value, with no zeros to fill up.
function brief(value) {
  if (typeof value !== "number") return String(value);
  return number(value).replace(/(\.\d*?)0+(?=$|·)/, "$1").replace(/\.(?=$|·)/, "");
}

function ticks([low, high], count) {
  const rough = (high - low) / count;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((n) => n * unit >= rough) * unit;
  const found = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; i++) found.push(+(i * step).toPrecision(6));
  return found;
}

function decades([low, high], count) {
  const [first, last] = [Math.ceil(Math.log10(low) - 1e-9), Math.floor(Math.log10(high) + 1e-9)];
  const step = Math.max(1, Math.ceil((last - first) / count));
  const found = [];
  for (let power = last; power >= first; power -= step) found.push(10 ** power);
  return found;
}

// ---- Drawing ---------------------------------------------------------------------------------------

// Markers as polygons: [corners, first corner in turns, radius of the corners between them].
const MARKERS = {
  s: [4, 1 / 8], D: [4, 0], d: [4, 0], "^": [3, -1 / 4], v: [3, 1 / 4], "<": [3, 1 / 2], ">": [3, 0], p: [5, -1 / 4],
  h: [6, -1 / 4], H: [6, 0], 8: [8, 1 / 16], "*": [5, -1 / 4, 0.45], P: [4, 0, 0.5], X: [4, 1 / 8, 0.5],
  "+": [4, 0, 0.3], x: [4, 1 / 8, 0.3], 1: [3, 1 / 4, 0.25], 2: [3, -1 / 4, 0.25], 3: [3, 1 / 2, 0.25], 4: [3, 0, 0.25],
};

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

// A canvas in CSS pixels, cleared.
function prepare(canvas) {
  const { clientWidth: width, clientHeight: height } = canvas;
  const ratio = globalThis.devicePixelRatio || 1;
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h });
  const g = canvas.getContext("2d");
  g.setTransform(ratio, 0, 0, ratio, 0, 0);
  g.clearRect(0, 0, width, height);
  Object.assign(g, { lineJoin: "round", lineCap: "butt", globalAlpha: 1 });
  return g;
}

// A frame maps data to pixels: {x, y} functions and the pixel box.
function frame(box, xs, ys, log = false) {
  const scale = log ? (v) => Math.log10(Math.max(v, ys[0] * 1e-9)) : (v) => v;
  const [low, high] = ys.map(scale);
  const limit = (v) => Math.max(-1e5, Math.min(1e5, v));
  return {
    ...box, xs, ys,
    px: (v) => limit(box.left + ((v - xs[0]) / (xs[1] - xs[0] || 1)) * box.width),
    py: (v) => limit(box.top + (1 - (scale(v) - low) / (high - low || 1)) * box.height),
  };
}

function drawAxes(g, f, colors, { across, up, label, xlabel, ylabel, grid }) {
  g.font = `11px ${colors.font}`;
  g.lineWidth = 1;
  g.fillStyle = colors.muted;
  g.strokeStyle = colors.rule;
  g.textAlign = "center";
  g.textBaseline = "top";
  for (const v of across) g.fillText(brief(v), f.px(v), f.top + f.height + 6);
  g.fillText(xlabel, f.left + f.width / 2, f.top + f.height + 19);
  g.textAlign = "left";
  g.fillText(ylabel, 2, f.ylabel);
  g.textAlign = "right";
  g.textBaseline = "middle";
  g.beginPath();
  for (const v of up) {
    g.fillText(label(v), f.left - 6, f.py(v));
    if (grid) g.moveTo(f.left, f.py(v)), g.lineTo(f.left + f.width, f.py(v));
  }
  g.stroke();
}

// A run's points in pixels, [x0, y0, x1, y1, …], up to its last one.
function pixels(f, xs, ys, last) {
  const points = new Float32Array(2 * (last + 1));
  for (let k = 0; k <= last; k++) [points[2 * k], points[2 * k + 1]] = [f.px(xs[k]), f.py(ys[k])];
  return points;
}

// The polyline as far as step `until`, whose fraction glides towards the next point; returns its end.
function trace(g, points, until) {
  const whole = Math.floor(until);
  let [x, y] = [points[0], points[1]];
  g.beginPath();
  g.moveTo(x, y);
  for (let k = 1; k <= whole; k++) g.lineTo((x = points[2 * k]), (y = points[2 * k + 1]));
  if (until > whole) {
    x += (until - whole) * (points[2 * whole + 2] - x);
    y += (until - whole) * (points[2 * whole + 3] - y);
    g.lineTo(x, y);
  }
  return [x, y];
}

function stroke(g, style, colors, halo) {
  if (halo) Object.assign(g, { strokeStyle: colors.halo, lineWidth: 4.2 }), g.stroke();
  g.setLineDash(style.dash);
  Object.assign(g, { strokeStyle: colors.of(style.color), lineWidth: 1.8 });
  g.stroke();
  g.setLineDash([]);
}

function fill(g, points, style, colors) {
  g.beginPath();
  points.forEach(([x, y], i) => (i ? g.lineTo(x, y) : g.moveTo(x, y)));
  g.closePath();
  Object.assign(g, { fillStyle: colors.of(style.color), strokeStyle: colors.bg, lineWidth: 1.5 });
  g.stroke();
  g.fill();
}

// An arrow on the edge, towards a head that is outside.
function arrow(f, x, y) {
  const inside = (v, low, size) => Math.max(low + 9, Math.min(low + size - 9, v));
  const [ex, ey] = [inside(x, f.left, f.width), inside(y, f.top, f.height)];
  const turn = Math.atan2(y - ey, x - ex);
  const corner = (angle, size) => [ex + size * Math.cos(turn + angle), ey + size * Math.sin(turn + angle)];
  return [corner(0, 8), corner(2.4, 7), corner(Math.PI, 2.5), corner(-2.4, 7)];
}

// A dot at each recorded step, where they do not run together.
function dots(g, points, until) {
  let [dx, dy] = [Infinity, 0];
  for (let k = 0; k <= until; k++) {
    const [x, y] = [points[2 * k], points[2 * k + 1]];
    if (Math.hypot(x - dx, y - dy) < 7) continue;
    [dx, dy] = [x, y];
    g.beginPath();
    g.arc(x, y, 2.2, 0, 7);
    g.fill();
  }
}

function clip(g, left, top, width, height) {
  g.save();
  g.beginPath();
  g.rect(left, top, width, height);
  g.clip();
}

function drawMap(g, f, meta, state, colors) {
  drawAxes(g, f, colors, { across: ticks(f.xs, 5), up: ticks(f.ys, 5), label: brief, xlabel: meta.coords[0], ylabel: meta.coords[1] ?? "f" });
  g.strokeRect(f.left, f.top, f.width, f.height);
  clip(g, f.left, f.top, f.width, f.height);
  const heads = state.shown().map((run) => {
    const until = Math.min(state.step, run.last);
    const end = trace(g, run.path, until);
    stroke(g, run.series, colors, true);
    g.fillStyle = colors.of(run.series.color);
    dots(g, run.path, until);
    return [run.series, ...end];
  });
  for (const [series, x, y] of heads) {
    const inside = x >= f.left && x <= f.left + f.width && y >= f.top && y <= f.top + f.height;
    fill(g, inside ? outline(series.marker, x, y, 6) : arrow(f, x, y), series, colors);
  }
  if (state.live) {
    g.beginPath();
    g.arc(...state.handle(f), 9, 0, 7);
    for (const [strokeStyle, lineWidth] of [[colors.bg, 4], [colors.fg, 1.8]]) Object.assign(g, { strokeStyle, lineWidth }), g.stroke();
  }
  g.restore();
}

function drawLoss(g, f, meta, state, colors) {
  const power = (v) => `10${superscript(Math.round(Math.log10(v)))}`;
  const up = meta.log ? { up: decades(f.ys, 6), label: power } : { up: ticks(f.ys, 5), label: brief };
  drawAxes(g, f, colors, { across: ticks(f.xs, 5).filter(Number.isInteger), ...up, xlabel: "step", ylabel: meta.floor ? "f − minimum" : "f", grid: true });
  clip(g, f.left - 8, f.top - 8, f.width + 16, f.height + 8);
  const now = f.px(meta.steps[Math.floor(state.step)]);
  g.strokeStyle = colors.muted;
  g.beginPath();
  g.moveTo(now, f.top);
  g.lineTo(now, f.top + f.height);
  g.stroke();
  const heads = state.shown().map((run) => {
    const end = trace(g, run.curve, Math.min(state.step, run.last));
    stroke(g, run.series, colors, false);
    return [run.series, ...end];
  });
  for (const [series, x, y] of heads) fill(g, outline(series.marker, x, y, 5), series, colors);
  g.restore();
}

// What the loss axis spans: all of the data, but no more than ten decades below the highest start and
// two above it.
function lossRange(meta, data) {
  if (!meta.log) return meta.range;
  const [points, width] = [meta.steps.length, meta.channels.length];
  let [low, high, start] = [Infinity, 0, 0];
  for (let i = (width - 2) * points; i < data.length; i += width * points) {
    if (data[i] > start && Number.isFinite(data[i])) start = data[i];
    for (let k = i; k < i + points; k++) {
      const v = data[k];
      if (v > 0 && v < low) low = v;
      if (v > high && v < Infinity) high = v;
    }
  }
  if (!(high > 0)) return [0.1, 1];
  high = Math.min(high, 100 * (start || high));
  low = Math.max(Math.min(low, high / 10), 1e-10 * (start || high));
  return [low, high];
}

// ---- The page --------------------------------------------------------------------------------------

const icon = (name) => `<svg viewBox="0 0 12 12" aria-hidden="true"><path d="${ICONS[name]}"/></svg>`;

const PAGE = `
  <div class="stage">
    <div class="map"><img class="backdrop" alt=""><canvas role="img"></canvas></div>
    <div class="loss"><canvas role="img"></canvas></div>
    <table class="numbers"><thead><tr><th scope="col">method</th><th scope="col" class="theta"></th>
      <th scope="col">f</th><th scope="col">‖∇f‖</th></tr></thead><tbody></tbody></table>
  </div>
  <div class="controls">
    <div class="buttons">
      <button type="button" class="play"></button>
      <button type="button" class="back" aria-label="One step back" title="One step back">${icon("back")}</button>
      <button type="button" class="forward" aria-label="One step forward" title="One step forward">${icon("forward")}</button>
    </div>
    <div class="scrub"><input type="range" min="0" step="1" aria-label="Step"><span class="value"></span></div>
    <label class="speed">speed <select>${SPEEDS.map((s) => `<option value="${s}">${s}×</option>`).join("")}</select></label>
  </div>
  <div class="axes"></div>
  <p class="status" role="status" aria-live="polite"></p>`;

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
  const rows = meta.series.map((series) => {
    const row = document.createElement("tr");
    row.innerHTML = `<th scope="row"><button type="button" aria-pressed="true"><svg viewBox="0 0 30 12" aria-hidden="true">
      <path d="M0 6h30" fill="none" stroke-width="1.8" stroke-dasharray="${series.dash.join(" ")}"/><polygon points="${outline(series.marker, 15, 6, 5)
        .map((p) => p.map((v) => v.toFixed(1)).join())
        .join(" ")}"/></svg><span></span></button></th><td></td><td></td><td></td>`;
    row.querySelector("span").textContent = series.name;
    $("tbody").appendChild(row);
    return row;
  });
  const sliders = meta.axes.map((axis) => {
    const label = document.createElement("label");
    label.innerHTML = `<span class="name"></span><span class="value"></span><input type="range" min="0" step="1">`;
    label.querySelector(".name").textContent = axis.name;
    label.querySelector("input").max = axis.values.length - 1;
    label.querySelector("input").setAttribute("aria-label", axis.name);
    $(".axes").appendChild(label);
    return label;
  });
  $(".axes").hidden = !sliders.length;
  return { root, $, rows, sliders };
}

// The theme's colours, as canvas needs them. The two darkest lines are lighter on a dark page.
const ON_DARK = { "#000000": "#f2f2f2", "#0072B2": "#3a9bdc" };
function palette(root) {
  const light = (color) => {
    const [r, g, b] = (color.match(/[\d.]+/g) ?? [0, 0, 0]).map(Number);
    return 0.3 * r + 0.6 * g + 0.1 * b > 128;
  };
  const style = getComputedStyle(root);
  const dark = light(style.color);
  root.classList.toggle("dark", dark);
  const get = (name) => getComputedStyle(root).getPropertyValue(name).trim();
  return {
    dark, font: style.fontFamily, fg: style.color, muted: get("--muted"), rule: get("--rule"), bg: get("--bg"),
    halo: dark ? "rgba(0,0,0,.6)" : "rgba(255,255,255,.75)",
    of: (color) => (dark && ON_DARK[color]) || color,
  };
}

// ---- The widget ------------------------------------------------------------------------------------

function render({ model, el }) {
  const meta = model.get("meta");
  const last = meta.steps.length - 1;
  const page = build(el, meta);
  const { root, $, rows, sliders } = page;
  const [mapCanvas, lossCanvas] = root.querySelectorAll("canvas");
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  let data, runs, frames, colors, ticking = 0, asked = null, waiting = null;
  const state = {
    step: last, playing: false, live: false, at: [...meta.at], hidden: new Set(), start: model.get("start"),
    shown: () => runs.filter((run, i) => run.last >= 0 && !state.hidden.has(i)),
    handle: (f) => [f.px(state.start[0]), f.py(meta.coords.length > 1 ? state.start[1] : runs[0].up[0])],
  };

  // Data in, picture out.
  function choose() {
    runs = meta.series.map((_, i) => select(meta, data, i, state.at));
    place();
    sliders.forEach((label, i) => {
      const value = brief(meta.axes[i].values[state.at[i]]);
      label.querySelector(".value").textContent = value;
      label.querySelector("input").value = state.at[i];
      label.querySelector("input").setAttribute("aria-valuetext", value);
    });
    words = -1;
    draw();
  }
  function load() {
    data = unpack(model.get("data"));
    state.start = waiting ?? asked ?? model.get("start");
    layout();
    choose();
  }
  function layout() {
    const width = $(".map").clientWidth;
    if (!width) return;
    const box = { left: 34, top: 10, width: width - 44 };
    box.height = Math.round(box.width * meta.aspect);
    $(".map").style.height = `${box.height + 46}px`;
    Object.assign($(".backdrop").style, Object.fromEntries(Object.entries(box).map(([k, v]) => [k, `${v}px`])));
    const loss = $(".loss");
    const plot = { left: 44, top: 22, width: loss.clientWidth - 54, height: loss.clientHeight - 58 };
    frames = {
      map: frame({ ...box, ylabel: box.top }, ...meta.window),
      loss: frame({ ...plot, ylabel: 2 }, [0, Math.max(1, meta.steps[last])], lossRange(meta, data), meta.log),
    };
  }
  function place() {
    for (const run of frames ? runs : []) {
      run.path = pixels(frames.map, run.across, run.up, run.last);
      run.curve = pixels(frames.loss, meta.steps, run.loss, run.last);
    }
  }
  let words = -1;
  function draw() {
    if (!frames) return;
    drawMap(prepare(mapCanvas), frames.map, meta, state, colors);
    drawLoss(prepare(lossCanvas), frames.loss, meta, state, colors);
    if (words !== Math.floor(state.step)) write((words = Math.floor(state.step)));
  }

  // Words and numbers for the step on screen.
  function where(run, k) {
    const digits = Math.max(0, 3 - Math.floor(Math.log10(meta.window[0][1] - meta.window[0][0])));
    const one = (v) => (Math.abs(v) < 1e4 ? (+v.toFixed(digits) || 0).toFixed(digits).replace("-", "−") : number(v));
    const values = meta.coords.map((name) => one(run[name][k]));
    return values.length > 1 ? `(${values.join(", ")})` : values[0];
  }
  function tell(run, k) {
    if (run.last < 0) return `${run.series.name} has no finite point`;
    if (run.diverged && k > run.last) return `${run.series.name} diverged after step ${meta.steps[run.last]}`;
    return `${run.series.name} f = ${number(run.loss[k] + meta.floor)}`;
  }
  function write(k) {
    $(".scrub input").value = k;
    $(".scrub input").setAttribute("aria-valuetext", `step ${meta.steps[k]} of ${meta.steps[last]}`);
    $(".scrub .value").textContent = `${meta.steps[k]} / ${meta.steps[last]}`;
    runs.forEach((run, i) => {
      const cells = rows[i].querySelectorAll("td");
      const gone = k > run.last;
      cells[0].colSpan = gone ? 3 : 1;
      cells[0].className = gone ? "words" : "";
      cells[1].hidden = cells[2].hidden = gone;
      if (gone) cells[0].textContent = tell(run, k).slice(run.series.name.length + 1);
      else [where(run, k), number(run.loss[k] + meta.floor), number(run.grad_norm[k])].forEach((text, c) => (cells[c].textContent = text));
    });
    if (!state.playing) describe(k);
  }
  const told = () => runs.filter((_, i) => !state.hidden.has(i));
  function describe(k) {
    const names = meta.series.map((series) => series.name).join(", ");
    const outcomes = told().map((run) => tell(run, k)).join("; ");
    const move = state.live ? ` Start at (${state.start.map((v) => number(v)).join(", ")}); the arrow keys move it.` : "";
    root.setAttribute("aria-label", `Player: ${names} on ${meta.title}`);
    mapCanvas.setAttribute("aria-label", `Paths on ${meta.title}, step ${meta.steps[k]} of ${meta.steps[last]}: ${outcomes}.${move}`);
    lossCanvas.setAttribute("aria-label", `Loss against the step, up to step ${meta.steps[k]}`);
  }

  // Playing.
  function go(step) {
    state.step = Math.max(0, Math.min(last, step));
    draw();
  }
  function say(text) {
    $(".status").textContent = text;
  }
  function button() {
    const name = state.playing ? "pause" : "play";
    $(".play").innerHTML = `${icon(name)}<span>${state.playing ? "Pause" : "Play"}</span>`;
  }
  function pause(finished = false) {
    state.playing = false;
    cancelAnimationFrame(ticking);
    button();
    words = -1;
    go(finished ? last : Math.floor(state.step));
    if (finished) say(`Step ${meta.steps[last]} of ${meta.steps[last]}: ${told().map((run) => tell(run, last)).join("; ")}.`);
  }
  function play() {
    if (still.matches) return pause(true);
    if (state.step >= last) state.step = 0;
    state.playing = true;
    say("");
    button();
    let before;
    const tick = (now) => {
      const rate = Number($(".speed select").value) * Math.max(last / SECONDS, 3);
      state.step = Math.min(last, state.step + ((now - (before ?? now)) / 1000) * rate);
      before = now;
      if (state.step >= last) return pause(true);
      draw();
      ticking = requestAnimationFrame(tick);
    };
    draw();
    ticking = requestAnimationFrame(tick);
  }

  // Moving the start: one request under way, the newest of the others waiting.
  function ask(start) {
    state.start = start;
    if (asked) waiting = start;
    else model.send({ start: (asked = start) });
    if (!state.playing) state.step = last;
    words = -1;
    draw();
  }
  function answer(message) {
    if (message.hello && meta.movable && !state.live) wake();
    if (!message.start && !message.error) return;
    asked = null;
    say(message.error ?? "");
    if (message.error) state.start = model.get("start");
    const next = waiting;
    waiting = null;
    if (next) ask(next);
  }
  function wake() {
    state.live = true;
    mapCanvas.tabIndex = 0;
    $(".map").classList.add("live");
    choose();
  }
  function drag(event) {
    const f = frames.map;
    const box = mapCanvas.getBoundingClientRect();
    const at = (pixel, origin, size, [low, high]) => low + Math.max(0, Math.min(1, (pixel - origin) / size)) * (high - low);
    const x = at(event.clientX - box.left, f.left, f.width, f.xs);
    const y = at(f.top + f.height - (event.clientY - box.top), 0, f.height, f.ys);
    ask(meta.coords.length > 1 ? [x, y] : [x]);
  }
  function nudge(event) {
    const turn = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (!turn || !state.live) return;
    event.preventDefault();
    const fine = event.shiftKey ? 200 : 40;
    ask(state.start.map((v, i) => v + (turn[i] * (meta.window[i][1] - meta.window[i][0])) / fine));
  }

  // Wiring. Keys stay in the player: JupyterLab's command mode would take the arrows.
  root.addEventListener("keydown", (event) => {
    if (!event.ctrlKey && !event.metaKey && event.key !== "Escape") event.stopPropagation();
  });
  $(".play").addEventListener("click", () => (state.playing ? pause() : play()));
  const by = (n) => () => (state.playing && pause(), go(Math.floor(state.step) + n));
  $(".back").addEventListener("click", by(-1));
  $(".forward").addEventListener("click", by(1));
  $(".scrub input").addEventListener("input", (event) => (state.playing && pause(), go(Number(event.target.value))));
  sliders.forEach((label, i) =>
    label.querySelector("input").addEventListener("input", (event) => {
      state.at[i] = Number(event.target.value);
      choose();
    }),
  );
  rows.forEach((row, i) =>
    row.querySelector("button").addEventListener("click", () => {
      const off = !state.hidden.delete(i) && !!state.hidden.add(i);
      row.classList.toggle("off", off);
      row.querySelector("button").setAttribute("aria-pressed", String(!off));
      words = -1;
      draw();
    }),
  );
  const held = (canvas, act) => {
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button || (canvas === mapCanvas && !state.live)) return;
      canvas.setPointerCapture(event.pointerId);
      canvas.onpointermove = act;
      act(event);
    });
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => (canvas.onpointermove = null));
  };
  held(mapCanvas, drag);
  held(lossCanvas, (event) => {
    if (state.playing) pause();
    const f = frames.loss;
    go(Math.round(((event.clientX - lossCanvas.getBoundingClientRect().left - f.left) / f.width) * last));
  });
  mapCanvas.addEventListener("keydown", nudge);

  function paint() {
    colors = palette(root);
    rows.forEach((row, i) => {
      const color = colors.of(meta.series[i].color);
      row.querySelector("path").setAttribute("stroke", color);
      row.querySelector("polygon").setAttribute("fill", color);
    });
    draw();
  }
  $(".backdrop").src = model.get("backdrop");
  button();
  colors = palette(root);
  load();
  paint();
  const size = new ResizeObserver(() => (layout(), place(), paint()));
  size.observe(root);
  const theme = new MutationObserver(paint);
  for (const node of [document.documentElement, document.body]) {
    theme.observe(node, { attributes: true, attributeFilter: ["class", "data-theme", "data-jp-theme-name", "data-jp-theme-light"] });
  }
  model.on("change:data", load);
  model.on("msg:custom", answer);
  model.send?.({ hello: true });
  return () => {
    cancelAnimationFrame(ticking);
    size.disconnect();
    theme.disconnect();
    model.off?.("change:data", load);
    model.off?.("msg:custom", answer);
    root.remove();
  };
}

export default { render };
