// What the player says: the labels of its pictures, and what has changed, once the reader has stopped changing it.

import { number } from "./numbers.js";
import { outcomes, spoken, where } from "./words.js";
import { barsText } from "./charts.js";

const PAUSE = 400; // milliseconds

export function voice({ root, $, meta, state, places }) {
  let soon = 0, moves = 0;
  const told = (k) => spoken(outcomes(meta, [...state.chosen(), ...state.pinned()], k));
  // The start, a slider of its own: of a picture a screen reader keeps the arrow keys. It is read out again when
  // aria-valuenow is another one, which counts the moves.
  function place() {
    const [start, text] = [$(".start"), meta.coords.map((name, i) => `${name} ${number(state.start[i])}`).join(", ")];
    if (start.getAttribute("aria-valuetext") === text) return;
    start.setAttribute("aria-valuetext", text);
    start.setAttribute("aria-valuenow", moves++ % 1000);
  }
  function say(text) {
    clearTimeout(soon);
    $(".status").textContent = text;
  }
  // Where the runs are at a step, after what led there.
  function tell(k, before = "") {
    say(`${before}${before ? "step" : "Step"} ${where(meta, k).slice(5)}: ${told(k)}.`);
  }
  return {
    say, tell, place,
    tellSoon(before) {
      clearTimeout(soon);
      soon = setTimeout(() => tell(Math.floor(state.step), before), PAUSE);
    },
    label(k) {
      const names = meta.series.map((series) => series.name).join(", ");
      root.setAttribute("aria-label", `Player: ${names} on ${meta.title}`);
      $(".paths").setAttribute("aria-label", `Paths on ${meta.title}, ${where(meta, k)}: ${told(k)}.`);
      $(".loss canvas").setAttribute("aria-label", `Loss against the step, up to step ${meta.steps[k]}`);
      $(".bars canvas").setAttribute("aria-label", spoken(`Bars: ${barsText(places.groups, state)}`));
    },
    stop: () => clearTimeout(soon),
  };
}
