import { describe, expect, test } from "vitest";
import { frame } from "../../lib/player/js/canvas.js";
import { bars, barsHeight, drawBars, drawLoss, drawLossAxes } from "../../lib/player/js/charts.js";
import { pixels } from "../../lib/player/js/shapes.js";
import { colors, doubled, Recorder, sizes } from "./help.js";

const meta = { steps: [0, 10, 20], coords: ["x", "y"], floor: 0, log: true };
const series = { name: "gd", color: "red", dash: [4, 2], marker: "o" };

describe("the loss", () => {
  // Ten pixels a step, a hundred a decade.
  const f = frame({ left: 0, top: 0, width: 200, height: 300, ylabel: 0 }, [0, 20], [1e-2, 10], true);
  const run = (loss, more = {}) => ({
    series,
    index: 0,
    last: loss.length - 1,
    curve: pixels(f, meta.steps, loss, loss.length - 1),
    ...more,
  });
  const draw = (shown, { pins = [], about = meta, frame = f, em = 1, ...changes } = {}) => {
    const g = new Recorder();
    const state = { step: 2, hover: null, only: null, shown: () => shown, pinned: () => pins, ...changes };
    drawLoss(g, frame, about, state, { ...colors, em });
    return g;
  };
  const curves = (g) => g.of("stroke", { strokeStyle: "red" }).filter(({ path }) => path.length < 24);

  test("is drawn as far as the run was played, and as it got", () => {
    expect(curves(draw([run([10, 1, 0.1])]))[0]).toMatchObject({
      dash: [4, 2],
      path: [
        [0, 0],
        [100, 100],
        [200, 200],
      ],
    });
    expect(curves(draw([run([10, 1, 0.1])], { step: 0.5 }))[0].path).toEqual([
      [0, 0],
      [50, 50],
    ]);
    expect(curves(draw([run([10, 1])]))[0].path).toEqual([
      [0, 0],
      [100, 100],
    ]);
  });

  test("of a pinned run is thinner and solid, with a hollow head", () => {
    const g = draw([], { pins: [run([10, 1, 0.1])] });
    expect(curves(g)[0]).toMatchObject({ dash: [], lineWidth: 1.2, globalAlpha: 0.75 });
    expect(g.of("fill").map(({ fillStyle }) => fillStyle)).toEqual(["bg"]);
  });

  test("of other runs steps back from the one that is pointed at", () => {
    const strong = curves(draw([run([10, 1]), run([10, 5], { index: 1 })], { only: 1 })).map(
      ({ globalAlpha }) => globalAlpha,
    );
    expect(strong).toEqual([0.15, 1]);
  });

  test("has powers of ten on its axis, and what it is over", () => {
    const texts = (about, frame = f) => {
      const g = new Recorder();
      drawLossAxes(g, frame, about, colors);
      return g.of("text").map(({ text }) => text);
    };
    expect(texts(meta)).toEqual(["0", "5", "10", "15", "20", "step", "loss f", "10⁰", "10⁻¹", "10⁻²"]); // the name is where 10 would be
    expect(texts({ ...meta, floor: -1 })).toContain("loss f − minimum");
    const few = frame({ left: 0, top: 0, width: 200, height: 300, ylabel: -20 }, [0, 20], [0.4, 3], true);
    expect(texts(meta, few).slice(7)).toEqual(["0.5", "1", "2"]);
    const even = frame({ left: 0, top: 0, width: 200, height: 300, ylabel: -20 }, [0, 2], [-1, 1]);
    expect(texts({ ...meta, log: false }, even)).toEqual([
      "0",
      "1",
      "2",
      "step",
      "loss f",
      "−1",
      "−0.5",
      "0",
      "0.5",
      "1",
    ]);
  });

  test("stays in its frame, its head a little beyond", () => {
    expect(
      draw([run([10, 1])])
        .of("clip")
        .map(({ box }) => box),
    ).toEqual([
      [-1, -1, 202, 302],
      [-8, -8, 216, 316],
    ]);
  });

  test("grows with the text", () => {
    const drawn = (em) => {
      const axes = new Recorder();
      const large = frame({ left: 0, top: 0, width: 200 * em, height: 300 * em, ylabel: 0 }, [0, 20], [1e-2, 10], true);
      const one = (loss) => run(loss, { curve: pixels(large, meta.steps, loss, loss.length - 1) });
      drawLossAxes(axes, large, meta, { ...colors, em });
      return [
        ...sizes(axes),
        ...sizes(draw([one([10, 1, 0.1])], { pins: [one([10, 2])], em, frame: large, hover: 1 })),
      ];
    };
    expect(drawn(2)).toBeNear(doubled(drawn(1)), 1e-4);
  });

  test("has a line at the step, and one with its number at a step that is hovered over", () => {
    const uprights = (g, strokeStyle) =>
      g
        .of("stroke", { strokeStyle })
        .map(({ path }) => path.map(([x]) => x))
        .filter(([a, b]) => a === b);
    expect(uprights(draw([], { step: 1.5 }), "muted")).toEqual([[100, 100]]);
    const g = draw([run([10, 1, 0.1]), run([10])], { hover: 1 });
    expect(uprights(g, "fg")).toEqual([[100, 100]]);
    expect(
      g
        .of("stroke", { strokeStyle: "fg" })
        .map(({ path }) => path)
        .filter((path) => path.length === 1),
    ).toEqual([[[100, 100, 5]]]);
    expect(g.of("text").at(-1)).toMatchObject({ text: "step 10", textAlign: "left", at: [106, 0] });
    expect(draw([], { hover: 2 }).of("text").at(-1)).toMatchObject({
      text: "step 20",
      textAlign: "right",
      at: [194, 0],
    });
  });
});

