// Playing: steps go by with time while the player can be seen.

const SECONDS = 8; // a whole run at speed 1

// `last` is the last step, `speed` says how fast, `show` draws a step, `end` is told of the last one and says
// whether to go on from the first.
export function clock({ last, speed, show, end }) {
  let [request, before, seen, playing, step] = [0, null, true, false, 0];
  const tick = (now) => {
    step = Math.min(last, step + ((now - (before ?? now)) / 1000) * speed() * Math.max(last / SECONDS, 3));
    before = now;
    if (step >= last) {
      if (!end()) return;
      step = 0;
    }
    show(step);
    run();
  };
  const run = () => {
    cancelAnimationFrame(request);
    if (playing && seen) request = requestAnimationFrame(tick);
  };
  return {
    play: (from) => ((playing = true), (step = from), (before = null), run()),
    stop: () => ((playing = false), cancelAnimationFrame(request)),
    see: (visible) => ((seen = visible), (before = null), run()),
  };
}
