import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { build, check, fillRow, fillSlider, icon, onDark, palette, row, tint } from "../../lib/player/js/page.js";
import "../../lib/player/style.css";
import { meta } from "./help.js";

beforeEach(() => document.body.replaceChildren());
afterEach(() => {
  document.body.removeAttribute("style");
  vi.restoreAllMocks();
});
const texts = (nodes) => [...nodes].map((node) => node.textContent);
const series = { name: "gd", color: "red", dash: [4, 2], marker: "s", inner: [] };

describe("the page", () => {
  test("has a row for each series and a slider for each axis", () => {
    const { root, $, rows, sliders } = build(document.body, meta);
    expect(root.parentNode).toBe(document.body);
    expect(texts(root.querySelectorAll("tbody th"))).toEqual(
      ["momentum", "gd"].map((name) => expect.stringContaining(name)),
    );
    expect(rows).toEqual([...root.querySelectorAll("tbody tr")]);
    expect(texts(root.querySelectorAll("thead th"))).toEqual(["method", "(x, y)", "f", "‖∇f‖norm of the gradient"]);
    expect(texts(root.querySelectorAll("thead [aria-hidden]"))).toEqual(["‖∇f‖"]);
    expect(texts(root.querySelectorAll(".axes .name"))).toEqual(["η =", "β ="]);
    const inputs = sliders.map((label) => label.querySelector("input"));
    expect(inputs.map((input) => [input.max, input.getAttribute("aria-label")])).toEqual([
      ["2", "η, in the code lr"],
      ["1", "β of momentum, in the code beta"],
    ]);
    expect([$(".scrub input").max, $(".speed select").value]).toEqual(["7", "1"]);
    expect($(".axes").hidden).toBe(false);
  });

  test("offers the arrows and the bars that were recorded", () => {
    const { root, $ } = build(document.body, meta);
    expect(texts(root.querySelectorAll(".arrows label"))).toEqual(["−v", "step"]);
    expect(texts(root.querySelectorAll(".quantities label"))).toEqual(["step/v"]);
    expect($(".quantities").hidden).toBe(false);
  });

  test("leaves out what there is nothing for", () => {
    const { root, $ } = build(document.body, {
      ...meta,
      coords: ["x"],
      axes: [],
      series: [series],
      view: { zoom: 1 },
      marks: { minima: [[0, 0]], saddles: [] },
    });
    expect($(".key").textContent).toBe("★ minimum");
    expect([$(".axes").hidden, $(".quantities").hidden, $(".theta").textContent]).toEqual([true, true, "x"]);
    expect(texts(root.querySelectorAll(".view option"))).toEqual([
      "the whole window",
      "4×, following gd",
      "16×, following gd",
      "64×, following gd",
    ]);
    expect($(".view select").value).toBe("whole");
  });

  test("opens at the runs when they take a part of the window", () => {
    const { root, $ } = build(document.body, meta);
    expect(texts(root.querySelectorAll(".view option")).slice(0, 2)).toEqual(["the whole window", "these runs"]);
    expect($(".view select").value).toBe("runs");
  });

  test("has names as they are, not as HTML", () => {
    const name = "<b>gd & co</b>";
    const { root } = build(document.body, {
      ...meta,
      axes: [{ name, symbol: name, values: [1] }],
      series: [{ ...series, name, axes: [0], inner: [{ name, kind: "bar" }] }],
    });
    expect(root.querySelector("b")).toBe(null);
    for (const part of ["tbody th", ".quantities label"])
      expect(root.querySelector(part).textContent.trim()).toBe(name);
    expect(root.querySelector(".axes .name").textContent).toBe(`${name} =`);
  });

  test("has a name for every button", () => {
    const { root } = build(document.body, meta);
    const named = [...root.querySelectorAll("button:not(.play)")].map(
      (button) => button.getAttribute("aria-label") ?? button.textContent,
    );
    expect(named.every((name) => name.trim())).toBe(true);
    expect(icon("play")).toContain('<path d="M2 0');
  });
});

