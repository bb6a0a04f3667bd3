"""A player on a plain page, and what a reader does with it."""

import base64

# A stand-in for the widget's model, made from the saved state: there is no kernel behind it.
MOUNT = """async ({ state, data, esm, css, address }) => {
    document.head.append(Object.assign(document.createElement('style'), { textContent: css }));
    const bytes = (text) => new DataView(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
    Object.assign(window, { keys: [], state: { ...state, data: bytes(data) } });
    document.addEventListener('keydown', (event) => keys.push(event.key));
    const module = await import(address ?? URL.createObjectURL(new Blob([esm], { type: 'text/javascript' })));
    const model = { get: (name) => window.state[name] };
    window.leave = module.default.render({ model, el: document.querySelector('#host') });
    window.named = [...document.querySelectorAll('#host [role=img]')].every((canvas) => canvas.ariaLabel);
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
}"""


def text(data):
    return base64.b64encode(data).decode()


class Screen:
    """A player on a plain page, and what a reader does with it."""

    def __init__(self, page, player, width="900px", style=""):
        page.set_content(
            f"""<!doctype html><title>A player</title><style>{style}</style>
                <p tabindex="0" id="before">before</p><div id="host" style="width: {width}"></div>"""
        )
        page.evaluate("Promise.all([...document.fonts].map((font) => font.load()))")
        self.mount(page, player)

    def mount(self, page, player, address=None, which=None):
        """Put the player into the element #host of a page or a frame; `address` gives player.js, else a blob.
        On a site it knows `which` of the page's players it is."""
        state = {
            name: getattr(player, name) for name in ("meta", "landscape", "choices") if hasattr(player, name)
        }
        state["which"] = which
        page.evaluate(
            MOUNT,
            {
                "state": state,
                "data": text(player.data),
                "esm": str(player._esm),
                "css": str(player._css),
                "address": address,
            },
        )
        self.look(page, player)

    def look(self, page, player):
        """See to a player that is there already."""
        self.page, self.player = page, player
        self.root = page.locator(".downhill-player")
        self.map, self.loss = self.root.locator("canvas.paths"), self.root.locator(".curves")
        self.start, self.scrub = self.root.locator(".start"), self.root.get_by_role("slider", name="Step")
        self.status = self.root.get_by_role("status")

    def button(self, name):
        return self.root.get_by_role("button", name=name, exact=True)

    @property
    def step(self):
        return int(self.scrub.input_value())

    def picture(self, canvas=".paths"):
        return self.root.locator(canvas).evaluate("canvas => canvas.toDataURL()")

    def box(self):
        """The map's frame on the page: left, top, width, height."""
        box = self.map.bounding_box()
        return box["x"] + 36, box["y"] + 10, box["width"] - 46, box["height"] - 46

    def wait_for_other(self, picture):
        self.page.wait_for_function(
            "old => document.querySelector('.downhill-player canvas').toDataURL() !== old", arg=picture
        )

    def wait_for_status(self, text, **how):
        """Until the player says what begins like this."""
        self.page.wait_for_function(
            "text => document.querySelector('.downhill-player .status').textContent.startsWith(text)",
            arg=text,
            **how,
        )

    def wait_for_label(self, canvas, text, but=""):
        """Until a picture's label has this in it and is another than `but`; labels follow the picture."""
        self.page.wait_for_function(
            """([canvas, text, but]) => {
                const label = document.querySelector(`.downhill-player ${canvas}`).ariaLabel;
                return label.includes(text) && label !== but;
            }""",
            arg=[canvas, text, but],
        )
        return self.root.locator(canvas).get_attribute("aria-label")

    def row(self, number=0):
        """A row of the table of numbers, as a reader sees it."""
        return self.root.locator("tbody tr").nth(number).inner_text().split("\t")


def drag(on, way, points):
    """Press at the first point, move over the others, let go."""
    if way == "mouse":
        on.page.mouse.move(*points[0])
        on.page.mouse.down()
        for point in points[1:]:
            on.page.mouse.move(*point)
        on.page.mouse.up()
        return
    touch = on.page.context.new_cdp_session(on.page)
    for kind, at in [("touchStart", points[0]), *(("touchMove", point) for point in points[1:])]:
        where = [{"x": at[0], "y": at[1]}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": where})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
