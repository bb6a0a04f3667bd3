// Starts a deck once formulas, pictures and players are there; what is too large for its slide is made smaller.

const HEIGHT = 720;
const MARGIN = 56;

const frames = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));

// A player is made narrower, not zoomed: it knows how to draw itself at any width. Before a slide gets too small to
// read, code that has an output gives way to it.
const READABLE = 64;
async function fit(box) {
  const player = box.querySelector(".player");
  const most = HEIGHT - (player ? 48 : 2 * MARGIN);
  const large = () => box.getBoundingClientRect().height > most || box.scrollWidth > box.clientWidth;
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

addEventListener("load", async () => {
  await MathJax.startup.promise;
  await Promise.all([...document.images].map((image) => image.decode()));
  await frames();
  await Promise.all([...document.querySelectorAll(".fit")].map(fit));
  document.body.classList.add("ready");
  const laidOut = location.search.includes("print-pdf") && new Promise((done) => Reveal.on("pdf-ready", done));
  await Reveal.initialize({
    width: 1280, height: HEIGHT, margin: 0, center: false, hash: true, slideNumber: "c/t", transition: "none",
    defaultTiming: 120, pdfMaxPagesPerSlide: 1, pdfSeparateFragments: false, plugins: [RevealNotes],
    keyboardCondition: (event) => !event.target?.closest?.(".downhill-player"),
  });
  await laidOut;
  document.body.classList.add("started");
});

// Escape gives the arrow keys back to the deck.
addEventListener("keydown", (event) => {
  if (event.key === "Escape" && document.activeElement.closest?.(".downhill-player")) {
    document.activeElement.blur();
    event.stopPropagation();
  }
}, true);
