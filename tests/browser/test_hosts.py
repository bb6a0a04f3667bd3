"""The player where readers open notebooks: in JupyterLab, in Notebook 7, under the rules of VS Code."""

import io
import json

import lab as laboratory
import nbformat
import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from nbclient import NotebookClient
from nbformat.sign import NotebookNotary
from page import Screen
from PIL import Image
from playwright.sync_api import TimeoutError as NotThere

from lib.descend import descend
from lib.optimizers import adam
from lib.player import Player
from lib.surfaces import rosenbrock

# In JupyterLab and in Notebook 7.

GRID = """from lib.descend import sweep
from lib.optimizers import adam
from lib.player import Player
from lib.surfaces import rosenbrock
Player(sweep(rosenbrock, (-1.5, 2.0), adam, 100, lr=[0.01, 0.03, 0.1], beta1=[0.5, 0.9]),
    presets={"creep": {"lr": 0.02, "start": (1.0, -0.5), "step": 7}, "the end": {"lr": 0.1, "step": 100}})"""
PLAYGROUND = """from lib.player.playground import Playground
Playground()"""
OWN = ["page: Cannot read properties of undefined (reading 'schema')"]  # Notebook 7.6.5's, on every page


@pytest.fixture(scope="module", params=["lab", "notebook7"])
def host(request):
    """A server with player.ipynb and playground.ipynb: each between two notes, run and saved with its widgets, and
    trusted."""
    running = request.getfixturevalue(request.param)
    notary = NotebookNotary(data_dir=str(running.data))
    for name, code in [("player", GRID), ("playground", PLAYGROUND)]:
        cells = [
            nbformat.v4.new_markdown_cell("Before"),
            nbformat.v4.new_code_cell(code),
            nbformat.v4.new_markdown_cell("After"),
        ]
        notebook = nbformat.v4.new_notebook(cells=cells)
        NotebookClient(notebook, store_widget_state=True, kernel_name="python3").execute()
        notary.sign(notebook)
        nbformat.write(notebook, running.folder / f"{name}.ipynb")
    notary.store.close()
    return running


def opened(host, page, name="player"):
    """An open notebook, its saved player drawn. On a loaded machine Notebook 7 once opened it without its saved
    widgets, for good; then it is opened once more, as a reader would."""
    notebook = host.open(page, f"{name}.ipynb")
    notebook.show(1)
    try:
        page.locator(".downhill-player").wait_for(timeout=60_000)
    except NotThere:
        notebook = host.open(page, f"{name}.ipynb")
    return notebook


def player_of(notebook, page):
    notebook.show(1)
    player = page.locator(".downhill-player")
    player.wait_for()
    page.wait_for_function("document.querySelector('.downhill-player canvas').width > 300")
    return player


def test_saved_state_plays_and_its_start_moves(host, visit):
    page = visit.page
    player = player_of(opened(host, page), page)
    player.get_by_role("slider", name="Step").fill("0")  # where Play begins; it ends after half a minute
    player.get_by_label("speed").select_option("0.25")
    before = player.locator("canvas").first.evaluate("canvas => canvas.toDataURL()")
    player.get_by_role("button", name="Play").click()
    page.wait_for_function(
        "old => document.querySelector('.downhill-player canvas').toDataURL() !== old", arg=before
    )
    player.get_by_role("button", name="Pause").click()
    player.get_by_role("slider", name="lr").press("ArrowRight")
    assert player.locator(".axes .value").first.inner_text() == "0.1"
    old = player.locator("tbody tr td").first.inner_text()
    player.get_by_role("slider", name="Start").press("ArrowLeft")
    assert player.locator("tbody tr td").first.inner_text() != old
    visit.assert_quiet(but=OWN)


def test_keys_stay_in_the_player_and_the_kernel_is_not_asked(host, visit):
    page = visit.page
    frames = []
    page.on("websocket", lambda ws: ws.on("framesent", lambda frame: frames.append(str(frame)[:400])))
    notebook = opened(host, page)
    player_of(notebook, page)  # the saved one is drawn before its cell runs again
    notebook.run()
    player = player_of(notebook, page)
    player.locator(".start").wait_for()
    assert page.locator(".jp-OutputArea-output > img").count() == 0  # the still is for where no widget is

    # A slider's arrows choose a run; the notebook's selection stays and the kernel is not asked.
    page.evaluate("panel.content.activeCellIndex = 1")
    quiet = len(frames)
    slider = player.get_by_role("slider", name="lr")
    for key in ("ArrowDown", "ArrowUp", "ArrowUp", "ArrowDown", "j"):
        slider.press(key)
    assert page.evaluate("panel.content.activeCellIndex") == 1
    assert [frame for frame in frames[quiet:] if "comm_msg" in frame] == []

    # What belongs to the notebook reaches it.
    assert page.evaluate("panel.context.model.dirty")
    slider.press("Control+s")
    page.wait_for_function("!panel.context.model.dirty")

    # The page computes: a moved start asks the kernel nothing either.
    numbers = player.locator("tbody tr td").first
    player.get_by_role("slider", name="Start").press("ArrowLeft")
    assert [frame for frame in frames[quiet:] if "comm_msg" in frame] == []
    start = (round(-1.5 - 2 * 2.048 / 40, 3), 2.0)  # the window's width / 40
    run = descend(rosenbrock, start, adam(lr=0.03, beta1=0.9), 100)
    np.testing.assert_allclose(eval(numbers.inner_text().replace("−", "-")), run.theta[-1], atol=6e-4)
    assert page.evaluate("panel.content.activeCellIndex") == 1
    notebook.close()
    visit.assert_quiet(but=OWN)


