// A formula that is wider than the page scrolls; this lets the keyboard reach it too.
addEventListener("load", async () => {
  await window.MathJax?.startup?.promise;
  const reach = () => {
    for (const formula of document.querySelectorAll(".math")) {
      if (formula.scrollWidth > formula.clientWidth) formula.tabIndex = 0;
      else formula.removeAttribute("tabindex");
    }
  };
  reach();
  addEventListener("resize", reach);
});
