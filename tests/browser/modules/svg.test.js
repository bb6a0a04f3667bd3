import { Svg } from "./svg.js";
import { equal } from "./check.js";

const drawn = (act) => {
  const g = new Svg(100, 50);
  act(g);
  const page = new DOMParser().parseFromString(g.text(), "image/svg+xml");
  equal(page.querySelector("parsererror"), null);
  return page.documentElement;
};

export function lines_and_shapes_are_paths() {
  const svg = drawn((g) => {
    g.beginPath();
    g.moveTo(1, 2);
    g.lineTo(3.14159, 4);
    g.setLineDash([4, 2]);
    Object.assign(g, { strokeStyle: "#D55E00", lineWidth: 2, globalAlpha: 0.5 });
    g.stroke();
  });
  const line = svg.querySelector("path");
  const found = ["d", "stroke", "stroke-width", "stroke-dasharray", "opacity", "fill"].map((name) => line.getAttribute(name));
  equal(found, ["M1 2L3.14 4", "#D55E00", "2", "4,2", "0.5", "none"]);
}

export function text_is_text_and_escaped() {
  const svg = drawn((g) => {
    Object.assign(g, { font: "italic 12px Fira Sans, \"X\"", textAlign: "right" });
    g.fillText("<b>&\"", 5, 6);
  });
  const text = svg.querySelector("text");
  equal([text.textContent, text.getAttribute("font-size"), text.getAttribute("text-anchor"), text.getAttribute("font-style")], ["<b>&\"", "12px", "end", "italic"]);
}

export function clips_and_shifts_end_with_restore() {
  const svg = drawn((g) => {
    g.save();
    g.translate(10, 20);
    g.beginPath();
    g.rect(0, 0, 5, 5);
    g.clip();
    g.fillRect(1, 1, 2, 2);
    g.restore();
    g.fillRect(0, 0, 1, 1);
  });
  equal(svg.querySelector("g[transform='translate(10 20)'] > g[clip-path] > rect") !== null, true);
  equal(svg.lastElementChild.tagName, "rect");
}

export function a_landscapes_path_keeps_its_lines_thin() {
  const svg = drawn((g) => g.stroke({ d: "M0 0L9 9", at: [2, 0, 0, 3, 4, 5] }));
  equal(svg.querySelector("path").getAttribute("vector-effect"), "non-scaling-stroke");
}
