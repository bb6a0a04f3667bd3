import { beforeEach, expect, test, vi } from "vitest";
import { paper } from "../../lib/player/js/paper.js";
import "../../lib/player/style.css";

let root, widths, end;
beforeEach(() => {
  document.body.innerHTML =
    '<div class="downhill-player dark" style="--jp-ui-font-color1: white"><div class="sheet"></div></div>';
  root = document.querySelector(".downhill-player");
  widths = [];
  const paint = vi.fn(() => widths.push([root.offsetWidth, getComputedStyle(root).color]));
  end = paper({ root, paint, picture: () => `<svg class="${root.className}"></svg>` });
  return () => end();
});
const sheet = () => root.querySelector(".sheet");

test("a page to be printed gets the picture, drawn for paper; the screen has what it had", () => {
  dispatchEvent(new Event("beforeprint"));
  expect(sheet().querySelector("svg").getAttribute("class")).toContain("paper");
  expect(root.className).toBe("downhill-player dark");
  const [before, after] = widths;
  expect(before).toEqual([680, "rgb(26, 26, 26)"]);
  expect(after).toEqual([root.offsetWidth, "rgb(255, 255, 255)"]);
});

test("it is there for print alone", () => {
  dispatchEvent(new Event("beforeprint"));
  expect(getComputedStyle(sheet()).display).toBe("none");
  dispatchEvent(new Event("afterprint"));
  expect(sheet().innerHTML).toBe("");
});

test("a player that has gone prints nothing", () => {
  end();
  dispatchEvent(new Event("beforeprint"));
  expect([sheet().innerHTML, widths]).toEqual(["", []]);
});