def stands(player):
    """Where a player's first slider, its start and its step are."""
    lr = player.locator(".axes .value").first.inner_text()
    return lr, player.locator(".start").get_attribute("aria-valuetext"), player.get_by_role("slider", name="Step").input_value()  # fmt: skip


def test_presets_lead_there_saved_run_and_opened_again(host, visit):
    """As the notebook was saved, after its cell ran, and once more when that was saved, closed and opened."""
    page = visit.page
    notebook = opened(host, page)
    for again in (lambda: None, notebook.run, None):
        if again is None:
            laboratory.wait(page, "() => panel.context.save()")
            notebook.close()
            page.goto("about:blank")
            notebook = opened(host, page)
        else:
            again()
        player = player_of(notebook, page)
        player.get_by_role("slider", name="lr").press("ArrowRight")  # the run is the page's own
        page.evaluate("panel.content.activeCellIndex = 1")
        player.get_by_role("button", name="creep").press("Enter")
        assert stands(player) == ("0.02", "x 1.00, y −0.500", "7")
        player.get_by_role("button", name="the end").click()
        assert stands(player) == ("0.1", "x 1.00, y −0.500", "100")
        assert page.evaluate("panel.content.activeCellIndex") == 1
        assert player.get_by_role("button", name="Link").count() == 0  # it has no address of its own here
    notebook.close()
    visit.assert_quiet(but=OWN)


def test_a_saved_playground_is_alive(host, visit):
    """What is chosen races with no kernel asked; there is no 3-D, whose library is a file of the site."""
    page = visit.page
    player_of(opened(host, page, "playground"), page)
    page.get_by_label("surface", exact=True).select_option("ravine")
    player = page.locator(".downhill-player")
    row = player.locator("tbody tr").nth(1)
    before = row.inner_text()
    player.get_by_role("slider", name="κ").press("ArrowRight")
    assert row.inner_text() != before and player.locator(".axes .value").first.inner_text() == "1000"
    assert player.get_by_role("button", name="3-D").count() == 0
    visit.assert_quiet(but=OWN)


# Under the rules of VS Code, which cannot be started here. They are from the repository microsoft/vscode:
#   src/vs/workbench/contrib/webview/browser/webviewElement.ts and pre/index.html: the frame, of another origin, and
#     what it may do; the theme, a class of the body and variables; keys go from the frame's window to the editor
#   src/vs/workbench/contrib/notebook/browser/view/renderers/backLayerWebView.ts: the page with its style sheet, and
#     its policy where notebook.experimental.enableCsp is set (anywidget imports a blob, which this policy forbids)
#   src/vs/workbench/contrib/notebook/browser/view/renderers/webviewPreloads.ts: the elements around an output
#   extensions/theme-defaults/themes: the colours
# and for WHITE, which its Jupyter extension puts under widgets in every theme, from microsoft/vscode-jupyter:
#   src/webviews/webview-side/ipywidgets/renderer/styles.css, and the light theme's variables from
#   jupyter-widgets/ipywidgets: packages/controls/css/labvariables.css

EDITOR, NOTEBOOK = "http://127.0.0.1:1/", "http://127.0.0.1:2/"  # nobody listens there: Webview answers
THEMES = {  # the editor's background and text
    "vscode-light": ("#ffffff", "#3b3b3b"),
    "vscode-dark": ("#1f1f1f", "#cccccc"),
    "vscode-high-contrast": ("#000000", "#ffffff"),
    "vscode-high-contrast-light vscode-high-contrast": ("#ffffff", "#292929"),
}
ALLOW = "cross-origin-isolated; autoplay; clipboard-read; clipboard-write"
WINDOW = """<!doctype html><style>html, body, iframe {{ margin: 0; border: 0; width: 100%; height: 100%; }}</style>
    <iframe sandbox="allow-scripts allow-same-origin allow-forms allow-pointer-lock allow-downloads"
        allow="{allow}" src="{NOTEBOOK}" title="Notebook"></iframe>"""
