// Playing: steps go by with time while the player can be seen.

const SECONDS = 8; // a whole run at speed 1
const STILLS = 2; // pictures a second where the reader wants less motion

// `last` is the last step, `speed` says how fast, `show` draws a step, `end` is told of the last one and says
// whether to go on from the first. Where `calm` says so, nothing glides: whole steps, `STILLS` pictures a second.
export function clock({ last, speed, show: draw, end, calm = () => false }) {
  let [request, before, seen, playing, step, shown] = [0, null, true, false, 0, null];
  const rate = () => speed() * Math.max(last / SECONDS, 3); // steps a second
  const show = (at) => {
    const stride = Math.max(1, Math.round(rate() / STILLS));
    const whole = calm() ? Math.floor(at / stride) * stride : at;
    if (whole !== shown) draw((shown = whole));
  };
  const tick = (now) => {
    step = Math.min(last, step + ((now - (before ?? now)) / 1000) * rate());
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
    play(from) {
      playing = true;
      step = from;
      before = shown = null;
      run();
    },
    stop() {
      playing = false;
      cancelAnimationFrame(request);
    },
    see(visible) {
      seen = visible;
      before = null;
      run();
    },
  };
}
