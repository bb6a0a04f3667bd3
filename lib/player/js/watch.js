// What the page around the player may change: its room, whether it can be seen, its theme, a full screen.
// Returns what ends the watch.

export function watch({ root, parts, paint, see }) {
  const size = new ResizeObserver(paint);
  for (const part of parts) size.observe(part);
  const sight = new IntersectionObserver((entries) => see(entries.at(-1).isIntersecting));
  sight.observe(root);
  const theme = new MutationObserver(paint);
  for (const node of [document.documentElement, document.body]) {
    theme.observe(node, {
      attributes: true,
      attributeFilter: ["class", "data-theme", "data-jp-theme-name", "data-jp-theme-light"],
    });
  }
  const queries = ["(prefers-color-scheme: dark)", "(forced-colors: active)"].map((query) => matchMedia(query));
  for (const query of queries) query.addEventListener("change", paint);
  document.addEventListener("fullscreenchange", paint);
  return () => {
    for (const observer of [size, sight, theme]) observer.disconnect();
    for (const query of queries) query.removeEventListener("change", paint);
    document.removeEventListener("fullscreenchange", paint);
  };
}
