// A run down a surface, step after step, as the library's `descend` takes it: what the page computes.

const write = (r, places, values) => places.forEach((at, i) => (r[at] = values[i]));
const read = (r, places) => places.map((at) => r[at]);

// Value, gradient and its norm at a point.
export function look({ document, r, go }, theta) {
  write(r, document.theta, theta);
  go();
  return { loss: r[document.value], grad: read(r, document.grad), norm: r[document.norm] };
}

// A surface's values over a grid, the first axis innermost.
export function heights({ document, r, go }, axes) {
  const found = new Float64Array(axes.reduce((n, axis) => n * axis.length, 1));
  for (let i = 0; i < found.length; i++) {
    let left = i;
    axes.forEach((axis, k) => {
      r[document.theta[k]] = axis[left % axis.length];
      left = Math.floor(left / axis.length);
    });
    go();
    found[i] = r[document.value];
  }
  return found;
}

// A run: { start, given }, `given` with a number for each hyperparameter, or a list with one a step. What is
// returned has a number for each step from 0 on: theta[coordinate][step], loss[step], norm[step]. `last` is the
// last step taken: from there on, a run that has diverged stays where it is. `wanted`: lists of the rule's
// registers, such as the `at` of what a line made; made[i][j][step] is what the j-th of a list holds in the step
// taken from there, NaN where none is.
export function descend(rule, surface, { start, given }, steps, wanted = []) {
  const { document, r, go } = rule;
  const names = Object.keys(document.given).filter((name) => name !== "t");
  const lacking = names.filter((name) => given[name] === undefined);
  if (lacking.length) throw new Error(`${document.name} needs ${lacking.join(", ")}`);
  const slots = Object.keys(document.state);
  const record = () => new Float64Array(steps + 1).fill(NaN);
  const run = { theta: start.map(record), loss: record(), norm: record(), last: 0, diverged: false };
  run.made = wanted.map((places) => places.map(record));

  let [theta, there] = [start, look(surface, start)];
  for (const at of slots.flatMap((slot) => document.state[slot])) r[at] = 0;
  run.diverged = !finite(theta, there);
  keep(0);
  for (let t = 1; t <= steps; t++) {
    if (!run.diverged) step(t);
    keep(t);
  }
  return run;

  function step(t) {
    r[document.given.t] = t;
    for (const name of names) r[document.given[name]] = given[name].length ? given[name][t - 1] : given[name];
    write(r, document.theta, theta);
    write(r, document.g, there.grad);
    go();
    const next = read(r, document.next.theta);
    const seen = look(surface, next);
    run.diverged = !finite(next, seen);
    if (run.diverged) return;
    wanted.forEach((places, i) => places.forEach((at, j) => (run.made[i][j][t - 1] = r[at])));
    const after = slots.map((slot) => read(r, document.next[slot]));
    slots.forEach((slot, i) => write(r, document.state[slot], after[i]));
    [theta, there, run.last] = [next, seen, t];
  }

  function keep(t) {
    theta.forEach((value, i) => (run.theta[i][t] = value));
    run.loss[t] = there.loss;
    run.norm[t] = there.norm;
  }
}

// As `descend` of the library has it.
const finite = (theta, { loss, norm }) => Number.isFinite(loss + norm + theta.reduce((sum, value) => sum + value));

// Inside step t of a run: each line of the rule's text, with the numbers it made there, one a coordinate.
export function inside(rule, surface, run, t) {
  descend(rule, surface, run, t);
  return rule.document.lines.map(({ text, values }) => {
    const made = Object.entries(values).map(([name, { as, at }]) => ({ name, as, numbers: read(rule.r, at) }));
    return { text, made };
  });
}
