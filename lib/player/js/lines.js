// Inside a step: the rule's own lines with the numbers they make, built one after the other, each with its arrow.

import { number } from "./numbers.js";

const TINTS = ["#d55e00", "#8a3ffc", "#009e73", "#b8860b", "#cc79a7", "#0072b2"]; // a line and its arrow

// `state.inside` is null, or how many lines there are to see; `state.tints` has the arrows of these by name. `step(n)`
// goes n steps on and says whether there was room.
export function insideView({ $, state, draw, step, tell }) {
  const panel = $(".inside");
  const shown = () => state.shown().find((run) => run.lines);
  let rows = [],
    of = null;

  function build(run) {
    of = run.series;
    rows = run.lines.map(({ text }, i) => {
      const row = document.createElement("li");
      row.append(...["code", "span"].map((tag) => document.createElement(tag)));
      row.firstChild.textContent = text;
      row.style.setProperty("--tint", TINTS[i % TINTS.length]);
      return row;
    });
    $(".inside ol").replaceChildren(...rows);
  }
  const one = ({ name, values }, k) => {
    const numbers = values.map((v) => number(v[k]));
    return `${name} = ${numbers.length > 1 ? `(${numbers.join(", ")})` : numbers[0]}`;
  };

  // The numbers of the step that is about to be taken; called when the step on screen is another one.
  function fill(k) {
    const run = state.inside === null ? null : shown();
    state.tints = new Map();
    panel.hidden = !run;
    if (!run) return;
    if (of !== run.series) build(run);
    const ends = k >= run.last;
    $(".inside .which").textContent =
      `${run.series.name}, ${ends ? "no step follows" : `step ${k} to ${k + 1}, line by line`}`;
    rows.forEach((row, i) => {
      const on = !ends && i < state.inside;
      row.classList.toggle("on", on);
      row.lastChild.textContent = on ? run.lines[i].made.map((made) => one(made, k)).join(", ") : "";
      if (on) for (const name of run.lines[i].arrows) state.tints.set(name, TINTS[i % TINTS.length]);
    });
  }
  function move(by) {
    const run = shown();
    if (!run) return;
    state.inside += by;
    if (state.inside > run.lines.length) state.inside = step(1) ? 1 : run.lines.length;
    if (state.inside < 1) state.inside = step(-1) ? run.lines.length : 1;
    draw();
    const line = run.lines[state.inside - 1];
    tell(`${line.text}: ${rows[state.inside - 1].lastChild.textContent}`);
  }
  $(".within").addEventListener("click", () => {
    state.inside = state.inside === null ? 1 : null;
    $(".within").setAttribute("aria-pressed", String(state.inside !== null));
    if (state.inside !== null) step(0);
    draw();
    if (state.inside !== null) panel.focus();
  });
  $(".line-back").addEventListener("click", () => move(-1));
  $(".line-on").addEventListener("click", () => move(1));
  panel.addEventListener("keydown", (event) => {
    const by = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (by) (event.preventDefault(), move(by));
  });
  return { fill };
}
