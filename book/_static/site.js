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
  const displayed = [...document.querySelectorAll("article :is(.equation .math, .scrolls, pre, .cell_output, p:has(> img:only-child))")];
  const scrolls = (one) => one.scrollWidth > one.clientWidth + 1;
  const reach = () => {
    for (const formula of inText) formula.classList.add("wide");
    const wide = new Set(inText.filter(scrolls));
    for (const formula of inText) formula.classList.toggle("wide", wide.has(formula));
    for (const formula of [...displayed, ...inText]) formula.removeAttribute("tabindex");
    for (const one of [...displayed, ...inText]) more(one);
    for (const formula of [...displayed.filter(scrolls), ...wide]) formula.tabIndex = 0;
  };
  // What is cut at its right says so, until it has been scrolled there.
  const more = (one) => one.classList.toggle("more", scrolls(one) && one.scrollLeft + one.clientWidth < one.scrollWidth - 2);
  for (const one of [...displayed, ...inText]) one.addEventListener("scroll", () => more(one), { passive: true });
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

// The main path: one switch hides the sections that are called deeper, in the text and in the list. It stays as it was left.
const deeper = [...document.querySelectorAll('section[id^="deeper-"]')];
if (deeper.length) {
  const input = document.querySelector(".path input");
  const kept = {
    get: () => {
      try {
        return localStorage.getItem("path") === "main";
      } catch {
        return false; // a reader's browser may refuse to keep anything
      }
    },
    set: (main) => {
      try {
        localStorage.setItem("path", main ? "main" : "all");
      } catch {}
    },
  };
  const show = (main) => {
    input.checked = main;
    document.documentElement.toggleAttribute("data-main-path", main);
  };
  // Who comes by a link to a deeper section sees it.
  const led = () => {
    const there = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!there || !there.closest('section[id^="deeper-"]') || !input.checked) return;
    show(false);
    there.scrollIntoView();
  };
  input.addEventListener("change", () => (show(input.checked), kept.set(input.checked)));
  show(kept.get());
  led();
  addEventListener("hashchange", led);
}

// What a link shows before it is followed: an equation, a work, the beginning of a chapter.
const scripts = document.currentScript.src;
const box = document.createElement("div");
Object.assign(box, { id: "preview", popover: "manual" });
box.setAttribute("role", "tooltip");
document.querySelector("main").append(box);
const keyOf = (link) => {
  if (/^#(eq|cite)-/.test(link.hash)) return link.hash.slice(1);
  const chapter = link.pathname.match(/chapters\/(exercises\/)?\d\d_\w+\.html$/);
  return chapter && !link.hash && link.pathname !== location.pathname ? chapter[0] : null;
};
let loaded, wanted;
const previews = () =>
  (loaded ??= new Promise((done, fail) => {
    const script = document.createElement("script");
    script.src = new URL("previews.js", scripts);
    Object.assign(script, { onload: () => done(window.downhillPreviews), onerror: fail });
    document.head.append(script);
  }));
const hide = () => {
  wanted?.removeAttribute("aria-describedby");
  wanted = null;
  if (box.matches(":popover-open")) box.hidePopover();
};
const preview = async (link) => {
  const inside = (await previews())[keyOf(link)];
  if (wanted !== link || !inside) return;
  box.innerHTML = inside;
  box.setAttribute("aria-label", box.textContent.trim());
  box.showPopover();
  link.setAttribute("aria-describedby", "preview");
  const at = link.getClientRects()[0];
  box.style.left = `${Math.max(8, Math.min(at.left, innerWidth - box.offsetWidth - 24))}px`;
  const above = at.top - box.offsetHeight - 8;
  box.style.top = `${above > 60 ? above : at.bottom + 8}px`;
};
for (const link of document.querySelectorAll("article a[href]:not(svg a)")) {
  if (!keyOf(link)) continue;
  const begin = () => {
    hide();
    wanted = link;
    preview(link);
  };
  if (matchMedia("(hover: hover)").matches) link.addEventListener("mouseenter", begin);
  link.addEventListener("focus", begin);
  link.addEventListener("mouseleave", hide);
  link.addEventListener("blur", hide);
}
addEventListener("keydown", (event) => event.key === "Escape" && hide());
addEventListener("scroll", () => box.matches(":popover-open") && hide(), { passive: true });
