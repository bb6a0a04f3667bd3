import { afterEach, describe, expect, test, vi } from "vitest";
import { around, drawAxes, frame, prepare } from "../../lib/player/js/canvas.js";
import { colors, Recorder } from "./help.js";

const f = frame({ left: 10, top: 20, width: 100, height: 200, ylabel: 0 }, [0, 10], [-1, 1]);

afterEach(() => vi.unstubAllGlobals());

test("a canvas has the screen's pixels and is drawn on in CSS pixels", () => {
  vi.stubGlobal("devicePixelRatio", 2);
  const canvas = document.createElement("canvas");
  const g = prepare(canvas, 30.2, 20);
  expect([canvas.width, canvas.height]).toEqual([60, 40]);
  g.fillRect(0, 0, 10, 10);
  const opaque = (x, y) => g.getImageData(x, y, 1, 1).data[3] > 0;
  expect([opaque(19, 19), opaque(21, 21)]).toEqual([true, false]);
  prepare(canvas, 30.2, 20);
  expect(opaque(19, 19)).toBe(false);
  prepare(canvas, 30.2, 20, 1.5);
  expect([canvas.width, canvas.height]).toEqual([91, 60]);
});

describe("a frame", () => {
  test("maps data to pixels and back", () => {
    expect([f.px(0), f.px(10), f.py(-1), f.py(1)]).toBeNear([10, 110, 220, 20]);
    expect([f.x(60), f.y(120)]).toBeNear([5, 0]);
    expect([f.inside(10, 20), f.inside(9, 20), f.inside(110, 221)]).toEqual([true, false, false]);
    expect([f.inside(111, 120), f.inside(60, 19)]).toEqual([false, false]);
  });

  test("that is logarithmic maps decades evenly", () => {
    const log = frame({ left: 0, top: 0, width: 1, height: 300 }, [0, 1], [1e-3, 1], true);
    expect([log.py(1), log.py(0.1), log.py(1e-3)]).toBeNear([0, 100, 300], 1e-9);
    expect(log.py(0)).toBeNear(1200); // nine decades below the frame, where nothing is seen
  });

  test("of no width or height has finite pixels", () => {
    const flat = frame({ left: 0, top: 0, width: 100, height: 100 }, [3, 3], [2, 2]);
    expect([flat.px(3), flat.py(2)]).toEqual([0, 100]);
  });

  test("keeps pixels where a canvas can draw", () => {
    expect([f.px(1e300), f.py(1e300)]).toBeNear([1e5, -1e5]);
  });
});

test("a view stays inside the window, unless its center is outside", () => {
  const window = [
    [0, 10],
    [0, 20],
  ];
  expect(around(window, { x: 5, y: 10, zoom: 2 })).toBeNear([
    [2.5, 7.5],
    [5, 15],
  ]);
  expect(around(window, { x: 0, y: 20, zoom: 2 })).toBeNear([
    [0, 5],
    [10, 20],
  ]);
  expect(around(window, { x: 30, y: 10, zoom: 2 })[0]).toBeNear([27.5, 32.5]);
});

describe("axes", () => {
  const draw = (up, grid) => {
    const g = new Recorder();
    const label = (v) => `${v}`;
    drawAxes(g, f, colors, {
      across: [
        ["0", f.px(0)],
        ["5", f.px(5)],
      ],
      up,
      label,
      xlabel: "x",
      ylabel: "y",
      grid,
    });
    return g;
  };

  test("have their ticks and names outside the frame", () => {
    const texts = draw([-1, 0])
      .of("text")
      .map(({ text, at }) => [text, ...at]);
    expect(texts).toEqual([
      ["0", 10, 226],
      ["5", 60, 226],
      ["x", 60, 239],
      ["y", 2, 0],
      ["-1", 4, 220],
      ["0", 4, 120],
    ]);
  });

  test("leave out a tick where the axis's name stands", () => {
    const near = frame({ left: 10, top: 2, width: 100, height: 200, ylabel: 0 }, [0, 10], [-1, 1]);
    const g = new Recorder();
    drawAxes(g, near, colors, { across: [], up: [0, 1], label: String, xlabel: "x", ylabel: "y" });
    expect(g.of("text").map(({ text }) => text)).toEqual(["x", "y", "0"]);
  });

  test("have a line at each tick where a grid is wanted", () => {
    expect(draw([-1, 0], true).of("stroke")[0].path).toEqual([
      [10, 220],
      [110, 220],
      [10, 120],
      [110, 120],
    ]);
    expect(draw([-1, 0], false).of("stroke")).toEqual([]);
  });
});
