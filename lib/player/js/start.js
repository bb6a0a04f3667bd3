// Moving the start: one request under way, the newest of the others waiting. The kernel answers with the runs on
// screen; once the start has stayed for a moment it is asked for all of them.

import { rounded } from "./numbers.js";

const [PATIENCE, MOMENT] = [1000, 200]; // milliseconds

export function starter({ model, meta, state, changed, show, say }) {
  let asked = null, waiting = null, timer = 0;
  let reached = model.get("start"); // where the runs on screen start
  function later(delay, act) {
    clearTimeout(timer);
    timer = setTimeout(act, delay);
  }
  function ask(start) {
    state.start = start;
    if (asked) waiting = start;
    else {
      model.send((asked = { start, at: [...state.at] }));
      later(PATIENCE, () => say("The kernel has not answered yet; another cell may be running."));
    }
    changed();
  }
  return {
    // The start on screen when the model has new runs: what the reader asked for since, else theirs.
    loaded() {
      reached = model.get("start");
      return waiting ?? asked?.start ?? reached;
    },
    answer({ start, error }, [runs]) {
      if (!asked || !(start || error)) return;
      const [{ at }, next] = [asked, waiting];
      asked = waiting = null;
      clearTimeout(timer);
      say(error ?? "");
      if (start) reached = start, show(runs, at);
      if (next) return ask(next);
      if (error) state.start = reached, changed();
      later(MOMENT, () => model.send({ all: reached }));
    },
    drag(f, x, y) {
      const inside = (v, [low, high]) => Math.max(low, Math.min(high, v));
      const point = [rounded(inside(f.x(x), f.xs), f.xs), rounded(inside(f.y(y), f.ys), f.ys)];
      ask(point.slice(0, meta.coords.length));
    },
    nudge(f, key, fine) {
      const [left, right, up, down] = meta.coords.length > 1 ? [[-1, 0], [1, 0], [0, 1], [0, -1]] : [[-1], [1], [1], [-1]];
      const turn = { ArrowLeft: left, ArrowRight: right, ArrowUp: up, ArrowDown: down }[key];
      if (!turn) return false;
      const ends = [f.xs, f.ys];
      ask(state.start.map((v, i) => rounded(v + (turn[i] * (ends[i][1] - ends[i][0])) / (fine ? 200 : 40), ends[i])));
      return true;
    },
    leave: () => clearTimeout(timer),
  };
}
