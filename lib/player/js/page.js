// The page's elements and its colours.

import { brief, number } from "./numbers.js";
import { outline } from "./shapes.js";
import { position } from "./wire.js";
import { aloud, point, spoken, tell } from "./words.js";

const SPEEDS = [0.25, 0.5, 1, 2, 4, 8];
const ICONS = {
  play: "M2 0l10 6-10 6z",
  pause: "M1 0h3.5v12H1zM7.5 0H11v12H7.5z",
  back: "M0 0h2.5v12H0zM12 0v12L3.5 6z",
  forward: "M12 0H9.5v12H12zM0 0v12l8.5-6z",
};
export const icon = (name) => `<svg viewBox="0 0 12 12" aria-hidden="true"><path d="${ICONS[name]}"/></svg>`;
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
    <label class="speed"><span>speed</span> <select>${SPEEDS.map((s) => `<option value="${s}">${s}×</option>`).join("")}</select></label>
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
    <div class="inside" role="group" tabindex="0" aria-label="Inside a step. The arrow keys go line by line." hidden>
      <p class="which"></p><ol></ol>
      <div class="buttons">${button("line-back", "Line back")}${button("line-on", "Next line")}</div>
    </div>
  </div>
  <p class="key"></p>
  <p class="hint" hidden></p>
  <div class="extras">
    <label class="view">map shows <select></select></label>
    <fieldset class="arrows"><legend>arrows of</legend></fieldset>
    <fieldset class="quantities"><legend>bars of</legend></fieldset>
    <div class="buttons">
      ${button("within", "Inside a step", 'aria-pressed="false" title="The rule\'s own lines, with the numbers they have now"')}
      ${button("pin", "Keep to compare", 'aria-pressed="false" title="These runs stay in the picture, thinner, while the sliders move on"')}
      ${button("copy", "Copy code", 'title="Copy the Python that makes these runs"')}
      ${button("link", "Link", 'title="Copy the address of this page that opens here: sliders, start, step, view" hidden')}
      ${button("svg", "SVG", 'aria-label="Save the picture as SVG" title="Save the picture as SVG"')}
      ${button("png", "PNG", 'aria-label="Save the picture as PNG" title="Save the picture as PNG"')}
      ${button("full", "Full screen", 'aria-pressed="false" title="As large as the screen, for a lecture"')}
    </div>
  </div>
  <p class="note" aria-hidden="true"></p>
  <p class="status unseen" role="status" aria-live="polite"></p>`;

const swatch = (series) => `<svg viewBox="0 0 30 12" aria-hidden="true">
  <path d="M0 6h30" fill="none" stroke-width="1.8" stroke-dasharray="${series.dash.join(" ")}"/><polygon points="${outline(
    series.marker,
    15,
    6,
    5,
  )
    .map((p) => p.map((v) => v.toFixed(1)).join())
    .join(" ")}"/></svg>`;

export function row(series, name, pinned) {
  const made = document.createElement("tr");
  const inside = `${swatch(pinned ? { ...series, dash: [] } : series)}<span></span>`;
  made.innerHTML = `<th scope="row">${pinned ? `<div>${inside}</div>` : `<button type="button" aria-pressed="true" title="In the picture">${inside}</button>`}</th><td></td><td></td><td></td>`;
  made.querySelector("span").textContent = name;
  made.classList.toggle("pinned", pinned);
  return made;
}

// A number; beside one with a power of ten the words that a screen reader says of it.
function putNumber(cell, text) {
  const words = spoken(text);
  if (words === text) cell.textContent = text;
  else {
    if (!cell.children.length) cell.innerHTML = `<span aria-hidden="true"></span><span class="unseen"></span>`;
    [text, words].forEach((part, i) => (cell.children[i].textContent = part));
  }
}

// A row's numbers, or in words how the run ended.
export function fillRow(row, meta, run, k) {
  const [, ...cells] = row.cells;
  const gone = k > run.last;
  cells[0].colSpan = gone ? 3 : 1;
  cells[0].className = gone ? "words" : "";
  cells[1].hidden = cells[2].hidden = gone;
  if (gone) cells[0].textContent = tell(meta, run, k);
  else
    [point(meta, run, k), number(run.loss[k] + meta.floor), number(run.grad_norm[k])].forEach((text, c) =>
      putNumber(cells[c], text),
    );
}

export function tint(row, color) {
  row.querySelector("path").setAttribute("stroke", color);
  row.querySelector("polygon").setAttribute("fill", color);
  row.querySelector("polygon").setAttribute("stroke", row.classList.contains("pinned") ? color : "none");
}