describe("bars", () => {
  const inner = [
    {
      name: "√v",
      kind: "bar",
      values: [
        [0.5, 2],
        [3, NaN],
      ],
    },
    { name: "−g", kind: "arrow", values: [] },
  ];
  const run = { series, last: 1, inner };
  const state = { step: 0.7, bars: new Set(["√v", "−g"]), shown: () => [run] };
  const range = (values) =>
    bars(meta, { ...state, shown: () => [{ ...run, inner: [{ ...inner[0], values }] }] })[0].range;

  test("are of the quantities wanted, of each run that has them, one a coordinate", () => {
    const [group, ...others] = bars(meta, state);
    expect(others).toEqual([]);
    expect([group.name, group.range]).toEqual(["√v", [0.1, 10]]);
    expect(group.rows.map(({ coord, values }) => [coord, values])).toEqual([
      ["x", [0.5, 2]],
      ["y", [3, NaN]],
    ]);
    expect(bars(meta, { ...state, bars: new Set() })).toEqual([]);
    expect(bars(meta, { ...state, shown: () => [run, { ...run, inner: [] }, run] })[0].rows).toHaveLength(4);
  });

  test("span whole decades of what is positive and finite, at most six", () => {
    expect(
      range([
        [20, 0],
        [-5, Infinity],
      ]),
    ).toBeNear([10, 100]);
    expect(range([[100], [100]])).toBeNear([10, 100]);
    expect(range([[1e-20], [20]])).toBeNear([1e-4, 100]);
    expect(range([[0], [NaN]])).toEqual([0.1, 1]);
  });

  test("are as long as their logarithm, and full where the range ends", () => {
    const g = new Recorder();
    const values = [[1, 0.01, 1000, 0, NaN].map((v) => [v])].flat();
    const rows = values.map((values) => ({ run: { ...run, last: 0 }, coord: "x", values }));
    drawBars(g, 324, [{ name: "√v", rows, range: [0.1, 10] }], { step: 0 }, colors); // 200 pixels for two decades
    expect(g.of("rect").map(({ box }) => box)).toBeNear(
      [
        [60, 20, 100, 10],
        [60, 50, 200, 10],
      ],
      1e-9,
    );
    const numbers = g.of("text", { fillStyle: "fg", textAlign: "left" }).map(({ text }) => text);
    expect(numbers).toEqual(["1.00", "0.0100", "1000", "0", "–"]);
  });

  test("are empty after the run's last step", () => {
    const g = new Recorder();
    const rows = [{ run: { ...run, last: 0 }, coord: "x", values: [1, 5] }];
    drawBars(g, 324, [{ name: "√v", rows, range: [0.1, 10] }], { step: 1 }, colors);
    expect([g.of("rect"), g.of("text").at(-1).text]).toEqual([[], "–"]);
  });

  test("stand below one another, with a height of their own", () => {
    const groups = bars(meta, { ...state, shown: () => [run, run] });
    expect(barsHeight([...groups, ...groups], 1)).toBe(2 * (34 + 4 * 15));
    const g = new Recorder();
    drawBars(g, 324, [...groups, ...groups], state, colors);
    expect(g.of("text", { text: "√v" }).map(({ at }) => at[1])).toEqual([9, 103]);
    expect(g.of("text", { text: "x" }).map(({ at }) => at)).toEqual([
      [54, 25.5],
      [54, 55.5],
      [54, 119.5],
      [54, 149.5],
    ]);
    expect(g.of("text", { text: "3.00" })[0].at).toEqual([268, 40.5]);
    expect(g.of("stroke")[0].path).toEqual([
      [260, 18],
      [260, 78],
      [160, 18],
      [160, 78],
      [60, 18],
      [60, 78],
    ]);
  });

  test("grow with the text", () => {
    const drawn = (em) => {
      const g = new Recorder();
      drawBars(g, 324 * em, bars(meta, state), state, { ...colors, em });
      return [sizes(g), g.of("text", { fillStyle: "fg" }).map(({ at }) => at)];
    };
    expect(drawn(2)).toBeNear(doubled(drawn(1)));
    expect(barsHeight(bars(meta, state), 2)).toBe(2 * barsHeight(bars(meta, state), 1));
  });
});
