import { expect, test } from "vitest";
import { metaOf, openingAt, surfaceAt } from "../../lib/player/js/playground.js";
import { rules, surfaces } from "./tapes.json";

const document = rules.find(({ name, theta }) => name === "momentum" && theta.length === 2);
const axes = [
  { of: "lr", symbol: "η", values: [0.001, 0.01, 0.1], default: 0.01 },
  { of: "beta", symbol: "β", values: [0, 0.9], default: 0.9 },
];
const booth = {
  title: "booth",
  code: "booth",
  axes: [],
  surface: surfaces.find(({ name }) => name === "booth"),
  start: [1, 2],
  coords: ["x", "y"],
  window: [
    [-10, 10],
    [-10, 10],
  ],
  floor: 0,
  log: true,
  rates: [0.02, 0.4],
};
const choices = {
  steps: 3,
  opening: { surface: "beale", at: {} },
  surfaces: { booth },
  rules: { momentum: { documents: { 2: document }, axes, slope: true, dash: [] } },
  schedules: { cosine: { code: "cosine(peak={peak}, steps=3)", factors: [1, 0.75, 0.25] } },
};

test("a choice becomes a player's meta, and the Python that makes it", () => {
  const meta = metaOf(choices, { surface: "booth", rules: ["momentum"], schedule: "cosine" });
  expect(meta.axes.map(({ name, of }) => [name, of])).toEqual([
    ["momentum_lr", "lr"],
    ["momentum_beta", "beta"],
  ]);
  expect(meta.axes[0].factors).toEqual([1, 0.75, 0.25]);
  expect(meta.at).toEqual([1, 1]);
  expect(meta.series[0].code).toBe(
    "descend(booth, ({0}, {1}), momentum(lr=cosine(peak={momentum_lr}, steps=3), beta={momentum_beta}), steps=3)",
  );
  expect(meta.python("RUNS", meta.series)).toContain("from lib.schedules import cosine\n");
  expect(openingAt(choices, { surface: "booth", rules: ["momentum"] })).toEqual({
    momentum_lr: 0.02,
    momentum_beta: 0.9,
  });
});

test("an argument of a surface is a slider of every run, in the Python and in the surface's document", () => {
  const kappa = { name: "kappa", symbol: "κ", values: [1, 10, 100], default: 10, registers: [7] };
  const of = {
    ...booth,
    code: "ravine(kappa={kappa})",
    axes: [kappa],
    surface: {
      ...booth.surface,
      constants: [
        [7, 10],
        [8, 2],
      ],
    },
  };
  const meta = metaOf(
    { ...choices, surfaces: { ravine: { ...of, log: false } } },
    { surface: "ravine", rules: ["momentum"], schedule: "constant" },
  );
  expect(meta.axes.map(({ name }) => name)).toEqual(["kappa", "momentum_lr", "momentum_beta"]);
  expect(meta.at).toEqual([1, 1, 1]);
  expect(meta.series[0].axes).toEqual([0, 1, 2]);
  expect(meta.series[0].code).toBe(
    "descend(ravine(kappa={kappa}), ({0}, {1}), momentum(lr={momentum_lr}, beta={momentum_beta}), steps=3)",
  );
  expect(meta.python("RUNS", meta.series)).toContain("from lib.surfaces import ravine\n");
  expect(surfaceAt(meta, [37.5, 0.1, 0.9]).constants).toEqual([
    [7, 37.5],
    [8, 2],
  ]);
  expect(of.surface.constants[0][1]).toBe(10);
});
