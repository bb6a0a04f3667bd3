import { describe, expect, test } from "vitest";
import { frame } from "../../lib/player/js/canvas.js";
import { drawGround, shapes } from "../../lib/player/js/ground.js";
import { colors, doubled, Recorder, sizes } from "./help.js";

const f = frame({ left: 10, top: 20, width: 100, height: 200, ylabel: 0 }, [0, 10], [-1, 1]);
const meta = {
  window: [
    [0, 10],
    [-1, 1],
  ],
  coords: ["x", "y"],
  marks: { minima: [], saddles: [] },
};
const marked = { ...meta, marks: { minima: [[2, 0.5]], saddles: [[8, -0.5]] } };
const nothing = shapes({});

describe("a landscape", () => {
  const land = shapes({
    unit: 100,
    shapes: [
      { d: "M0 0L9 9", fill: ["#111", "#eee"], line: ["#222", "#ddd"] },
      { d: "M1 1L2 2", line: ["#333", "#ccc"] },
      { d: "M3 3L4 4", line: ["#444", "#bbb"], from: 4 },
    ],
  });
  const draw = (zoom, how) => {
    const g = new Recorder();
    drawGround(g, { ...f, zoom }, land, meta, { ...colors, ...how });
    return g;
  };

  test("fills its frame, and stays in it", () => {
    const g = draw(1);
    expect(g.of("clip")[0].box).toEqual([10, 20, 100, 200]);
    expect(g.of("fill")).toMatchObject([{ fillStyle: "#111", rule: "evenodd" }]);
    expect(g.of("stroke").map(({ strokeStyle, lineWidth }) => [strokeStyle, lineWidth])).toEqual([
      ["#222", 0.7],
      ["#333", 1.7],
    ]);
  });

  test("is stretched to where its window is", () => {
    let drawn;
    const g = Object.assign(new Recorder(), { fill: (path) => (drawn = path) });
    drawGround(
      g,
      { ...f, zoom: 1 },
      land,
      {
        ...meta,
        window: [
          [0, 5],
          [-1, 0],
        ],
      },
      colors,
    );
    expect(drawn).toBeInstanceOf(Path2D);
    expect(drawn).toMatchObject({ d: "M0 0L9 9", at: [0.5, 0, 0, 1, 10, 120] });
    const canvas = document.createElement("canvas").getContext("2d");
    expect(
      [
        [10, 120],
        [14.4, 129],
        [15, 128],
      ].map((point) => canvas.isPointInStroke(drawn, ...point)),
    ).toEqual([true, true, false]);
  });

  test("has more lines when it is looked at closely", () => {
    expect(
      draw(4)
        .of("stroke")
        .map(({ strokeStyle }) => strokeStyle),
    ).toEqual(["#222", "#333", "#444"]);
  });

  test("has other colours on a dark page, and only lines where colours are forced", () => {
    expect(draw(1, { dark: true }).of("fill")[0].fillStyle).toBe("#eee");
    expect(draw(1, { dark: true }).of("stroke")[1].strokeStyle).toBe("#ccc");
    const forced = draw(1, { forced: true });
    expect(forced.of("fill")).toEqual([]);
    expect(forced.of("stroke").map(({ strokeStyle }) => strokeStyle)).toEqual(["muted", "muted"]);
  });
});

test("the axes are named, and a frame is around what they measure", () => {
  const g = new Recorder();
  drawGround(g, f, nothing, meta, colors);
  expect(g.of("frame").map(({ box }) => box)).toEqual([[10, 20, 100, 200]]);
  expect(g.of("text").map(({ text }) => text)).toEqual(expect.arrayContaining(["x", "y", "0", "10", "−1", "1"]));
  const [one, line] = [new Recorder(), { ...meta, coords: ["x"] }];
  drawGround(one, f, nothing, line, colors);
  expect(one.of("text").map(({ text }) => text)).toEqual(expect.arrayContaining(["x", "f"]));
});

test("minima have stars and saddles crosses, inside the frame", () => {
  const g = new Recorder();
  drawGround(g, f, nothing, marked, colors);
  const middle = (path) => [0, 1].map((c) => path.reduce((sum, p) => sum + p[c], 0) / path.length);
  const [star] = g.of("fill", { fillStyle: "fg" });
  expect([star.path.length, ...middle(star.path)]).toBeNear([10, 30, 70], 1e-4);
  const [cross] = g.of("stroke", { strokeStyle: "fg" });
  expect(middle(cross.path)).toBeNear([90, 170], 1e-4);
  const acts = g.drawn.map(({ act }) => act);
  expect(acts.lastIndexOf("clip")).toBeGreaterThan(acts.lastIndexOf("frame"));
  expect(acts.lastIndexOf("clip")).toBeLessThan(acts.indexOf("fill"));
});

test("everything grows with the text", () => {
  const drawn = (em) => {
    const g = new Recorder();
    const box = { left: 10 * em, top: 20 * em, width: 100 * em, height: 200 * em, ylabel: 0 };
    drawGround(g, frame(box, [0, 10], [-1, 1]), nothing, marked, { ...colors, em });
    return sizes(g);
  };
  expect(drawn(2)).toBeNear(doubled(drawn(1)), 1e-4);
});