describe("a row", () => {
  const run = {
    theta: [
      [1, 2],
      [3, 4],
    ],
    loss: [0.5, 0.25],
    grad_norm: [7, 8],
    last: 1,
  };
  const cells = (made, run, k) => {
    fillRow(made, { ...meta, floor: 1 }, run, k);
    return [...made.querySelectorAll("td")].filter((cell) => !cell.hidden).map((cell) => cell.textContent);
  };

  test("shows where a run is, its loss and its gradient", () => {
    expect(cells(row(series, "gd", false), run, 1)).toEqual(["(2.00, 4.00)", "1.25", "8.00"]);
  });

  test("has a power of ten in signs to be seen and in words to be heard", () => {
    const [made, small] = [row(series, "gd", false), { ...run, grad_norm: [7, 5.8e-5] }];
    const parts = () =>
      [...made.querySelector("td:last-child").childNodes].map((node) => [
        node.textContent,
        node.ariaHidden,
        node.className,
      ]);
    cells(made, small, 1);
    expect(parts()).toEqual([
      ["5.8·10⁻⁵", "true", ""],
      ["5.8 times 10 to the −5", null, "unseen"],
    ]);
    const before = made.querySelector(".unseen");
    cells(made, small, 1);
    expect(made.querySelector(".unseen")).toBe(before);
    cells(made, small, 0);
    expect(parts()).toEqual([["7.00", undefined, undefined]]);
  });

  test("says in words how a run ended, and has numbers again before", () => {
    const [made, ended] = [row(series, "gd", false), { ...run, last: 0, diverged: true }];
    expect(cells(made, ended, 1)).toEqual(["diverged after step 0"]);
    expect(made.querySelector("td").colSpan).toBe(3);
    expect(cells(made, ended, 0)).toEqual(["(1.00, 3.00)", "1.50", "7.00"]);
    expect(made.querySelector("td").colSpan).toBe(1);
  });

  test("has the run's dash and marker, and a button that hides it; a pinned one's is solid and has none", () => {
    const [shown, pinned] = [row(series, "gd", false), row(series, "gd pinned", true)];
    expect(shown.querySelector("path").getAttribute("stroke-dasharray")).toBe("4 2");
    expect(shown.querySelector("polygon").getAttribute("points").split(" ")).toHaveLength(4);
    expect(shown.querySelector("button").getAttribute("aria-pressed")).toBe("true");
    expect(pinned.querySelector("path").getAttribute("stroke-dasharray")).toBe("");
    expect([pinned.querySelector("button"), pinned.className]).toEqual([null, "pinned"]);
  });
});

test("a checkbox is what it is named", () => {
  const label = check({ name: "−g", text: "g = ∇f(θ)" });
  const box = label.querySelector("input");
  expect(label.title).toBe("g = ∇f(θ)"); // what it is, in the rule's own words
  expect([box.type, box.value, box.checked]).toEqual(["checkbox", "−g", false]);
  expect(box.getAttribute("aria-label")).toBe("minus g"); // a screen reader leaves out the sign
});

test("a slider stands where its value is, and says it", () => {
  const { sliders } = build(document.body, meta);
  fillSlider(sliders[0], { values: [0.01, 0.0316228, 0.1] }, 0.0316228);
  const input = sliders[0].querySelector("input");
  expect([input.value, input.getAttribute("aria-valuetext"), sliders[0].querySelector(".value").textContent]).toEqual([
    "1",
    "0.0316",
    "0.0316",
  ]);
});

test("a row has its run's colour; a pinned one's marker only a line of it", () => {
  for (const [pinned, edge] of [
    [false, "none"],
    [true, "red"],
  ]) {
    const made = row(series, "gd", pinned);
    tint(made, "red");
    const [line, marker] = ["path", "polygon"].map((part) => made.querySelector(part));
    expect([line.getAttribute("stroke"), marker.getAttribute("fill"), marker.getAttribute("stroke")]).toEqual([
      "red",
      "red",
      edge,
    ]);
  }
});

describe("colours", () => {
  test("are the page's", () => {
    const { root } = build(document.body, meta);
    const colors = palette(root);
    expect(colors).toMatchObject({
      dark: false,
      em: 1,
      fg: "rgb(0, 0, 0)",
      bg: "#fff",
      muted: "#595959",
      forced: false,
    });
    expect(colors.of("#0072B2")).toBe("#0072B2");
    expect(root.classList.contains("dark")).toBe(false);
  });

  test("are light where the page's text is", () => {
    document.body.style.color = "#ced6dd";
    const { root } = build(document.body, meta);
    const colors = palette(root);
    expect(colors).toMatchObject({ dark: true, bg: "#14181e", halo: "rgba(0,0,0,.6)" });
    expect(colors.of("#0072B2")).toBe(onDark("#0072B2"));
    document.body.style.color = "";
    expect(palette(root)).toMatchObject({ dark: false, bg: "#fff" });
  });

  test("grow with the text", () => {
    const { root } = build(document.body, meta);
    root.style.fontSize = "21px";
    expect(palette(root).em).toBe(1.5);
  });

  test("may be forced", () => {
    vi.spyOn(window, "matchMedia").mockImplementation((query) => ({ matches: query === "(forced-colors: active)" }));
    expect(palette(build(document.body, meta).root).forced).toBe(true);
  });

  test("on a dark page are light enough", () => {
    const light = (color) =>
      onDark(color)
        .match(/\d+/g)
        .reduce((sum, v, i) => sum + [0.3, 0.6, 0.1][i] * v, 0);
    for (const color of ["#000000", "#0072B2", "#009E73", "#D55E00", "#CC79A7", "#616161", "#803900"])
      expect(light(color)).toBeGreaterThan(100);
    expect([onDark("#000000"), onDark("#ffffff")]).toEqual(["rgb(242,242,242)", "rgb(64,64,64)"]); // greys are turned over
    expect(onDark("#56B4E9")).toBe("rgb(86,180,233)"); // light already
  });
});
