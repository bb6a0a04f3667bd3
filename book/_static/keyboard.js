// What the Tab key stops at: the text before the list of pages, of the buttons that copy code only one, of formulas
// those that scroll. Without this a reader presses it more than a hundred times on the way to a player.

// The list of pages stands left of the text, where the style sheet puts it, and behind it in the page.
const pages = document.querySelector(".bd-sidebar-primary");
pages?.parentNode.append(pages);

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
  const reach = () => {
    for (const formula of document.querySelectorAll("div.math")) formula.tabIndex = formula.scrollWidth > formula.clientWidth ? 0 : -1;
  };
  reach();
  addEventListener("resize", reach);
});
