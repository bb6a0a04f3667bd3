// Where things are on screen: the canvases' sizes, the frames in them, the runs' points there. Sizes are read
// once, in `measure`: to read them while the page's texts change would have it laid out twice.

import { around, frame, prepare } from "./canvas.js";
import { bars, barsHeight } from "./charts.js";
import { pixels } from "./shapes.js";

export class Places {
  sizes = new Map();
  groups = [];
  ready = false;

  constructor({ root, $, meta, state }) {
    this.root = root;
    this.$ = $;
    this.meta = meta;
    this.state = state;
    const [[x0, x1], [y0, y1]] = meta.window;
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
    this.enlarged = $(".map").getBoundingClientRect().width / parseFloat(getComputedStyle($(".map")).width);
    const [left, right, top, bottom] = [36, 10, 10, 36].map((v) => v * this.em);
    this.box = {
      left,
      top,
      width: Math.min(width - left - right, (this.room() - top - bottom) / meta.aspect),
      ylabel: 0,
    };
    this.box.height = Math.round(this.box.width * meta.aspect);
    $(".map").style.height = `${this.box.height + top + bottom}px`;
    for (const canvas of this.root.querySelectorAll("canvas"))
      this.sizes.set(canvas, [canvas.clientWidth, canvas.clientHeight]);
  }

  // How high the map may be: on a full screen as high as leaves all controls visible.
  room() {
    if (!this.root.classList.contains("large")) return Infinity;
    const [controls, stage, note] = [".controls", ".stage", ".note"].map((part) =>
      this.$(part).getBoundingClientRect(),
    );
    return Math.max(200, innerHeight - stage.top - controls.top - (note.bottom - stage.bottom));
  }

  // The loss axis and the curves there; its range is that of the sweep, and of where runs start and end that the
  // page has computed besides. The bars of the runs shown.
  curves(runs) {
    if (!this.ready) return;
    this.groups = bars(this.meta, this.state);
    const { em, meta } = this;
    const [width, height] = this.sizes.get(this.$(".curves"));
    const plot = { left: 44 * em, top: 22 * em, width: width - 62 * em, height: height - 58 * em, ylabel: 2 * em };
    const range = meta.log ? reach(meta.range, runs) : meta.range;
    this.loss = frame(plot, [0, Math.max(1, meta.steps.at(-1))], range, meta.log);
    const inside = (loss) => (meta.log ? loss.map((v) => (v < range[0] ? range[0] : v)) : loss); // 0, too
    for (const run of runs) run.curve = pixels(this.loss, meta.steps, inside(run.loss), run.last);
  }

  // The part of the map that is looked at, and the paths there.
  paths(runs) {
    if (!this.ready) return;
    const chosen = this.$(".view select").value;
    const view =
      chosen === "whole" ? this.whole : chosen === "runs" ? this.meta.view : { ...this.head(), zoom: Number(chosen) };
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
    return prepare(canvas, ...this.sizes.get(canvas), this.enlarged);
  }
}

// The range of a logarithmic axis, wider where a run starts above it or ends below; twenty decades at most.
export function reach([low, high], runs) {
  for (const { loss, last } of runs) {
    if (last < 0) continue;
    const [start, end] = [loss[0], loss[last]];
    if (start > high && start < Infinity) high = start;
    if (end > 0 && end < low) low = end;
  }
  return [Math.max(low, 1e-20 * high), high];
}
