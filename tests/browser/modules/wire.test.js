import { blocks, code, lossRange, select, unpack } from "./wire.js";
import { close, equal } from "./check.js";

// Two series on three steps: one of two settings with an arrow recorded, one without.
const meta = {
  steps: [0, 1, 2], coords: ["x", "y"], floor: 0.5, log: true, range: [0, 1],
  axes: [{ name: "lr", values: [0.1, 0.25] }],
  series: [
    { name: "gd", axes: [0], inner: [{ name: "−g", kind: "arrow" }], code: "descend(f, ({0}, {1}), gd(lr={lr}), steps=2)" },
    { name: "adam", axes: [], inner: [], code: "descend(f, ({0}, {1}), adam(), steps=2)" },
  ],
};
const numbers = Float32Array.from({ length: 2 * 6 * 3 + 4 * 3 }, (_, i) => i + 1);

export function floats_of_three_bytes_come_back() {
  const bytes = new Uint8Array([0x80, 0x3f, 0x00, 0x00, 0x80, 0x3f, 0x00, 0xc0, 0x7f].slice(0, 9));
  const words = unpack(new DataView(bytes.buffer, 3, 6)); // 1.0, then NaN, from inside a larger buffer
  close(words[0], 1);
  equal(Number.isNaN(words[1]), true);
  equal(unpack(new DataView(new ArrayBuffer(0))).length, 0);
}

export function series_lie_one_after_the_other() {
  equal(blocks(meta), [{ first: 0, runs: 2, channels: 6 }, { first: 36, runs: 1, channels: 4 }]);
}

export function a_slider_selects_a_run() {
  const run = select(meta, numbers, 0, [1]);
  equal(run.theta, [[19, 20, 21], [22, 23, 24]]);
  equal([run.loss, run.grad_norm], [[25, 26, 27], [28, 29, 30]]);
  equal(run.inner[0].values, [[31, 32, 33], [34, 35, 36]]);
  equal(select(meta, numbers, 1, [1]).theta[0], [37, 38, 39]);
}

export function a_run_ends_with_its_last_finite_point() {
  const cut = numbers.slice();
  cut.fill(NaN, 38, 39);
  const run = select(meta, cut, 1, [0]);
  equal([run.last, run.diverged], [1, true]);
  const none = select(meta, new Float32Array(0), 0, [0]);
  equal([none.last, none.diverged], [-1, true]);
}

export function one_coordinate_is_drawn_over_f() {
  const flat = { ...meta, coords: ["x"], axes: [], series: [{ name: "gd", axes: [], inner: [] }] };
  const run = select(flat, Float32Array.from([1, 2, 3, 10, 20, 30, 0, 0, 0]), 0, []);
  equal([run.across, run.up], [[1, 2, 3], [10.5, 20.5, 30.5]]);
}

export function the_loss_axis_spans_what_is_positive_and_finite() {
  const data = numbers.slice();
  data.set([8, 0, 1e-3], 6); // gd's first losses
  data.set([Infinity, NaN, 600], 24);
  close(lossRange(meta, data), [1e-3, 600]);
  equal(lossRange({ ...meta, log: false }, data), [0, 1]);
  equal(lossRange(meta, new Float32Array(48)), [0.1, 1]);
}

export function the_code_has_the_sliders_values_and_the_start() {
  const gd = "descend(f, (-1.5, 2), gd(lr=0.25), steps=2)";
  equal(code(meta, [1], [-1.5, 2], [meta.series[0]]), `{\n    "gd": ${gd},\n}`);
  equal(code({ ...meta, series: [meta.series[0]] }, [1], [-1.5, 2], [meta.series[0]]), gd);
  equal([code(meta, [1], [0, 0], []), code(meta, [1], [0, 0], [{ code: null }])], [null, null]);
}
