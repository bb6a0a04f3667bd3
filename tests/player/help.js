// What the tests share: the sample that Python packed, a context that keeps what is drawn, a comparison of numbers.

import { expect } from "vitest";
import { select, unpack } from "../../lib/player/js/wire.js";
import sample from "./wire.json";

const bytes = (text) => new DataView(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
export const { meta, computed, expected } = sample;
export const data = unpack(bytes(sample.data));
export const values = (at) => at.map((place, i) => meta.axes[i].values[place]); // of the sliders at these places

// What main.js keeps of the sample's runs; `pins` are pinned.
export function screen({ at = values(meta.at), pins = [], ...changes } = {}) {
  const runs = meta.series.map((_, i) => select(meta, data, i, at));
  return {
    step: meta.steps.length - 1,
    live: false,
    hover: null,
    only: null,
    arrows: new Set(),
    bars: new Set(),
    inside: null,
    tints: new Map(),
    shown: () => runs,
    pinned: () => pins,
    handle: () => [0, 0],
    ...changes,
  };
}

export const colors = {
  em: 1,
  font: "sans-serif",
  dark: false,
  forced: false,
  fg: "fg",
  bg: "bg",
  muted: "muted",
  rule: "rule",
  accent: "accent",
  halo: "halo",
  of: (color) => color,
};

// A context that draws nothing: `drawn` has each stroke, fill and text, with its path and the style at that time.
export class Recorder {
  constructor() {
    Object.assign(this, { drawn: [], path: [], dash: [], globalAlpha: 1, lineDashOffset: 0 });
  }
  keep(act, more) {
    const { drawn, ...style } = this;
    drawn.push({ act, ...style, ...more });
  }
  of(act, style = {}) {
    const same = (one) => Object.entries(style).every(([name, value]) => one[name] === value);
    return this.drawn.filter((one) => one.act === act && same(one));
  }

  beginPath() {
    this.path = [];
  }
  moveTo(x, y) {
    this.path.push([x, y]);
  }
  lineTo(x, y) {
    this.path.push([x, y]);
  }
  arc(x, y, r) {
    this.path.push([x, y, r]);
  }
  closePath() {}
  setLineDash(dash) {
    this.dash = dash;
  }
  stroke(path = this.path) {
    if (path.length !== 0) this.keep("stroke", { path });
  }
  fill(path = this.path, rule) {
    if (path.length !== 0) this.keep("fill", { path, rule });
  }
  fillText(text, x, y) {
    this.keep("text", { text, at: [x, y] });
  }
  strokeText() {}
  fillRect(...box) {
    this.keep("rect", { box });
  }
  strokeRect(...box) {
    this.keep("frame", { box });
  }
  rect(...box) {
    this.box = box;
  }
  save() {}
  restore() {}
  clip() {
    this.keep("clip", { box: this.box });
  }
}

// Where lines and shapes are, and how thick: twice as large a picture with twice as large a text has all of it doubled.
export const sizes = (g) =>
  g.drawn
    .filter(({ act }) => act !== "text")
    .map(({ path, box = [], lineWidth = 0, dash, lineDashOffset }) => [path, box, lineWidth, dash, lineDashOffset]);
export const doubled = (value) => (Array.isArray(value) ? value.map(doubled) : 2 * value);

// Whether numbers, in lists or alone, are the wanted ones within an absolute or a relative tolerance.
const flat = (value) => (Number.isFinite(value?.length) ? [...value].flatMap(flat) : [value]);
expect.extend({
  toBeNear(received, wanted, tolerance = 1e-6, relative = 0) {
    const [a, b] = [received, wanted].map(flat);
    const near = (v, w) => Object.is(v, w) || Math.abs(v - w) <= tolerance + relative * Math.abs(w);
    return {
      pass: a.length === b.length && a.every((v, i) => near(v, b[i])),
      message: () => `expected ${a} to be near ${b}`,
    };
  },
});

// (x² + y²)/2 as a document.
export const round = {
  version: 1,
  name: "round",
  registers: 7,
  constants: [[2, 2]],
  ops: [
    ["multiply", 3, 0, 0],
    ["multiply", 4, 1, 1],
    ["add", 5, 3, 4],
    ["divide", 6, 5, 2],
  ],
  theta: [0, 1],
  value: 6,
};
