// Light or dark, before anything is painted: what the reader chose, or what the system has.
(() => {
  const page = document.documentElement.dataset;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const NAMES = { auto: "as the system has them", light: "light", dark: "dark" };
  let chosen = "auto";
  try {
    chosen = localStorage.getItem("theme") ?? "auto";
  } catch {} // a reader's browser may refuse to keep anything
  if (!(chosen in NAMES)) chosen = "auto";
  const show = () => (page.theme = chosen === "auto" ? (dark.matches ? "dark" : "light") : chosen);
  show();
  dark.addEventListener("change", show);

  // The fonts came with the styles. They are unpacked now, before there is a line of text: lines break once.
  for (const face of ["", "italic ", "600 "]) document.fonts.load(`${face}1em "STIX Two Text"`);
  document.fonts.load('1em "STIX Two Math"');

  addEventListener("DOMContentLoaded", () => {
    const button = document.querySelector(".to-theme");
    const say = () => button.setAttribute("aria-label", `Colours: ${NAMES[chosen]}`);
    say();
    button.addEventListener("click", () => {
      const names = Object.keys(NAMES);
      chosen = names[(names.indexOf(chosen) + 1) % names.length];
      try {
        localStorage.setItem("theme", chosen);
      } catch {}
      show();
      say();
    });
  });

  // Paper is light.
  addEventListener("beforeprint", () => (page.theme = "light"));
  addEventListener("afterprint", show);
})();
