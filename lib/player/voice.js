// What the player says: the labels of its pictures, and what has changed, once the reader has stopped changing it.

import { number } from "./numbers.js";
import { outcomes, where } from "./words.js";
import { barsText } from "./charts.js";

const PAUSE = 400; // milliseconds

export function voice({ root, $, meta, state, places }) {
  let soon = 0;
  const told = (k) => outcomes(meta, [...state.chosen(), ...state.pinned()], k);
  const start = () => `Start at (${state.start.map((v) => number(v)).join(", ")})`;
  function say(text) {
    clearTimeout(soon);
    $(".status").textContent = text;
  }
  // Where the runs are at a step, after what led there.
  function tell(k, before = "") {
    say(`${before}${before ? "step" : "Step"} ${where(meta, k).slice(5)}: ${told(k)}.`);
  }
  return {
    say, start, tell,
    tellSoon(before) {
      clearTimeout(soon);
      soon = setTimeout(() => tell(Math.floor(state.step), before), PAUSE);
    },
    label(k) {
      const names = meta.series.map((series) => series.name).join(", ");
      const move = state.live ? ` ${start()}; the arrow keys move it.` : "";
      root.setAttribute("aria-label", `Player: ${names} on ${meta.title}`);
      $(".paths").setAttribute("aria-label", `Paths on ${meta.title}, ${where(meta, k)}: ${told(k)}.${move}`);
      $(".loss canvas").setAttribute("aria-label", `Loss against the step, up to step ${meta.steps[k]}`);
      $(".bars canvas").setAttribute("aria-label", `Bars: ${barsText(places.groups, state)}`);
    },
    stop: () => clearTimeout(soon),
  };
}
