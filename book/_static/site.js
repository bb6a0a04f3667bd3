// What the Tab key stops at: the text before the list of pages, of the buttons that copy code only one, of formulas
// those that scroll. Without this a reader presses it more than a hundred times on the way to a player.

// The list of pages stands left of the text, where the style sheet puts it, and behind it in the page.
const pages = document.querySelector(".bd-sidebar-primary");
pages?.parentNode.append(pages);

const SMALL = 1.4; // so much smaller a formula in the text may become

addEventListener("load", async () => {
  // The arrow keys go from one copy button to the next.
  const buttons = [...document.querySelectorAll(".copybtn")];
  const usable = () => buttons.filter((button) => button.checkVisibility());
  const stop = (at) => buttons.forEach((button) => (button.tabIndex = button === at ? 0 : -1));
  for (const button of buttons) {
    button.addEventListener("focus", () => stop(button));
    button.addEventListener("keydown", (event) => {
      const turn = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!turn) return;
      event.preventDefault();
      const all = usable();
      all[all.indexOf(button) + turn]?.focus();
    });
  }
  stop(usable()[0]);

  await window.MathJax?.startup?.promise;
  const inText = [...document.querySelectorAll("p > span.math:not(td *)")];
  const displayed = [...document.querySelectorAll("div.math")];
  const scrolls = (formula, by = 1) => formula.scrollWidth > by * formula.clientWidth;
  const reach = () => {
    for (const formula of inText) formula.classList.add("wide");
    const wide = new Set(inText.filter((formula) => scrolls(formula, SMALL)));
    for (const formula of inText) formula.classList.toggle("wide", wide.has(formula));
    for (const formula of [...displayed, ...inText]) formula.removeAttribute("tabindex");
    for (const formula of [...displayed.filter((one) => scrolls(one)), ...wide]) formula.tabIndex = 0;
  };
  reach();
  addEventListener("resize", reach);
});

// Paper is light.
let theme;
const page = document.documentElement.dataset;
addEventListener("beforeprint", () => ([theme, page.theme] = [page.theme, "light"]));
addEventListener("afterprint", () => (page.theme = theme));
