import { expect, test } from "vitest";
import { placeOf, take } from "../../lib/player/js/presets.js";

const meta = {
  steps: [0, 2, 4, 6],
  axes: [
    { name: "lr", values: [0.1, 0.2, 0.4], between: true },
    { name: "seed", values: [1, 2, 3], between: false },
  ],
};
const fresh = (live = true) => ({ at: [0.2, 2], start: [1, 2], step: 3, live });

test("a place is taken as it was told", () => {
  const state = fresh();
  take(meta, state, { at: { lr: 0.13, seed: 2.8 }, start: [5, 6], step: 5 });
  expect(state).toEqual({ at: [0.13, 3], start: [5, 6], step: 2, live: true });
  expect(placeOf(meta, state, "whole")).toEqual({ at: { lr: 0.13, seed: 3 }, start: [5, 6], step: 4, view: "whole" });
});
test("what it leaves out stays, and what was recorded keeps its start", () => {
  const state = fresh(false);
  take(meta, state, { start: [5, 6] });
  expect(state).toEqual(fresh(false));
  expect(placeOf(meta, state, "runs")).not.toHaveProperty("start");
});
