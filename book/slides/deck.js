// Starts a deck once formulas, pictures and players are there; what is too large for its slide is made smaller.

const HEIGHT = 720;
const MARGIN = 56;

const printed = location.search.includes("print-pdf");
document.documentElement.classList.toggle("paper", printed); // there letters have the size of a page's

const frames = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));

// A player is made narrower, not zoomed: it knows how to draw itself at any width. Before a slide gets too small to
// read, code that has an output gives way to it.
const READABLE = 64;
async function fit(box) {
  const player = box.querySelector(".player");
  const most = HEIGHT - (player ? 48 : 2 * MARGIN);
  const wide = () => [box, ...box.querySelectorAll(".text")].some((one) => one.scrollWidth > one.clientWidth);
  const large = () => box.getBoundingClientRect().height > most || wide();
  for (let size = 100; size > 40 && large(); ) {
    if (size <= READABLE && !box.classList.contains("brief")) {
      box.classList.add("brief");
      size = 104;
    }
    size -= 4;
    if (player) player.style.maxWidth = `${11.52 * size}px`;
    else box.style.zoom = `${size}%`;
    box.closest("section").dataset.size = size;
    if (player) await frames();
  }
  if (player) player.style.setProperty("--player", `${player.offsetHeight}px`);
}

// In a hall nothing has happened yet; on paper all of it has.
function rewind(scrub) {
  scrub.value = 0;
  scrub.dispatchEvent(new Event("input"));
}

addEventListener("load", async () => {
  const most = Number(new URLSearchParams(location.search).get("minutes"));
  for (const slide of most ? document.querySelectorAll("section") : [])
    if (Number(slide.dataset.way) > most) slide.remove();
  await MathJax.startup.promise;
  await Promise.all([...document.images].map((image) => image.decode()));
  await frames();
  await Promise.all([...document.querySelectorAll(".fit")].map(fit));
  document.body.classList.add("ready");
  if (!printed) document.querySelectorAll(".downhill-player .scrub input").forEach(rewind);
  // A speaker's view has no style for what only screen readers are to find.
  document.querySelectorAll("aside.notes mjx-assistive-mml").forEach((formula) => formula.remove());
  // Players draw themselves anew when the class of the page is set: sharp at the size that slides have now.
  Reveal.on("resize", () => document.documentElement.classList.add("enlarged"));
  const laidOut = printed && new Promise((done) => Reveal.on("pdf-ready", done));
  await Reveal.initialize({
    width: 1280, height: HEIGHT, margin: 0, center: false, hash: true, slideNumber: "c/t", transition: "none",
    defaultTiming: 120, pdfMaxPagesPerSlide: 1, pdfSeparateFragments: false, plugins: [RevealNotes],
    keyboardCondition: (event) => !event.target?.closest?.(".downhill-player"),
  });
  await laidOut;
  document.body.classList.add("started");
});

// A clicker's keys turn slides wherever the focus is. Enter plays and stops the slide's player, Shift with an arrow
// goes a step; inside a player, keys are the player's until Escape gives them back.
addEventListener("keydown", (event) => {
  const inside = event.target.closest?.(".downhill-player");
  const turn = { PageDown: "next", PageUp: "prev" }[event.key];
  if (event.key === "Escape" && inside) document.activeElement.blur();
  else if (turn && inside) {
    document.activeElement.blur();
    Reveal[turn]();
  } else {
    const name = event.key === "Enter" ? "play" : event.shiftKey && { ArrowRight: "forward", ArrowLeft: "back" }[event.key];
    const button = !inside && name && Reveal.getCurrentSlide()?.querySelector(`.downhill-player .${name}`);
    if (!button || event.target.matches("a, button")) return;
    button.click();
  }
  event.preventDefault();
  event.stopImmediatePropagation();
}, true);
