import { clock } from "./clock.js";
import { starter } from "./start.js";
import { frame } from "./canvas.js";
import { close, equal } from "./check.js";

const frames = (n) => new Promise((done) => requestAnimationFrame(() => (n ? done(frames(n - 1)) : done())));

export async function steps_go_by_with_time_and_end() {
  const [shown, ended] = [[], []];
  const time = clock({ last: 2, speed: () => 100, show: (step) => shown.push(step), end: () => (ended.push(1), false) });
  time.play(0);
  await frames(10);
  equal(ended.length, 1);
  equal(shown.every((step) => step >= 0 && step <= 2), true);
}

export async function a_loop_starts_again() {
  let ends = 0;
  const time = clock({ last: 2, speed: () => 1000, show: () => {}, end: () => ++ends < 3 });
  time.play(0);
  await frames(12);
  equal(ends, 3);
}

export async function what_cannot_be_seen_does_not_play() {
  let shown = 0;
  const time = clock({ last: 1000, speed: () => 1, show: () => shown++, end: () => false });
  time.see(false);
  time.play(0);
  await frames(5);
  equal(shown, 0);
  time.see(true);
  await frames(5);
  equal(shown > 2, true);
  time.stop();
  const before = shown;
  await frames(3);
  equal(shown, before);
}

export function one_request_is_under_way_and_the_newest_waits() {
  const [sent, shown] = [[], []];
  const state = { start: [0, 0], at: [2] };
  const model = { send: (message) => sent.push(message.start), get: () => [7, 7] };
  const show = (runs, at) => shown.push([runs, at]);
  const start = starter({ model, meta: { coords: ["x", "y"] }, state, changed: () => {}, show, say: () => {} });
  const f = frame({ left: 0, top: 0, width: 100, height: 100 }, [0, 10], [0, 10]);
  start.drag(f, 10, 50);
  start.drag(f, 20, 50);
  start.drag(f, 30, 500);
  equal(sent, [[1, 5]]);
  start.answer({ start: [1, 5] }, ["runs"]);
  equal([sent, shown], [[[1, 5], [3, 0]], [["runs", [2]]]]);
  equal(start.loaded(), [3, 0]);
  start.answer({ error: "no" }, []);
  equal(state.start, [7, 7]);
  start.nudge(f, "ArrowUp", false);
  close(sent[2], [7, 7.25]);
  equal([start.nudge(f, "Enter", false), sent.length], [false, 3]);
  start.leave();
}
