import { describe, expect, test } from "vitest";
import {
  difference,
  aloud,
  losses,
  outcomes,
  point,
  progress,
  quantities,
  inLines,
  settings,
  situation,
  spoken,
  tell,
  title,
  where,
} from "../../lib/player/js/words.js";

const meta = {
  window: [
    [-2, 2],
    [-2, 2],
  ],
  floor: 1,
  steps: [0, 10, 20],
  series: [{}, {}],
  coords: ["x", "y"],
  axes: [
    { name: "lr", symbol: "η", values: [0.1, 0.2] },
    { name: "beta", symbol: "β", values: [0.5, 0.9] },
  ],
};
const run = {
  series: { name: "gd", axes: [0] },
  theta: [
    [1, -0.00001, 9e9],
    [0.5, 2, 3],
  ],
  loss: [2, 0.25, 0],
  last: 1,
  diverged: true,
};

test("a point has the digits its window needs", () => {
  expect([point(meta, run, 0), point(meta, run, 1)]).toEqual(["(1.000, 0.500)", "(0.000, 2.000)"]);
  expect(point(meta, run, 2)).toBe("(9.0·10⁹, 3.000)");
  expect(point({ ...meta, window: [[-2000, 2000]] }, { theta: [[-1.5]] }, 0)).toBe("−2");
});

test("an outcome is said in words", () => {
  expect([tell(meta, run, 1), tell(meta, run, 2)]).toEqual(["f = 1.25", "diverged after step 10"]);
  expect(tell(meta, { ...run, last: 0 }, 0)).toBe("f = 3.00");
  expect(tell(meta, { last: -1 }, 0)).toBe("no finite point");
  expect(outcomes(meta, [run, run], 2)).toBe("gd diverged after step 10; gd diverged after step 10");
  expect([progress(meta, 1), where(meta, 1)]).toEqual(["10 of 20", "step 10 of 20"]);
});

test("the loss is told from its start on", () => {
  const other = { ...run, series: { name: "adam", axes: [] }, last: 2, diverged: false };
  expect(losses(meta, [run, other], 1)).toBe("gd from 3.00 to 1.25; adam from 3.00 to 1.25");
  expect(losses(meta, [run, other], 2)).toBe("gd diverged after step 10; adam from 3.00 to 1.00");
});

test("a quantity's name is said in words", () => {
  expect(["−g", "√v_max", "step/m", "u"].map(aloud)).toEqual(["minus g", "root of v_max", "step over m", "u"]);
});

describe("inner quantities", () => {
  const g = {
    name: "−g",
    values: [
      [-4, 0.5, 1],
      [8, NaN, 1],
    ],
  };
  const v = {
    name: "√v",
    values: [
      [1, NaN, 1],
      [2, NaN, 1],
    ],
  };
  const moving = { ...run, inner: [g, v] };
  const told = (k, ...wanted) => quantities(meta, [moving], k, new Set(wanted));

  test("are told that are wanted, a number for each coordinate", () => {
    expect(told(0, "−g", "√v")).toBe("gd minus g (−4.00, 8.00), root of v (1.00, 2.00)");
    expect(told(0, "√v")).toBe("gd root of v (1.00, 2.00)");
    expect([told(0), told(0, "m")]).toEqual(["", ""]);
    const line = { ...moving, inner: [{ name: "−g", values: [[-4]] }] };
    expect(quantities(meta, [line], 0, new Set(["−g"]))).toBe("gd minus g −4.00");
  });

  test("are none where there is no number at all", () => {
    expect(told(1, "−g", "√v")).toBe("gd minus g (0.500, –), root of v none at this step");
  });

  test("have the step as the point it leads to", () => {
    expect(told(0, "step")).toBe("gd step to (0.000, 2.000)");
    expect(told(1, "step")).toBe("gd no step follows");
  });

  test("are those of the runs that still go on", () => {
    expect(told(2, "−g", "step")).toBe("");
    const other = { ...moving, series: { name: "adam", axes: [] }, last: 2, diverged: false };
    expect(quantities(meta, [moving, other], 2, new Set(["−g"]))).toBe("adam minus g (1.00, 1.00)");
    expect(quantities(meta, [other, moving], 0, new Set(["√v"]))).toBe(
      "adam root of v (1.00, 2.00); gd root of v (1.00, 2.00)",
    );
  });
});

describe("a pinned run", () => {
  const pinned = (at, start, more) => ({
    ...run,
    was: { at: [0.2, 0.5], start: [-8, 0] },
    now: { at, start },
    ...more,
  });
  const moves = { series: { ...run.series, rule: {} } };

  test("says what was different there", () => {
    expect(title(meta, run)).toBe("gd");
    expect(title(meta, pinned([0.1, 0.5], [-8, 0]))).toBe("gd kept: η = 0.2");
    expect(title({ ...meta, series: [{}] }, pinned([0.1, 0.5], [-8, 0]))).toBe("kept: η = 0.2");
    expect(title(meta, pinned([0.2, 0.5], [1, 0], moves))).toBe("gd kept: start (−8, 0)");
    expect(title(meta, pinned([0.1, 0.5], [1, 0], moves))).toBe("gd kept: η = 0.2, start (−8, 0)");
  });

  test("is the one on screen while nothing that moves it has changed", () => {
    expect(difference(meta, pinned([0.2, 0.5], [-8, 0], moves))).toBe("");
    expect(difference(meta, pinned([0.2, 0.9], [-8, 0], moves))).toBe(""); // another run's slider
    expect(difference(meta, pinned([0.2, 0.5], [1, 0]))).toBe(""); // a recorded run has one start
  });
});

test("what only some runs have is told with their names", () => {
  const axes = ["κ", "η", "η", "β"].map((symbol) => ({ symbol }));
  const series = [
    { name: "gd", axes: [0, 1] },
    { name: "adam", axes: [0, 2, 3] },
    { name: "momentum", axes: [0, 2] },
  ];
  expect(situation({ axes, series }, [100, 0.1, 0.2, 0.9])).toEqual([
    "κ = 100",
    "gd η = 0.1",
    "adam and momentum η = 0.2",
    "adam β = 0.9",
  ]);
  expect(situation({ axes: axes.slice(0, 2), series: series.slice(0, 1) }, [100, 0.1])).toEqual(["κ = 100, η = 0.1"]);
  expect(situation({ axes: [], series }, [])).toEqual([]);
});

test("parts stand in lines as far as there is room", () => {
  expect(inLines(["abc", "de", "f"], 8)).toEqual(["abc · de", "f"]);
  expect(inLines(["abc", "de", "f"], 99)).toEqual(["abc · de · f"]);
  expect(inLines(["abcdef", "g"], 3)).toEqual(["abcdef", "g"]);
  expect(inLines([], 3)).toEqual([]);
});

test("the sliders' settings are told in their order", () => {
  expect(settings(meta, [0.1, 0.9])).toBe("η = 0.1, β = 0.9");
  expect(settings({ axes: [] }, [])).toBe("");
});

test("a power of ten is said in words", () => {
  expect(spoken("gd f = 5.8·10⁻⁵; adam f = −3.2·10¹⁰⁶.")).toBe(
    "gd f = 5.8 times 10 to the −5; adam f = −3.2 times 10 to the 106.",
  );
  expect(spoken("f = 0.226, ‖∇f‖² in 10⁻⁵")).toBe("f = 0.226, ‖∇f‖² in 10⁻⁵");
});
