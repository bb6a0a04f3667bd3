import { expect, test } from "vitest";
import { contours, curve } from "../../lib/player/js/landscape.js";
import { round } from "./help.js";
import { surfaces } from "./tapes.json";

const surface = (name) => surfaces.find((one) => one.name === name);
const window = [
  [-2, 2],
  [-2, 2],
];
const colors = Array.from({ length: 14 }, (_, i) => [`light ${i}`, `dark ${i}`]);

// How much of the picture a shape of straight lines covers.
function covered(d) {
  let area = 0;
  for (const part of d.split("M").slice(1)) {
    const box = part
      .match(/^(\d+) (\d+)H(\d+)V(\d+)H/)
      ?.slice(1)
      .map(Number);
    if (box) area += Math.abs((box[2] - box[0]) * (box[3] - box[1]));
    else {
      const points = part
        .replace("Z", "")
        .split("L")
        .map((p) => p.split(" ").map(Number));
      const twice = points.reduce((sum, [x, y], i) => {
        const [u, v] = points[(i + 1) % points.length];
        return sum + x * v - u * y;
      }, 0);
      area += Math.abs(twice) / 2;
    }
  }
  return area / 16384 ** 2;
}

test("of a bowl, what lies above a level is outside of its circle", () => {
  const { shapes } = contours({ surface: round, window, root: true }, { colors, line: "ink" });
  const level = (7 / 14) ** 4 * 4; // of (x² + y²)/2, whose highest value is 4
  const { d } = shapes.find(({ fill }) => fill === colors[7]);
  expect(covered(d)).toBeCloseTo(1 - (Math.PI * 2 * level) / 16, 3);
  expect(shapes.filter(({ line }) => line)).toHaveLength(13);
});
test("a curve goes from one end to the other", () => {
  const { shapes } = curve({ surface: surface("parabola"), window: [window[0], [0, 2]] }, { curve: "ink" });
  expect(shapes[0].d).toMatch(/^M0 0L.*L16384 0$/);
});
