import { describe, expect, test } from "vitest";
import { code, position, select, unpack, valueAt } from "../../lib/player/js/wire.js";
import * as sample from "./help.js";

// Two series on three steps: one of two settings with an arrow recorded, one without.
const meta = {
  steps: [0, 1, 2],
  coords: ["x", "y"],
  floor: 0.5,
  log: true,
  range: [0, 1],
  axes: [{ name: "lr", values: [0.1, 0.25] }],
  series: [
    {
      name: "gd",
      axes: [0],
      inner: [{ name: "−g", kind: "arrow" }],
      code: "descend(f, ({0}, {1}), gd(lr={lr}), steps=2)",
    },
    { name: "adam", axes: [], inner: [], code: "descend(f, ({0}, {1}), adam(), steps=2)" },
  ],
};
const numbers = Float32Array.from({ length: 2 * 6 * 3 + 4 * 3 }, (_, i) => i + 1);
const lists = (channels) => channels.map((channel) => [...channel]);

test("the numbers come back, from inside a larger buffer too", () => {
  const bytes = new Uint8Array(9);
  new DataView(bytes.buffer).setFloat32(1, 1.5, true);
  new DataView(bytes.buffer).setFloat32(5, NaN, true);
  expect(unpack(new DataView(bytes.buffer, 1, 8))).toEqual(Float32Array.of(1.5, NaN));
  expect(unpack(Float32Array.of(2).buffer)).toEqual(Float32Array.of(2));
  expect(unpack(new DataView(new ArrayBuffer(0)))).toHaveLength(0);
});

test("a slider selects a run", () => {
  const run = select(meta, numbers, 0, [0.25]);
  expect(lists(run.theta)).toEqual([
    [19, 20, 21],
    [22, 23, 24],
  ]);
  expect(lists([run.loss, run.grad_norm])).toEqual([
    [25, 26, 27],
    [28, 29, 30],
  ]);
  expect(lists(run.inner[0].values)).toEqual([
    [31, 32, 33],
    [34, 35, 36],
  ]);
  expect([...select(meta, numbers, 1, [0.25]).theta[0]]).toEqual([37, 38, 39]);
});

test("a run ends with its last finite point", () => {
  expect(select(meta, numbers, 1, [0.1])).toMatchObject({ last: 2, diverged: false });
  const cut = numbers.slice();
  cut.fill(NaN, 38, 39);
  expect(select(meta, cut, 1, [0.1])).toMatchObject({ last: 1, diverged: true });
  expect(select(meta, new Float32Array(0), 0, [0.1])).toMatchObject({ last: -1, diverged: true });
});

test("one coordinate is drawn over f", () => {
  const flat = { ...meta, coords: ["x"], axes: [], series: [{ name: "gd", axes: [], inner: [] }] };
  const run = select(flat, Float32Array.from([1, 2, 3, 10, 20, 30, 0, 0, 0]), 0, []);
  expect(lists([run.across, run.up])).toEqual([
    [1, 2, 3],
    [10.5, 20.5, 30.5],
  ]);
});

test("a computed series has no numbers", () => {
  const mixed = { ...meta, series: [{ ...meta.series[0], rule: {} }, meta.series[1]] };
  expect([...select(mixed, numbers, 1, [0.1]).theta[0]]).toEqual([1, 2, 3]);
});

describe("a slider", () => {
  const even = { values: [0, 0.5, 1] };
  const rates = { values: [0.001, 0.01, 0.1] };

  test("has the sweep's values at its ticks, and goes between them as they do", () => {
    expect([0, 1, 2].map((place) => valueAt(rates, place))).toEqual(rates.values);
    expect([0.5, 1.5, 1.05].map((place) => valueAt(rates, place))).toEqual([0.003162, 0.03162, 0.01122]);
    expect([0.5, 1.2].map((place) => valueAt(even, place))).toEqual([0.25, 0.6]);
    expect(valueAt({ values: [0.1, 1] }, 0.5)).toBe(0.3162);
    expect(valueAt({ values: [1, 2] }, 0.5)).toBe(1.5);
    expect(valueAt({ values: [3] }, 0)).toBe(3);
  });

  test("stands where its value is", () => {
    for (const axis of [even, rates, { values: [1, 0.5, 0.1] }, { values: [3, 2, 1] }]) {
      for (const place of [0, 0.25, 1, 1.6, 2]) expect(position(axis, valueAt(axis, place))).toBeCloseTo(place, 2);
    }
    expect([position(even, -5), position(even, 5), position({ values: [3] }, 3)]).toEqual([0, 2, 0]);
  });
});

test("the code has the sliders' values and the start", () => {
  const gd = "descend(f, (-1.5, 2), gd(lr=0.25), steps=2)";
  expect(code(meta, [0.25], [-1.5, 2], [meta.series[0]])).toBe(`{\n    "gd": ${gd},\n}`);
  expect(code({ ...meta, series: [meta.series[0]] }, [0.25], [-1.5, 2], [meta.series[0]])).toBe(gd);
  expect(code(meta, [1], [0, 0], [])).toBe(null);
  expect(code(meta, [1], [0, 0], [{ code: null }])).toBe(null);
});

describe("what Python packed", () => {
  const { meta, data, expected, values } = sample;
  const single = (numbers) => (numbers.length === undefined ? Math.fround(numbers) : numbers.map(single));
  const near = (given, wanted) => expect(given).toBeNear(single(wanted), 0, 2 ** -22);

  test("is found again at the sliders' positions", () => {
    expect(expected.map(({ at }) => at)).toEqual([
      [1, 0],
      [0, 1],
      [2, 1],
    ]);
    for (const { at, runs } of expected) {
      meta.series.forEach(({ name }, index) => {
        const [run, wanted] = [select(meta, data, index, values(at)), runs[name]];
        expect(run).toMatchObject({ last: wanted.last, diverged: wanted.diverged });
        const [until, after] = [
          (numbers) => numbers.subarray(0, run.last + 1),
          (numbers) => [...numbers.subarray(run.last + 1)],
        ];
        near(run.theta.map(until), wanted.theta);
        near(until(run.loss), wanted.loss);
        near(until(run.grad_norm), wanted.grad_norm);
        for (const { name, values } of run.inner) {
          near(
            values.map((of) => of.subarray(0, run.last)),
            wanted.inner[name],
          );
          expect(values.map((of) => of[run.last])).toEqual(meta.coords.map(() => NaN)); // no step follows
        }
        expect([...run.theta, run.loss, run.grad_norm].flatMap(after).every(Number.isNaN)).toBe(true);
      });
    }
  });

  test("has runs that diverge, which end with their last finite point", () => {
    const ends = meta.series.map((_, index) => select(meta, data, index, values([2, 0])));
    expect(ends.map(({ last, diverged }) => [last, diverged])).toEqual([
      [5, true],
      [5, true],
    ]);
  });
});
