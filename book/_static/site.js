// What the Tab key stops at: of the buttons that copy code only one, of formulas, tables
// and code those that scroll. Without this a reader presses it more than a hundred times on the way to a player.

addEventListener("load", () => {
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

  const inText = [...document.querySelectorAll("article span.math:not(td *)")];
  const displayed = [...document.querySelectorAll("article :is(.equation .math, .scrolls, pre)")];
  const scrolls = (one) => one.scrollWidth > one.clientWidth + 1;
  const reach = () => {
    for (const formula of inText) formula.classList.add("wide");
    const wide = new Set(inText.filter(scrolls));
    for (const formula of inText) formula.classList.toggle("wide", wide.has(formula));
    for (const formula of [...displayed, ...inText]) formula.removeAttribute("tabindex");
    for (const formula of [...displayed.filter(scrolls), ...wide]) formula.tabIndex = 0;
  };
  reach();
  addEventListener("resize", reach);
});

// The list of pages follows: it shows where the page stands in it, and the section that is read.
const list = document.getElementById("pages");
const here = list.querySelector("li.current > a.current");
if (here) list.scrollTop = here.offsetTop - list.clientHeight / 3;
const links = new Map([...list.querySelectorAll("li.current > ul a[href^='#']")].map((link) => [link.hash.slice(1), link]));
const headings = [...document.querySelectorAll("article section[id]")].filter((section) => links.has(section.id));
const follow = new IntersectionObserver(
  () => {
    const read = headings.findLast((section) => section.getBoundingClientRect().top < innerHeight / 3);
    for (const [id, link] of links) id === read?.id ? link.setAttribute("aria-current", "location") : link.removeAttribute("aria-current");
    const link = links.get(read?.id);
    if (link && list.clientHeight) {
      if (link.offsetTop < list.scrollTop + 60) list.scrollTop = link.offsetTop - 60;
      const end = link.offsetTop + link.offsetHeight + 60 - list.clientHeight;
      if (list.scrollTop < end) list.scrollTop = end;
    }
  },
  { rootMargin: "0px 0px -66% 0px", threshold: [0] },
);
for (const section of headings) follow.observe(section);
list.addEventListener("click", (event) => event.target.closest("a[href^='#']") && list.matches(":popover-open") && list.hidePopover());
