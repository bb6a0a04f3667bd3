import { beforeEach, expect, test, vi } from "vitest";
import { pointing } from "../../lib/player/js/pointing.js";

let canvas, heard;
beforeEach(() => {
  document.body.innerHTML = '<canvas style="position: absolute; left: 30px; top: 50px"></canvas>';
  canvas = document.querySelector("canvas");
  canvas.setPointerCapture = vi.fn(); // a made event has no pointer to capture
  heard = { act: vi.fn(), hover: vi.fn(), leave: vi.fn() };
});
const point = (type, clientX = 0, clientY = 0, how = {}) =>
  canvas.dispatchEvent(new PointerEvent(type, { clientX, clientY, pointerId: 5, ...how }));

test("a press acts where it is on the canvas, and holds the pointer", () => {
  pointing(canvas, heard);
  point("pointerdown", 100, 80);
  expect(heard.act.mock.calls).toEqual([[70, 30]]);
  expect(heard.hover).not.toHaveBeenCalled();
  expect(heard.leave).toHaveBeenCalledTimes(1); // what was hovered over
  expect(canvas.setPointerCapture).toHaveBeenCalledWith(5);
});

test("a pressed pointer acts as it moves, until it is let go", () => {
  pointing(canvas, heard);
  for (const end of ["pointerup", "pointercancel"]) {
    point("pointerdown", 100, 80);
    point("pointermove", 10, 20); // outside
    expect(heard.act).toHaveBeenLastCalledWith(-20, -30);
    point(end);
    const before = heard.act.mock.calls.length;
    point("pointermove", 110, 80);
    expect(heard.act).toHaveBeenCalledTimes(before);
    expect(heard.hover).toHaveBeenLastCalledWith(80, 30);
  }
});

test("a pointer that is not pressed hovers", () => {
  pointing(canvas, heard);
  point("pointermove", 100, 80);
  expect(heard.hover.mock.calls).toEqual([[70, 30]]);
  expect(heard.act).not.toHaveBeenCalled();
});

test("a pointer that leaves is told of", () => {
  pointing(canvas, heard);
  point("pointerleave");
  expect(heard.leave).toHaveBeenCalledTimes(1);
});

test("only the first button presses", () => {
  pointing(canvas, heard);
  for (const button of [1, 2]) point("pointerdown", 100, 80, { button });
  point("pointermove", 100, 80);
  expect(heard.act).not.toHaveBeenCalled();
  expect(canvas.setPointerCapture).not.toHaveBeenCalled();
});

test("where nothing may be done a press is a hover", () => {
  let may = false;
  pointing(canvas, { ...heard, may: () => may });
  point("pointerdown", 100, 80);
  point("pointermove", 100, 80);
  expect([heard.act.mock.calls, heard.hover.mock.calls]).toEqual([[], [[70, 30]]]);
  may = true;
  point("pointerdown", 100, 80);
  expect(heard.act).toHaveBeenCalledTimes(1);
});
