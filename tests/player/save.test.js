import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { copy, download, png, svg } from "../../lib/player/js/save.js";

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const draw = (g) => {
  g.fillStyle = "#ff0000";
  g.fillRect(0, 0, 10, 5);
};

test("an SVG has the size that is asked for and what is drawn", () => {
  const page = new DOMParser().parseFromString(svg({ draw, width: 30, height: 20 }), "image/svg+xml").documentElement;
  expect(page.getAttribute("viewBox")).toBe("0 0 30 20");
  expect(page.querySelector("rect").getAttribute("fill")).toBe("#ff0000");
});

test("a PNG has twice as many pixels", async () => {
  const file = await png({ draw, width: 30, height: 20 });
  expect(file.type).toBe("image/png");
  const image = await createImageBitmap(file);
  expect([image.width, image.height]).toEqual([60, 40]);
  const g = new OffscreenCanvas(60, 40).getContext("2d");
  g.drawImage(image, 0, 0);
  expect([...g.getImageData(19, 9, 1, 1).data]).toEqual([255, 0, 0, 255]);
  expect([...g.getImageData(21, 11, 1, 1).data]).toEqual([0, 0, 0, 0]);
});

test("a file has its name, and its address lasts ten seconds", () => {
  vi.useFakeTimers();
  const clicked = vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(() => {});
  const revoked = vi.spyOn(URL, "revokeObjectURL");
  clicked.mockImplementation(() => (held = document.body.lastChild));
  let held;
  download(new Blob(["x"]), "booth-player.svg", document.body);
  const [link] = clicked.mock.contexts;
  expect([link.download, link.protocol]).toEqual(["booth-player.svg", "blob:"]);
  expect([held === link, link.isConnected]).toEqual([true, false]); // in the page while it is clicked
  vi.advanceTimersByTime(9999);
  expect(revoked).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(revoked).toHaveBeenCalledWith(link.href);
});

describe("a text", () => {
  let near, taken;
  beforeEach(() => {
    document.body.innerHTML = "<button>Copy</button><div></div>";
    near = document.querySelector("div");
    document.querySelector("button").focus();
    taken = [];
    vi.spyOn(document, "execCommand").mockImplementation((command) => {
      taken.push(command, document.activeElement.parentNode, String(getSelection()));
      return true;
    });
  });

  test("goes to the clipboard", async () => {
    const written = vi.spyOn(navigator.clipboard, "writeText").mockResolvedValue();
    expect(await copy("gd(lr=0.1)", near)).toBe(true);
    expect([written.mock.calls, taken]).toEqual([[["gd(lr=0.1)"]], []]);
  });

  test("goes there from a field where the page may not write to it", async () => {
    vi.spyOn(navigator.clipboard, "writeText").mockRejectedValue(Error("not allowed"));
    expect(await copy("gd(lr=0.1)", near)).toBe(true);
    expect(taken).toEqual(["copy", near, "gd(lr=0.1)"]);
    expect(near.children).toHaveLength(0);
    expect(document.activeElement.tagName).toBe("BUTTON");
  });

  test("that cannot be copied is told of", async () => {
    vi.spyOn(navigator.clipboard, "writeText").mockRejectedValue(Error("not allowed"));
    document.execCommand.mockReturnValue(false);
    expect(await copy("gd(lr=0.1)", near)).toBe(false);
    expect(near.children).toHaveLength(0);
  });
});