# VS Code's also has 'unsafe-eval'; the player needs none.
POLICY = """default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline';
    img-src 'self' https: http: data:; font-src 'self' https:; connect-src https:; child-src https: data:"""
LOOK = """
    @layer vscode-default {
        body { margin: 0; padding: 0 20px; background: transparent; color: var(--vscode-editor-foreground);
            font: var(--vscode-font-weight) var(--vscode-font-size) var(--vscode-font-family); }
        :is(a, input, select, textarea):focus { outline: 1px solid -webkit-focus-ring-color; outline-offset: -1px; }
    }
    body { padding: 0; width: 100%; height: 100%; overflow: hidden; }
    #container { position: absolute; top: 0; width: 100%; }
    #container .output { width: calc(100% - 60px); margin-left: 44px; padding: 8px; box-sizing: border-box; overflow-x: auto; }
    table, thead, tbody, tr, th, td { border: none; border-spacing: 0; border-collapse: collapse; }
    table, tr, th { text-align: right; vertical-align: middle; }
    thead { font-weight: bold; background: rgba(130, 130, 130, 0.16); }
    th, td { padding: 4px 8px; }
    tr:nth-child(even) { background: rgba(130, 130, 130, 0.08); }
    tbody th { font-weight: normal; }"""
WHITE = """:root { --jp-layout-color0: white; --jp-ui-font-color1: rgba(0, 0, 0, 0.8);
        --jp-ui-font-color2: rgba(0, 0, 0, 0.5); --jp-border-color2: #e0e0e0;
        --jp-ui-font-family: 'Helvetica Neue', Helvetica, Arial, sans-serif; }
    .cell-output-ipywidget-background { background: white !important; }"""
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Notebook</title><style>{style}</style><body>
    <script>addEventListener("securitypolicyviolation",
        (event) => console.error("policy", event.effectiveDirective, event.blockedURI));</script>
    <div id="container">
        <div class="cell_container"><div class="output_container"><div class="output" id="other">
            <h1>Another output</h1><p>Text, <a href="#other">a link</a> and <code>code</code></p>
            <table><thead><tr><th>a</th></tr></thead><tbody><tr><td>1</td></tr><tr><td>2</td></tr></tbody></table>
            <button>b</button><input type="range" aria-label="r"><select aria-label="s"><option>o</select>
        </div></div></div>
        <div class="cell_container"><div class="output_container"><div class="output">
            <div class="cell-output-ipywidget-background" id="host"></div>
        </div></div></div>
    </div>"""
THEME = """([theme, background, text]) => {
    document.body.className = theme;
    document.body.dataset.vscodeThemeKind = theme.split(' ')[0];
    const values = { 'editor-background': background, 'editor-foreground': text, foreground: text,
        'font-family': 'system-ui, sans-serif', 'font-weight': 'normal', 'font-size': '13px' };
    for (const [name, value] of Object.entries(values)) document.documentElement.style.setProperty(`--vscode-${name}`, value);
}"""


class Webview(Screen):
    """A notebook's outputs in VS Code; without a player until there is one to `mount`."""

    def __init__(self, visit, allow=ALLOW, style=""):
        self.window = visit.page
        self.window.set_viewport_size({"width": 1280, "height": 1300})

        def answer(route, request):
            if request.url == EDITOR:
                body = WINDOW.format(allow=allow, NOTEBOOK=NOTEBOOK)
                route.fulfill(body=body, content_type="text/html")
            elif request.url == f"{NOTEBOOK}player.js":
                route.fulfill(body=str(Player._esm), content_type="text/javascript")
            else:
                policy = {"Content-Security-Policy": " ".join(POLICY.split())}
                route.fulfill(body=PAGE.format(style=LOOK + style), content_type="text/html", headers=policy)

        for origin in (EDITOR, NOTEBOOK):
            visit.page.route(f"{origin}**", answer)
        visit.page.goto(EDITOR)
        (self.page,) = visit.page.main_frame.child_frames

    def theme(self, name):
        background, text = THEMES[name]
        self.window.evaluate("color => (document.body.style.background = color)", background)
        self.page.evaluate(THEME, [name, background, text])

    def mount(self, player):
        super().mount(self.page, player, f"{NOTEBOOK}player.js")

    def until(self, condition, value=None):
        """As wait_for_function, which evaluates a text where the policy allows none."""
        turn = f"while (!({condition})) await new Promise(requestAnimationFrame);"
        laboratory.wait(self.page, f"async (value) => {{ {turn} }}", value)

    def wait_for_other(self, picture):
        self.until("document.querySelector('.paths').toDataURL() !== value", picture)

    def saved(self, kind):
        with self.window.expect_download() as download:
            self.button(f"Save the picture as {kind}").click()
        with open(download.value.path(), "rb") as file:
            return file.read()


