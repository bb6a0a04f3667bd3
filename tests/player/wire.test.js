import { describe, expect, test } from "vitest";
import { blocks, code, lossRange, replace, select, unpack } from "../../lib/player/js/wire.js";
import * as sample from "./help.js";

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
const lists = (channels) => channels.map((channel) => [...channel]);

test("floats of three bytes come back", () => {
  const bytes = new Uint8Array([0x80, 0x3f, 0x00, 0x00, 0x80, 0x3f, 0x00, 0xc0, 0x7f]);
  expect(unpack(new DataView(bytes.buffer, 3, 6))).toEqual(Float32Array.of(1, NaN)); // from inside a larger buffer
  expect(unpack(bytes.buffer)[1]).toBe(1);
  expect(unpack(new DataView(new ArrayBuffer(0)))).toHaveLength(0);
});

test("series lie one after the other", () => {
  expect(blocks(meta)).toEqual([{ first: 0, runs: 2, channels: 6 }, { first: 36, runs: 1, channels: 4 }]);
});

test("a slider selects a run", () => {
  const run = select(meta, numbers, 0, [1]);
  expect(lists(run.theta)).toEqual([[19, 20, 21], [22, 23, 24]]);
  expect(lists([run.loss, run.grad_norm])).toEqual([[25, 26, 27], [28, 29, 30]]);
  expect(lists(run.inner[0].values)).toEqual([[31, 32, 33], [34, 35, 36]]);
  expect([...select(meta, numbers, 1, [1]).theta[0]]).toEqual([37, 38, 39]);
});

test("a run ends with its last finite point", () => {
  expect(select(meta, numbers, 1, [0])).toMatchObject({ last: 2, diverged: false });
  const cut = numbers.slice();
  cut.fill(NaN, 38, 39);
  expect(select(meta, cut, 1, [0])).toMatchObject({ last: 1, diverged: true });
  expect(select(meta, new Float32Array(0), 0, [0])).toMatchObject({ last: -1, diverged: true });
});

test("one coordinate is drawn over f", () => {
  const flat = { ...meta, coords: ["x"], axes: [], series: [{ name: "gd", axes: [], inner: [] }] };
  const run = select(flat, Float32Array.from([1, 2, 3, 10, 20, 30, 0, 0, 0]), 0, []);
  expect(lists([run.across, run.up])).toEqual([[1, 2, 3], [10.5, 20.5, 30.5]]);
});

test("the loss axis spans what is positive and finite", () => {
  const data = numbers.slice();
  data.set([8, 0, 1e-3], 6); // gd's first losses
  data.set([Infinity, NaN, 600], 24);
  expect(lossRange(meta, data)).toBeNear([1e-3, 600]);
  expect(lossRange({ ...meta, log: false }, data)).toEqual([0, 1]);
  expect(lossRange(meta, new Float32Array(48))).toEqual([0.1, 1]);
});

test("the loss axis spans twenty decades below the highest start and two above it", () => {
  const data = new Float32Array(48);
  data.set([8, 1e-30, 1e30], 6);
  expect(lossRange(meta, data)).toBeNear([8e-20, 800], 1e-22);
});

test("the loss axis spans a decade at least", () => {
  const data = new Float32Array(48);
  data.set([0.008, 0.004, 0.002], 6);
  expect(lossRange(meta, data)).toBeNear([0.0008, 0.008]);
});

test("the code has the sliders' values and the start", () => {
  const gd = "descend(f, (-1.5, 2), gd(lr=0.25), steps=2)";
  expect(code(meta, [1], [-1.5, 2], [meta.series[0]])).toBe(`{\n    "gd": ${gd},\n}`);
  expect(code({ ...meta, series: [meta.series[0]] }, [1], [-1.5, 2], [meta.series[0]])).toBe(gd);
  expect(code(meta, [1], [0, 0], [])).toBe(null);
  expect(code(meta, [1], [0, 0], [{ code: null }])).toBe(null);
});

describe("what Python packed", () => {
  const { meta, data, answer, expected, moved } = sample;
  // A single keeps nothing beyond 3.4e38; of its 24 binary digits the wire keeps 16.
  const single = (values) => (values.length === undefined ? Math.fround(values) : values.map(single));
  const near = (given, wanted) => expect(given).toBeNear(single(wanted), 0, 2 ** -16);

  function compare(data, { at, runs }) {
    meta.series.forEach(({ name }, index) => {
      const [run, wanted] = [select(meta, data, index, at), runs[name]];
      expect(run).toMatchObject({ last: wanted.last, diverged: wanted.diverged });
      const [until, after] = [(values) => values.subarray(0, run.last + 1), (values) => [...values.subarray(run.last + 1)]];
      near(run.theta.map(until), wanted.theta);
      near(until(run.loss), wanted.loss);
      near(until(run.grad_norm), wanted.grad_norm);
      for (const { name, values } of run.inner) {
        near(values.map((of) => of.subarray(0, run.last)), wanted.inner[name]);
        expect(values.map((of) => of[run.last])).toEqual(meta.coords.map(() => NaN)); // no step follows
      }
      expect([...run.theta, run.loss, run.grad_norm].flatMap(after).every(Number.isNaN)).toBe(true);
    });
  }

  test("is found again at the sliders' positions", () => {
    expect(expected.map(({ at }) => at)).toEqual([[1, 0], [0, 1], [2, 1]]);
    for (const place of expected) compare(data, place);
  });

  test("has runs that diverge, which end with their last finite point", () => {
    const ends = meta.series.map((_, index) => select(meta, data, index, [2, 0]));
    expect(ends.map(({ last, diverged }) => [last, diverged])).toEqual([[5, true], [5, true]]);
  });

  test("gives the loss axis its ends", () => {
    near(lossRange(meta, data), sample.lossRange);
  });

  test("from another start takes its places in the grid; the data before stay, for pinned runs look into them", () => {
    const [before, after] = [data.slice(), replace(meta, data, answer, moved.at)];
    compare(after, moved);
    for (const place of expected.slice(1)) compare(after, place);
    const changed = after.reduce((n, v, i) => n + !Object.is(v, data[i]), 0);
    expect(changed).toBeLessThanOrEqual(answer.length);
    expect(data).toEqual(before);
  });
});
