"""A player on a plain page, and what a reader does with it."""

import base64
from unittest.mock import patch

# A stand-in for the widget's model, made from the saved state: there is no kernel behind it, but what
# is sent is kept in `sent`, and `tell` plays a kernel that answers.
MOUNT = """async ({ state, data, esm, css, address }) => {
    document.head.append(Object.assign(document.createElement('style'), { textContent: css }));
    const bytes = (text) => new DataView(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
    Object.assign(window, { sent: [], keys: [], state: { ...state, data: bytes(data) }, heard: {} });
    document.addEventListener('keydown', (event) => keys.push(event.key));
    window.tell = (message, runs) => heard['msg:custom'](message, runs ? [bytes(runs)] : []);
    window.update = (start, text) => {
        Object.assign(window.state, { start, data: bytes(text) });
        heard['change:data']();
    };
    const module = await import(address ?? URL.createObjectURL(new Blob([esm], { type: 'text/javascript' })));
    const model = {
        get: (name) => window.state[name], send: (message) => sent.push(message),
        on: (name, act) => (heard[name] = act), off: (name) => delete heard[name],
    };
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

    def mount(self, page, player, address=None):
        """Put the player into the element #host of a page or a frame; `address` gives player.js, else a blob."""
        self.page, self.player = page, player
        state = {name: getattr(player, name) for name in ("meta", "landscape")}
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

    def sent(self):
        return self.page.evaluate("sent.filter((message) => message.start)")

    def wake(self):
        """Answer the page's hello, as a kernel does."""
        self.page.evaluate("tell({ hello: true })")

    def answer(self):
        """Give what the page asked for last to the player, and its answer to the page."""
        heard = []
        with patch.object(type(self.player), "send", lambda _, *message: heard.extend(message)):
            self.player._receive(self.player, self.page.evaluate("sent.at(-1)"), [])
        if heard:
            message, buffers = heard
            self.page.evaluate("([message, runs]) => tell(message, runs)", [message, text(buffers[0])])
        else:
            self.page.evaluate(
                "([start, data]) => update(start, data)", [self.player.start, text(self.player.data)]
            )
