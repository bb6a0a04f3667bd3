import { expect, test } from "vitest";
import { outcomes, point, settings, spoken, tell, title, where } from "../../lib/player/words.js";

const meta = {
  window: [[-2, 2], [-2, 2]], floor: 1, steps: [0, 10, 20], series: [{}, {}], coords: ["x", "y"],
  axes: [{ name: "lr", values: [0.1, 0.2] }, { name: "beta", values: [0.5, 0.9] }],
};
const run = { series: { name: "gd", axes: [0] }, theta: [[1, -0.00001, 9e9], [0.5, 2, 3]], loss: [2, 0.25, 0], last: 1, diverged: true };

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
  expect(where(meta, 1)).toBe("step 10 of 20");
});

test("a pinned run says where the sliders were", () => {
  expect(title(meta, run)).toBe("gd");
  expect(title(meta, { ...run, at: [1, 0] })).toBe("gd pinned: lr 0.2");
  expect(title({ ...meta, series: [{}] }, { ...run, at: [1, 0] })).toBe("pinned: lr 0.2");
  expect(title(meta, { series: { name: "gd", axes: [] }, at: [1, 0] })).toBe("gd pinned");
});

test("the sliders' settings are told in their order", () => {
  expect(settings(meta, [0, 1])).toBe("lr 0.1, beta 0.9");
  expect(settings({ axes: [] }, [])).toBe("");
});

test("a power of ten is said in words", () => {
  expect(spoken("gd f = 5.8·10⁻⁵; adam f = −3.2·10¹⁰⁶.")).toBe("gd f = 5.8 times 10 to the −5; adam f = −3.2 times 10 to the 106.");
  expect(spoken("f = 0.226, ‖∇f‖² in 10⁻⁵")).toBe("f = 0.226, ‖∇f‖² in 10⁻⁵");
});
