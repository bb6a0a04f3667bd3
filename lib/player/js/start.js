// Moving the start: by the pointer, by the arrow keys.

import { rounded } from "./numbers.js";

export function starter({ meta, state, changed }) {
  const put = (point) => {
    state.start = point;
    changed();
  };
  return {
    drag(f, x, y) {
      const inside = (v, [low, high]) => Math.max(low, Math.min(high, v));
      const point = [rounded(inside(f.x(x), f.xs), f.xs), rounded(inside(f.y(y), f.ys), f.ys)];
      put(point.slice(0, meta.coords.length));
    },
    nudge(f, key, fine) {
      const [left, right, up, down] =
        meta.coords.length > 1
          ? [
              [-1, 0],
              [1, 0],
              [0, 1],
              [0, -1],
            ]
          : [[-1], [1], [1], [-1]];
      const turn = { ArrowLeft: left, ArrowRight: right, ArrowUp: up, ArrowDown: down }[key];
      if (!turn) return false;
      const ends = [f.xs, f.ys];
      put(state.start.map((v, i) => rounded(v + (turn[i] * (ends[i][1] - ends[i][0])) / (fine ? 200 : 40), ends[i])));
      return true;
    },
  };
}
