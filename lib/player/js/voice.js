// What the player says: the labels of its pictures, and what has changed, once the reader has stopped changing it.

import { number } from "./numbers.js";
import { losses, outcomes, progress, quantities, spoken, where } from "./words.js";

const PAUSE = 400; // milliseconds

export function voice({ root, $, meta, state }) {
  let [soon, moves] = [0, 0];
  const here = () => Math.floor(state.step);
  const runs = () => [...state.chosen(), ...state.pinned()];
  const inner = (wanted) => quantities(meta, state.shown(), here(), wanted);
  const told = (wanted) =>
    spoken([outcomes(meta, runs(), here()) || "no run is shown", inner(wanted)].filter(Boolean).join("; "));

  // The start, a slider of its own: of a picture a screen reader keeps the arrow keys. It is read out again when
  // aria-valuenow is another one, which counts the moves.
  function place() {
    const [start, text] = [$(".start"), meta.coords.map((name, i) => `${name} ${number(state.start[i])}`).join(", ")];
    if (start.getAttribute("aria-valuetext") === text) return;
    start.setAttribute("aria-valuetext", text);
    start.setAttribute("aria-valuenow", moves++ % 1000);
  }
  function label() {
    const names = meta.series.map((series) => series.name).join(", ");
    root.setAttribute("aria-label", `Player: ${names} on ${meta.title}`);
    $(".paths").setAttribute("aria-label", `Paths on ${meta.title}, ${where(meta, here())}: ${told(state.arrows)}.`);
    const change = spoken(losses(meta, runs(), here())) || "no run is shown";
    $(".curves").setAttribute("aria-label", `Loss against the step, up to ${where(meta, here())}: ${change}.`);
    $(".bars canvas").setAttribute("aria-label", spoken(`Bars: ${inner(state.bars) || "none"}.`));
  }

  // Whoever sees the picture needs no words for it: they are said to a screen reader alone. A note is for both.
  function say(text, note = "") {
    clearTimeout(soon);
    $(".status").textContent = text;
    $(".note").textContent = note;
  }
  function saySoon(text) {
    clearTimeout(soon);
    soon = setTimeout(() => say(text()), PAUSE);
  }
  // Where the runs are, after what led there: the step, or nothing where a control has said its own value.
  const tell = (before = `Step ${progress(meta, here())}: `) =>
    `${before}${told(new Set([...state.arrows, ...state.bars]))}.`;
  return {
    say,
    note: (text) => say(text, text),
    place,
    label,
    tell: () => say(tell()),
    tellSoon: (before) => saySoon(() => tell(before)),
    tellInner: (name) => saySoon(() => `${spoken(inner(new Set([name]))) || "none at this step"}.`),
    stop: () => clearTimeout(soon),
  };
}