def color(picture, at=(1, 1)):
    return "#{:02x}{:02x}{:02x}".format(*Image.open(io.BytesIO(picture)).convert("RGB").getpixel(at))


@pytest.mark.parametrize(("theme", "white"), [*((theme, False) for theme in THEMES), ("vscode-dark", True)])
def test_in_a_webview_it_looks_like_the_editor_and_plays(visit, grid, theme, white):
    on = Webview(visit, style=WHITE if white else "")
    on.theme(theme)
    on.mount(grid)
    ground = "#ffffff" if white else THEMES[theme][0]
    assert color(on.saved("PNG")) == color(on.root.screenshot()) == ground
    assert ("dark" in on.root.get_attribute("class").split()) == (ground != "#ffffff")
    on.saved("SVG")

    on.scrub.fill("0")  # where Play begins; it ends after half a minute
    on.root.get_by_label("speed").select_option("0.25")
    before = on.picture()
    on.button("Play").click()
    on.wait_for_other(before)
    on.button("Pause").click()
    slider = on.root.get_by_role("slider", name="lr")
    for key in ("ArrowDown", "ArrowUp", "ArrowUp"):
        slider.press(key)
    assert on.root.locator(".axes .value").first.inner_text() == "0.1"
    assert on.page.evaluate("keys") == []  # the editor would move to the next cell
    old = on.row()
    on.start.press("ArrowLeft")
    assert on.row() != old
    visit.assert_quiet()


@pytest.mark.parametrize(("theme", "style"), [*((theme, "") for theme in THEMES), ("vscode-dark", WHITE)])
def test_axe_finds_nothing_in_a_webview(visit, grid, theme, style):
    on = Webview(visit, style=style)
    on.theme(theme)
    on.mount(grid)
    on.button("Keep to compare").click()
    on.until("document.querySelector('.status').textContent")
    # axe sees neither the editor behind the frame nor what is in a body without height.
    ground = f"height: 100%; background: {THEMES[theme][0]}"
    on.page.evaluate("ground => (document.documentElement.style.cssText += ground)", ground)
    results = Axe().run(on.page, context=".downhill-player")
    assert results.violations_count == 0, results.generate_report()


def test_it_heeds_the_editors_reduced_motion(visit, race):
    on = Webview(visit)
    on.theme("vscode-dark")
    on.page.evaluate("document.body.classList.add('vscode-reduce-motion')")
    on.mount(race)
    on.button("Play").click()
    assert "whole steps" in on.status.inner_text()
    visit.assert_quiet()


def test_it_follows_the_editors_theme(visit, race):
    on = Webview(visit)
    on.theme("vscode-light")
    on.mount(race)
    light = on.picture()
    on.theme("vscode-dark")
    on.page.wait_for_selector(".downhill-player.dark")
    assert on.picture() != light
    assert color(on.saved("PNG")) == THEMES["vscode-dark"][0]
    on.theme("vscode-light")
    on.page.wait_for_selector(".downhill-player:not(.dark)")
    assert on.picture() == light
    visit.assert_quiet()


STYLES = """() => [...document.querySelectorAll('html, body, #other, #other *')].map((element) => {
    const style = getComputedStyle(element);
    return [element.tagName, Object.fromEntries([...style].map((name) => [name, style.getPropertyValue(name)]))];
})"""


def test_what_is_around_it_looks_as_before(visit, race):
    on = Webview(visit)
    on.theme("vscode-dark")
    before = on.page.evaluate(STYLES)
    on.mount(race)
    for (tag, old), (_, new) in zip(before, on.page.evaluate(STYLES), strict=True):
        assert json.dumps(new) == json.dumps(old), f"{tag} looks otherwise"
    visit.assert_quiet()


def test_a_refused_clipboard_shows_the_line(visit, race):
    on = Webview(visit, allow="cross-origin-isolated; autoplay")  # VS Code in Firefox
    on.theme("vscode-dark")
    on.mount(race)
    on.page.evaluate("document.execCommand = () => false")
    on.button("Copy code").click()
    on.until("document.querySelector('.status').textContent.includes('descend(booth')")
    assert not on.status.inner_text().startswith("Copied") and on.root.locator("textarea").count() == 0
    visit.assert_quiet(but=[said for said in visit.complaints if "Clipboard API has been blocked" in said])


@pytest.mark.parametrize("allowed", [False, True])
def test_full_screen_is_offered_where_it_is_allowed(visit, race, allowed):
    on = Webview(visit, allow=f"{ALLOW}; fullscreen" if allowed else ALLOW)
    on.mount(race)
    assert on.button("Full screen").is_visible() == allowed
    visit.assert_quiet()
