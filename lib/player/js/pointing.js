// The pointer on a canvas: pressed it acts, else it hovers. Coordinates are the canvas's.

export function pointing(canvas, { may = () => true, act, hover, leave }) {
  let pressed = false;
  const at = ({ clientX, clientY }) => {
    const { left, top } = canvas.getBoundingClientRect();
    return [clientX - left, clientY - top];
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button || !may()) return;
    canvas.setPointerCapture(event.pointerId);
    pressed = true;
    leave();
    act(...at(event));
  });
  canvas.addEventListener("pointermove", (event) => (pressed ? act : hover)(...at(event)));
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => (pressed = false));
  canvas.addEventListener("pointerleave", leave);
}
