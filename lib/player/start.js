// Moving the start: one request under way, the newest of the others waiting.

import { rounded } from "./numbers.js";

export function starter({ model, meta, state, changed, say }) {
  let [asked, waiting] = [null, null];
  function ask(start) {
    state.start = start;
    if (asked) waiting = start;
    else model.send({ start: (asked = start) });
    changed();
  }
  return {
    // The start on screen: what the reader asked for last, else the model's.
    now: () => waiting ?? asked ?? model.get("start"),
    answer(message) {
      if (!message.start && !message.error) return;
      asked = null;
      say(message.error ?? "");
      const next = waiting;
      waiting = null;
      if (next) return ask(next);
      if (message.error) state.start = model.get("start"), changed();
    },
    drag(f, x, y) {
      const inside = (v, [low, high]) => Math.max(low, Math.min(high, v));
      const point = [rounded(inside(f.x(x), f.xs), f.xs), rounded(inside(f.y(y), f.ys), f.ys)];
      ask(point.slice(0, meta.coords.length));
    },
    nudge(f, key, fine) {
      const turn = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[key];
      if (!turn) return false;
      const ends = [f.xs, f.ys];
      ask(state.start.map((v, i) => rounded(v + (turn[i] * (ends[i][1] - ends[i][0])) / (fine ? 200 : 40), ends[i])));
      return true;
    },
  };
}