// A sweep's slider: its symbol, its value, a tick for each value, the first and the last, and whose it is.
function slider(axis, i, meta) {
  const made = document.createElement("label");
  made.innerHTML = `<span class="name" aria-hidden="true"></span><span class="value" aria-hidden="true"></span>
    <input type="range" min="0"><span class="ticks" aria-hidden="true"></span><span class="ends" aria-hidden="true"></span>`;
  const $ = (selector) => made.querySelector(selector);
  $(".name").textContent = `${axis.symbol} =`;
  Object.assign($("input"), { max: axis.values.length - 1, step: axis.between ? 0.05 : 1 });
  const moved = meta.series.filter((series) => series.axes.includes(i)).map((series) => series.name);
  const of = moved.length < meta.series.length ? ` of ${moved.join(", ")}` : "";
  const { of: written = axis.name } = axis;
  const code = axis.symbol === written ? "" : `, in the code ${written}`;
  $("input").setAttribute("aria-label", `${axis.symbol}${of}${code}`);
  made.title = `${axis.symbol}${of}${code}: ${axis.values.length} values`;
  $(".ticks").style.setProperty("--gaps", Math.max(1, axis.values.length - 1));
  $(".ticks").hidden = axis.values.length > 60;
  for (const text of [brief(axis.values[0]), of.trim(), brief(axis.values.at(-1))])
    $(".ends").append(Object.assign(document.createElement("span"), { textContent: text }));
  return made;
}

// Put a slider where its value is.
export function fillSlider(label, axis, at) {
  const [input, value] = [label.querySelector("input"), brief(at)];
  label.querySelector(".value").textContent = value;
  input.value = position(axis, at);
  input.setAttribute("aria-valuetext", spoken(value));
}

export function check({ name, text = "" }) {
  const label = document.createElement("label");
  label.innerHTML = `<input type="checkbox"><span></span>`;
  label.title = text;
  label.querySelector("span").textContent = name;
  label.querySelector("input").value = name;
  label.querySelector("input").setAttribute("aria-label", aloud(name));
  return label;
}

export function build(el, meta) {
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
  const { minima, saddles } = meta.marks;
  const key = [minima.length && "★ minimum", saddles.length && "× saddle", meta.surface && "○ start"].filter(Boolean);
  $(".key").textContent = key.join(" · ");
  $(".within").hidden = !meta.series.some(({ rule }) => rule);
  $(".key").hidden = !$(".key").textContent;
  const [first] = meta.series;
  const views = [
    ["whole", "the whole window"],
    ...(meta.view.zoom > 1 ? [["runs", "these runs"]] : []),
    ...[4, 16, 64].map((z) => [String(z), `${z}×, following ${first.name}`]),
  ];
  for (const [value, text] of views) $(".view select").append(new Option(text, value));
  $(".view select").value = meta.view.zoom > 1 ? "runs" : "whole";
  const named = (kind) => {
    const found = new Map(); // by name, as the first series has it
    for (const one of meta.series.flatMap(({ inner }) => inner))
      if (one.kind === kind && !found.has(one.name)) found.set(one.name, one);
    return [...found.values()];
  };
  $(".arrows").append(...[...named("arrow"), { name: "step", text: "to the next point" }].map(check));
  $(".quantities").append(...named("bar").map(check));
  $(".quantities").hidden = !named("bar").length;
  return { root, $, rows, sliders };
}

// The theme's colours, as a canvas needs them.
export function palette(root) {
  const style = getComputedStyle(root);
  const dark = luminance(channels(style.color)) > 0.5;
  root.classList.toggle("dark", dark);
  const get = (name) => getComputedStyle(root).getPropertyValue(name).trim();
  return {
    dark,
    em: parseFloat(style.fontSize) / 14,
    font: style.fontFamily,
    fg: style.color,
    forced: matchMedia("(forced-colors: active)").matches && style.forcedColorAdjust !== "none",
    muted: get("--muted"),
    rule: get("--rule"),
    bg: get("--bg"),
    accent: get("--accent"),
    halo: dark ? "rgba(0,0,0,.6)" : "rgba(255,255,255,.75)",
    of: (color) => (dark ? onDark(color) : color),
  };
}

const channels = (color) =>
  color.startsWith("#")
    ? [1, 3, 5].map((i) => parseInt(color.slice(i, i + 2), 16))
    : (color.match(/[\d.]+/g) ?? [0, 0, 0]).map(Number);
const luminance = ([r, g, b]) => (0.3 * r + 0.6 * g + 0.1 * b) / 255;

// The method's colour on a dark page: greys turned over, dark colours lighter.
export function onDark(color) {
  const rgb = channels(color);
  if (Math.max(...rgb) - Math.min(...rgb) < 12) return `rgb(${rgb.map((v) => Math.round(242 - 0.7 * v))})`;
  const lift = Math.max(0, 0.52 - luminance(rgb));
  return `rgb(${rgb.map((v) => Math.round(v + lift * 1.3 * (255 - v)))})`;
}
