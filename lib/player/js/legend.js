// The legend: each run's name is a button that hides the run; while it is pointed at, the other runs step back.

export function legend({ rows, state, draw, changed }) {
  rows.forEach((made, i) => {
    const name = made.querySelector("button");
    const highlight = (at) => {
      state.only = at && rows.length > 1 && !state.hidden.has(i) ? i : null;
      draw();
    };
    const on = (event, act) => name.addEventListener(event, act);
    on("click", () => {
      const off = !state.hidden.delete(i) && !!state.hidden.add(i);
      made.classList.toggle("off", off);
      name.setAttribute("aria-pressed", String(!off));
      highlight(!off);
      changed();
    });
    on("pointerenter", () => highlight(true));
    on("pointerleave", () => highlight(false));
    on("focus", () => highlight(name.matches(":focus-visible")));
    on("blur", () => highlight(false));
  });
}
