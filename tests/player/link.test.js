import { expect, test } from "vitest";
import { fragment, readLink } from "../../lib/player/js/link.js";

const meta = {
  steps: [0, 1, 2],
  coords: ["x", "y"],
  axes: [{ name: "lr", values: [0.1, 1] }],
  window: [
    [-2, 2],
    [-1, 1],
  ],
};
const read = (text, more) => readLink(text, 2, meta, { live: true }, ["whole", "4"], more);

test("what is written is read", () => {
  const place = { at: { lr: 0.25 }, start: [-1.5, 0], step: 2, view: "4" };
  const text = fragment(2, place, { surface: "ravine(kappa=50)" });
  expect(read(`#${text}`, { surface: "ravine(kappa=50)" })).toEqual({ place });
  expect(read(`#${text}`, { surface: "booth" }).wrong).toContain("surface");
  expect(read(`#${text}`).wrong).toContain("surface");
});
test("what is for another player, or no link, is left alone", () => {
  for (const text of ["", "#a-heading", "#link=1&player=1"]) expect(read(text)).toBeNull();
});
test.each(["link=0&player=2", "lr=2", "lr=x", "lr=", "start=1", "start=0,9", "step=3", "step=", "view=8", "beta=1"])(
  "%s is refused in words",
  (text) => expect(read(text.startsWith("link") ? text : `link=1&player=2&${text}`).wrong).toBeTruthy(),
);
