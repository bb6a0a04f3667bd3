// What a printed page has in place of the player: the picture that is saved, in light colours and as wide as a page.

export function paper({ root, paint, picture }) {
  const sheet = root.querySelector(".sheet");
  const lay = () => {
    root.classList.add("paper");
    paint();
    sheet.innerHTML = picture();
    root.classList.remove("paper");
    paint();
  };
  const clear = () => sheet.replaceChildren();
  addEventListener("beforeprint", lay);
  addEventListener("afterprint", clear);
  return () => {
    removeEventListener("beforeprint", lay);
    removeEventListener("afterprint", clear);
  };
}
