"""Film the player for the README, figures/player.gif: it plays, then its slider is moved.

make book && python tools/film.py
"""

import io
import sys
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "browser"))
from lab import chromium, visit  # noqa: E402
from pages import HTML, open_page, served  # noqa: E402

FILM = ROOT / "figures" / "player.gif"
WIDTH = 720
HEIGHT = 545  # of the player, what is above its buttons
COLOURS = 128


def main() -> None:
    frames: list[tuple[Image.Image, int]] = []
    with served(HTML) as site, chromium() as browser, visit(browser) as seen:
        page = seen.page
        page.set_viewport_size({"width": 900, "height": 900})
        open_page(page, f"{site}/chapters/03_momentum.html")
        player = page.locator(".downhill-player").first
        player.scroll_into_view_if_needed()
        step = player.get_by_role("slider", name="Step", exact=True)
        memory = player.locator("input[type=range]:not(.scrub input)").last

        def shoot(milliseconds: int) -> None:
            page.evaluate("document.activeElement.blur()")
            page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
            shot = Image.open(io.BytesIO(player.screenshot())).convert("RGB")
            frames.append((shot.crop((0, 0, shot.width, HEIGHT)), milliseconds))

        for k in range(0, 41, 2):
            step.fill(str(k))
            shoot(90)
        shoot(700)
        for key in ["ArrowRight"] * 9 + ["ArrowLeft"] * 4:
            memory.press(key)
            shoot(350)
        shoot(1500)
    size = (WIDTH, round(frames[0][0].height * WIDTH / frames[0][0].width))
    small = [frame.resize(size, Image.Resampling.LANCZOS) for frame, _ in frames]
    palette = small[len(small) // 2].quantize(COLOURS, Image.Quantize.MAXCOVERAGE)
    film = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in small]
    times = [time for _, time in frames]
    film[0].save(FILM, save_all=True, append_images=film[1:], duration=times, loop=0, optimize=True)
    print(f"{FILM.relative_to(ROOT)}: {len(film)} pictures, {FILM.stat().st_size / 1000:.0f} KB")


if __name__ == "__main__":
    main()
