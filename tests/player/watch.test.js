import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { watch } from "../../lib/player/js/watch.js";

const frames = async (n) => {
  for (let i = 0; i < n; i++) await new Promise(requestAnimationFrame);
};

let root, part, paint, see, end, queries;
beforeEach(async () => {
  queries = {};
  vi.spyOn(window, "matchMedia").mockImplementation((query) => (queries[query] = new EventTarget()));
  document.body.innerHTML = '<div class="root" style="height: 50px"><p style="height: 20px"></p></div>';
  [root, part] = [document.querySelector(".root"), document.querySelector("p")];
  [paint, see] = [vi.fn(), vi.fn()];
  end = watch({ root, parts: [part], paint, see });
  await vi.waitFor(() => expect([paint.mock.calls.length, see.mock.calls.length]).toEqual([1, 1])); // what is so at first
  paint.mockClear();
});
afterEach(() => {
  end();
  vi.restoreAllMocks();
  document.documentElement.removeAttribute("data-theme");
  document.body.removeAttribute("class");
  document.body.removeAttribute("data-jp-theme-light");
});

const changes = {
  "the size of a part": () => (part.style.height = "30px"),
  "the site's theme": () => document.documentElement.setAttribute("data-theme", "dark"),
  "JupyterLab's theme": () => document.body.setAttribute("data-jp-theme-light", "false"),
  "the class of the page": () => (document.body.className = "vscode-dark"),
  "the system's theme": () => queries["(prefers-color-scheme: dark)"].dispatchEvent(new Event("change")),
  "the system's colours": () => queries["(forced-colors: active)"].dispatchEvent(new Event("change")),
  "a full screen": () => document.dispatchEvent(new Event("fullscreenchange")),
};

describe.each(Object.entries(changes))("%s", (_, change) => {
  test("is painted anew", async () => {
    change();
    await vi.waitFor(() => expect(paint).toHaveBeenCalledTimes(1));
  });

  test("is nothing to a player that has ended", async () => {
    end();
    change();
    await frames(3);
    expect(paint).not.toHaveBeenCalled();
  });
});

test("whether it can be seen is told", async () => {
  expect(see).toHaveBeenLastCalledWith(true);
  root.style.marginTop = "5000px";
  await vi.waitFor(() => expect(see).toHaveBeenLastCalledWith(false));
  end();
  root.style.marginTop = "";
  await frames(3);
  expect(see).toHaveBeenLastCalledWith(false);
});

test("other attributes of the page are nothing to it", async () => {
  document.body.setAttribute("title", "a page");
  root.className = "root dark"; // its own
  await frames(3);
  document.body.removeAttribute("title");
  expect(paint).not.toHaveBeenCalled();
});
