"""What a question of an exam is made of: words, an answer that the library computed, the way, a picture."""

import base64
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import matplotlib.pyplot as plt
import numpy as np

from lib.descend import descend
from lib.engine import Optimizer
from lib.surfaces import Surface

Rng = np.random.Generator
KINDS = {"arithmetic": "by hand", "picture": "from a picture", "bug": "find the bug", "derive": "derive"}


@dataclass(frozen=True)
class Asked:
    """A question with its numbers: what the paper prints, and what the key does.

    `agree` holds pairs (by hand, by the library), which have to be equal to a part `within`.
    """

    text: str
    answer: str
    way: str
    agree: Sequence[tuple[Any, Any]] = field(default=(), compare=False)
    within: float = 1e-9
    picture: str = ""


@dataclass(frozen=True)
class Question:
    """A question without its numbers."""

    chapter: str
    kind: str
    points: int
    ask: Callable[[Rng], Asked] = field(repr=False)

    @property
    def name(self) -> str:
        return self.ask.__name__


KNOWN: list[Question] = []


def question(chapter: str, kind: str, points: int) -> Callable[[Callable[[Rng], Asked]], Any]:
    """Put a function from random numbers to a question into the bank (`questions.BANK`)."""

    def put(ask: Callable[[Rng], Asked]) -> Callable[[Rng], Asked]:
        KNOWN.append(Question(chapter, kind, points, ask))
        return ask

    return put


def pick(rng: Rng, *options: Any) -> Any:
    """One of the options, each as likely as another."""
    return options[int(rng.integers(len(options)))]


def num(value: Any, digits: int = 4) -> str:
    """A number as print has it, or a list of such.

    >>> num(-0.123456), num([1.0, 2.5]), num(12000.0), num(1e-5)
    ('−0.1235', '1, 2.5', '12000', '0.00001')
    """
    if np.ndim(value):
        return ", ".join(num(v, digits) for v in np.ravel(value))
    text = np.format_float_positional(float(value), digits, unique=True, fractional=False, trim="-")
    return text.replace("-", "−")


def walk(opt: Optimizer, start: Any, gradients: Any, **state: Any) -> np.ndarray:
    """The points of a rule that is given these gradients, the start among them."""
    theta = np.array(start, float)
    now, points = opt.init(theta) | state, [theta.copy()]
    for g in gradients:
        opt.step(theta, np.array(g, float), now)
        points.append(theta.copy())
    return np.array(points)


def run(surface: Surface, start: Any, opt: Optimizer, steps: int) -> np.ndarray:
    """The points of a run: (steps + 1, d)."""
    return np.asarray(descend(surface, start, opt, steps).theta.values)


def noisy(opt: Optimizer, curvature: float, sigma: float, start: float, steps: int) -> np.ndarray:
    """The points of 400 runs on ½λx² whose gradients have noise of their own: (steps + 1, 400)."""
    x, noise = np.full((1, 400), start), np.random.default_rng(0)
    state, points = opt.init(x), [x[0].copy()]
    for _ in range(steps):
        opt.step(x, curvature * x + sigma * noise.normal(size=x.shape), state)
        points.append(x[0].copy())
    return np.array(points)


def drawn(draw: Callable[[Any], None], size: tuple[float, float] = (6.2, 2.6)) -> str:
    """What `draw` puts on axes, as the address of an SVG that is its own data: the same each time."""
    with plt.style.context("lib.downhill"), plt.rc_context({"svg.hashsalt": "exam"}):
        figure, ax = plt.subplots(figsize=size)
        draw(ax)
        file = io.BytesIO()
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
        plt.close(figure)
    return "data:image/svg+xml;base64," + base64.b64encode(file.getvalue()).decode()


LOOKS = [
    {"color": "#000000", "linestyle": "-"},
    {"color": "#0072B2", "linestyle": "--"},
    {"color": "#D55E00", "linestyle": ":"},
    {"color": "#009E73", "linestyle": "-."},
]  # told apart in grey too


def match(rng: Rng, curves: dict[str, Any], text: str, way: str, log: bool = False, **labels: Any) -> Asked:
    """Which curve is which? Curves come in an order of chance, as A, B, C; names in that of the text."""
    names = list(curves)
    order = [names[i] for i in rng.permutation(len(names))]
    letters = dict(zip(order, "ABCD", strict=False))

    def draw(ax: Any) -> None:
        for name, look in zip(order, LOOKS, strict=False):
            x, y = (
                curves[name] if isinstance(curves[name], tuple) else (range(len(curves[name])), curves[name])
            )
            ax.plot(x, y, label=letters[name], lw=1.8, **look)
        if log:
            ax.set_yscale("log")
        ax.set(**labels)
        ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))

    listed = "; ".join(names)
    answer = ", ".join(f"{letter} is {name}" for name, letter in letters.items())
    which = ", ".join(sorted(letters.values()))
    text = f"{text} Which of {which} is which of: {listed}? Give one reason for each, in half a sentence."
    return Asked(text, answer, way, picture=drawn(draw))


def faulty(
    rng: Rng,
    what: str,
    code: str,
    faults: Sequence[tuple[str, str, str]],
    given: dict[str, Any],
    true: Any,
    rule: str,
) -> Asked:
    """Code of a rule with one line made wrong, and what it returns; which line, and what would be right?

    `code` defines `steps`; each fault is (line, instead, why). `given` is what `steps` is called with, `true`
    what the library's rule answers.
    """
    for old, new, _ in faults:
        if code.count(old) != 1 or new == old:
            raise ValueError(f"{old!r} has to stand in the code, once")
    right = called(code, given)
    telling = [f for f in faults if num(called(code.replace(*f[:2]), given)) != num(right)]
    old, new, why = telling[int(rng.integers(len(telling)))]
    broken = code.replace(old, new)
    wrong = called(broken, given)
    line = next(
        i for i, (a, b) in enumerate(zip(code.splitlines(), broken.splitlines(), strict=True), 1) if a != b
    )
    call = ", ".join(f"{name}={value!r}" for name, value in given.items())
    text = (
        f"This should be {what}: {rule}. One line is wrong.\n\n```\n{numbered(broken)}\n```\n\n"
        f"`steps({call})` returns {num(wrong)}. Which line is it, what should it be, and what does "
        "the call return then?"
    )
    fixed = code.splitlines()[line - 1].strip()
    return Asked(text, f"Line {line}: `{fixed}`. Then it returns {num(right)}.", why, [(right, true)], 1e-6)


def numbered(code: str) -> str:
    return "\n".join(f"{i:2}  {line}" for i, line in enumerate(code.splitlines(), 1))


def called(code: str, given: dict[str, Any]) -> Any:
    """What `steps` of this code returns."""
    space: dict[str, Any] = {}
    exec(code, space)
    return space["steps"](**given)
