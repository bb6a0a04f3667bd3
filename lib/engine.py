"""From a rule to an optimizer: `@optimizer` gives a pure function `init` and `step`.

A rule is written once, as in its paper: parameters, gradient, step number, then the state by name;
hyperparameters follow by keyword. Its signature is its only declaration.

>>> @optimizer
... def momentum(theta, g, t, v, *, lr, beta=0.9):
...     v = beta * v + g
...     return theta - lr * v, v
>>> opt = momentum(lr=0.1)
>>> theta = np.array([1.0])
>>> state = opt.init(theta)
>>> opt.step(theta, np.array([0.5]), state)
>>> theta, state
(array([0.95]), {'t': 1, 'v': array([0.5])})

This module knows no rule by name. What may change here: how a rule is fed and cut into blocks. What may
not: a result, to the last bit. What a reader may give, and the messages, are in `checks.py`. NumPy only.

A rule of a reader's may also work in place (`theta -= lr * g`), write by masks, or hand out one buffer: it is
given copies, and what it returns is copied and looked at before anything is written.
"""

import ast
import difflib
import importlib
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import prod
from types import EllipsisType
from typing import Any

import numpy as np

from lib.checks import (
    REQUIRED,
    Array,
    Parameters,
    as_array,
    as_gradient,
    broadcasts,
    check,
    check_apart,
    check_parameters,
    owner,
    pickled_by_name,
    show,
)

State = dict[str, Any]
Block = tuple[slice, ...] | EllipsisType
Shapes = Mapping[str, Callable[[int, int], tuple[int, int]]]

BLOCK = 2**15
"""Elements that `step` works on at once: few enough that a rule's intermediate arrays stay in cache."""

# A rule makes and drops arrays of a block's size. glibc gives such memory back to the system each time, and
# the next array pays for its pages again: half of a step or more. It learns to keep whatever is smaller than
# the largest array freed so far (mallopt(3), M_MMAP_THRESHOLD): here is one, none of its pages is touched.
np.empty(2**25 - 2**16, np.uint8)

WRITTEN = "a rule is written (theta, g, t, its slots, *, its hyperparameters)"

ARRAYS = (
    "A rule is given arrays, one number for each parameter: write np.sqrt(g) instead of math.sqrt(g), and "
    "np.where(g > 0, this, that) instead of if"
)

RAISES = """Raises
------
TypeError, ValueError
    When a hyperparameter is unknown, missing or out of its range, when theta is not made of floats, g is
    of another shape, or a state is not this rule's. Nothing has then changed. See `Optimizer.step`."""


def optimizer(
    rule: Callable[..., Any] | None = None,
    *,
    elementwise: bool = True,
    matrix: bool = False,
    shapes: Shapes | None = None,
) -> Any:
    """Make an `Optimizer` of the rule below this decorator.

    Parameters
    ----------
    elementwise : False for a rule whose parts mix coordinates, such as a norm over them: it gets the whole
        array (d, *runs), never a block of it, and an array of a dict as one long vector.
    matrix : True for a rule that steps matrices: it gets each array as it is, (rows, columns); no runs.
    shapes : for slots of a matrix rule that are not of its shape, a function (rows, columns) ↦ shape.

    Raises
    ------
    TypeError
        When the rule is no function, or its signature is not (theta, g, t, slots, *, hyperparameters).
    ValueError
        When a hyperparameter's default is not allowed. Which values a name may have is in `checks.ALLOWED`;
        a name of the rule's own may be any finite number.
    """
    if rule is None:
        return lambda rule: Optimizer(rule, elementwise, matrix, shapes)
    return Optimizer(rule, elementwise, matrix, shapes)


class Optimizer:
    """A rule with its hyperparameters.

    `opt(lr=0.1)` is the same rule with other hyperparameters; `opt.init(theta)` makes its state, and
    `opt.step(theta, g, state)` takes one step in place.

    Parameters are a float array of shape (d, *runs), coordinates first, or a dict of float arrays. A
    hyperparameter is a number, an array that broadcasts to the runs, or a schedule: a function of the
    step number t (the first step is t = 1).

    Attributes
    ----------
    name : str
        The rule's name.
    slots : tuple of str
        The names of the state's arrays, each of the shape of the parameters unless `shapes` says otherwise.
    hyperparameters : dict
        Name to value; `REQUIRED` where one has to be given.
    """

    def __init__(
        self,
        rule: Callable[..., Any],
        elementwise: bool = True,
        matrix: bool = False,
        shapes: Shapes | None = None,
    ) -> None:
        name = getattr(rule, "__name__", repr(rule))
        try:
            signature = inspect.signature(rule)
        except (TypeError, ValueError):
            raise TypeError(f"{name} is no function that a rule can be read from: {WRITTEN}") from None
        parameters = signature.parameters.values()
        positional = [
            p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD and p.default is p.empty
        ]
        keyword = {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}
        if positional[:3] != ["theta", "g", "t"] or len(positional) + len(keyword) != len(parameters):
            raise TypeError(f"{name}{signature}: {WRITTEN}")
        self.rule = rule
        self.elementwise = elementwise and not matrix
        self.matrix = matrix
        self.shapes = shapes or {}
        self.clips: tuple[Callable[..., list[Array]], ...] = ()  # what wraps the gradient, see wrappers.py
        self.made_by: Any = None  # the wrapper and what it was given: what a pickle holds
        self.name = name
        self.slots = tuple(positional[3:])
        self.hyperparameters: dict[str, Any] = keyword
        for key, default in keyword.items():
            if default is not REQUIRED:
                value = accepted(key, default)
                keyword[key] = value if np.ndim(value) else default  # a list becomes an array
        self.own = not str(rule.__module__).startswith(f"{__package__}.")  # a reader's: see `called`
        self.__doc__ = f"{inspect.cleandoc(rule.__doc__ or rule.__name__)}\n\n{RAISES}"
        self.__module__ = rule.__module__
        self.__wrapped__ = rule  # help, doctest and inspect.getsource find the rule behind it

    def __call__(self, *positional: Any, **hyperparameters: Any) -> "Optimizer":
        """The same rule with these hyperparameters instead of its own."""
        if positional:
            raise TypeError(f"{self.name} takes its hyperparameters by name: {self._example()}")
        made = object.__new__(Optimizer)
        made.__dict__.update(self.__dict__)
        made.hyperparameters = dict(self.hyperparameters)
        for name, value in hyperparameters.items():
            if name not in self.hyperparameters:
                raise TypeError(self._unknown(name))
            made.hyperparameters[name] = accepted(name, value)
        return made

    def __reduce_ex__(self, protocol: Any) -> Any:
        """A pickle has the name of the rule, or of the wrapper and its rule: functions are not in it."""
        given = {name: value for name, value in self.hyperparameters.items() if value is not REQUIRED}
        if self.made_by:
            return _wrapped, (*self.made_by, given)
        module, name = self.rule.__module__, self.rule.__name__
        named = getattr(sys.modules.get(module), name, None)
        if isinstance(named, Optimizer) and named.rule is self.rule and module != "__main__":
            return _by_name, (module, name, given)
        pickled_by_name(self.rule)  # a worker may not have this __main__: what pickles by value does so here
        return super().__reduce_ex__(protocol)

    def __repr__(self) -> str:
        given = ", ".join(
            f"{name}={show(value)}" for name, value in self.hyperparameters.items() if value is not REQUIRED
        )
        return f"{self.name}({given})"

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.Signature(
            [
                inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=value)
                for name, value in self.hyperparameters.items()
            ]
        )

    @property
    def source(self) -> str:
        """The rule's text as it runs, without its docstring: what a chapter prints."""
        text = textwrap.dedent(inspect.getsource(self.rule))
        function = ast.parse(text).body[0]
        assert isinstance(function, ast.FunctionDef)
        lines = text.splitlines()
        if ast.get_docstring(function) is not None:
            del lines[function.body[0].lineno - 1 : function.body[0].end_lineno]
        return "\n".join(lines)

    def init(self, theta: Parameters) -> State:
        """The state before the first step: t = 0, and zeros for every slot.

        Raises
        ------
        TypeError
            When `theta` is not a float array or a dict of float arrays. float16 is refused: most steps are
            lost beside a parameter, most squares of gradients are 0, and the run stands still or is NaN with
            no word said. Keep float32, and round a copy of it.
        ValueError
            When `theta` is read-only, or the rule steps matrices and `theta` is none.
        """
        check_parameters(theta)

        def zeros(slot: str, leaf: Array, of: str) -> Array:
            shape = self._shape(slot, leaf, of)
            return np.zeros_like(leaf, subok=False) if shape == leaf.shape else np.zeros(shape, leaf.dtype)

        state: State = {"t": 0}
        for slot in self.slots:
            if isinstance(theta, dict):
                state[slot] = {key: zeros(slot, leaf, f"[{key!r}]") for key, leaf in theta.items()}
            else:
                state[slot] = zeros(slot, theta, "")
        return state

    def step(self, theta: Parameters, g: Any, state: State) -> None:
        """Take one step: change `theta` and `state` in place.

        When an error is raised, nothing has changed: what is given is checked first, and of a reader's rule
        all that it returns, before anything is written. NumPy's floating-point errors are put aside for a
        step (`np.seterr(all="raise")` would leave it half taken): what overflows shows in `theta`, as inf
        or NaN.

        Parameters
        ----------
        theta : float array of shape (d, *runs), or dict of float arrays
        g : the gradient, of the same shape or with the same keys
        state : what `init` made, as the last step left it

        Raises
        ------
        TypeError, ValueError
            When `theta` is not made of floats or is read-only, `g` has another shape, `state` is not this
            rule's, arrays of the two look into the same memory, a hyperparameter is missing, out of its range
            or does not broadcast to the runs, or the rule returns something else than it should.
        """
        check_parameters(theta)
        self.check_state(state, theta)
        with np.errstate(all="ignore"):
            self.advance(theta, g, state)

    def advance(self, theta: Parameters, g: Any, state: State) -> None:
        """`step` for a loop that made `theta` and `state` itself: these two are not checked again."""
        t = int(state["t"]) + 1
        runs = () if isinstance(theta, dict) or self.matrix else theta.shape[1:]
        if isinstance(theta, dict):
            if not isinstance(g, Mapping) or g.keys() != theta.keys():
                has = (
                    f"has {', '.join(map(repr, g))}" if isinstance(g, Mapping) else f"is a {type(g).__name__}"
                )
                raise ValueError(
                    f"theta has the keys {', '.join(map(repr, theta))}, so g needs them; it {has}"
                )
            leaves = [[leaf, *(state[slot][key] for slot in self.slots)] for key, leaf in theta.items()]
        else:
            leaves = [[theta, *(state[slot] for slot in self.slots)]]
        owners = {id(owner(array)) for leaf in leaves for array in leaf}
        if len(owners) < len(leaves) * len(leaves[0] if leaves else ()):
            check_apart(self._names(theta, leaves))
        if isinstance(theta, dict):
            gradients = [as_gradient(g[key], leaf, owners, f" of {key!r}") for key, leaf in theta.items()]
        else:
            gradients = [as_gradient(g, theta, owners)]
        hyperparameters = self.values(t, runs, theta)
        for clip in self.clips:
            gradients = clip(gradients, runs)
        long = isinstance(theta, dict) and not self.matrix
        later: list[tuple[Array, Array]] = []  # of a reader's rule, written when all of it is there
        for (leaf, *slots), gradient in zip(leaves, gradients, strict=True):
            self._update(leaf, gradient, float(t), slots, hyperparameters, long, later)
        for part, value in later:
            part[...] = value
        state["t"] = t

    def run(self, *what: Any) -> bool:
        """All steps of `descend` at once: False, it has to take them one by one. Compiled rules can."""
        return False

    def values(self, t: int, runs: tuple[int, ...] = (), theta: Parameters | None = None) -> dict[str, Any]:
        """The hyperparameters at step `t`, checked: floats, or arrays that broadcast to `runs`.

        An eps of 0 is the smallest normal number of the type of `theta`, float64's without one; see
        `checks.ALLOWED`.
        """
        now = {}
        for name, value in self.hyperparameters.items():
            if value is REQUIRED:
                raise TypeError(f"{self.name} needs {name}, which has no default: {self._example()}")
            if callable(value):
                try:
                    value = value(t)
                except Exception as error:
                    words = f"{name} is {show(self.hyperparameters[name])}, which fails at t = {t}: {error}"
                    raise ValueError(words) from error
                value = check(name, value, f" at t = {t}")
            if isinstance(value, np.ndarray) and not broadcasts(value.shape, runs):
                if self.matrix:
                    raise ValueError(
                        f"{name} has shape {value.shape}; {self.name} steps matrices, which have no runs: "
                        f"give {name} a number"
                    )
                raise ValueError(
                    f"{name} has shape {value.shape}, which does not broadcast to the runs {runs}. "
                    f"theta has shape (d, *runs): give {name} a number, or theta more runs"
                )
            if name == "eps" and not (value.all() if isinstance(value, np.ndarray) else value):
                leaves = theta.values() if isinstance(theta, dict) else () if theta is None else (theta,)
                smallest = max((np.finfo(leaf.dtype).tiny for leaf in leaves), default=np.finfo(float).tiny)
                smallest = smallest.item()
                value = np.where(value == 0, smallest, value) if np.ndim(value) else smallest
            now[name] = value
        return now

    def check_state(self, state: State, theta: Parameters) -> None:
        """Raise unless `state` is one of this rule for parameters like `theta`."""
        if not isinstance(state, dict) or state.keys() != {"t", *self.slots}:
            has = ", ".join(map(str, state)) if isinstance(state, dict) else repr(state)
            raise ValueError(
                f"{self.name} keeps a state of {', '.join(('t', *self.slots))}; this one has {has}. "
                f"A state belongs to its rule: make one with {self.name}.init(theta)"
            )
        if not isinstance(state["t"], int | np.integer) or not 0 <= state["t"] < 2**53:
            raise ValueError(f"the state's t is {state['t']!r}; it counts the steps taken, 0 at first")
        for slot in self.slots:
            if isinstance(theta, dict):
                needed: Any = {key: self._shape(slot, leaf, f"[{key!r}]") for key, leaf in theta.items()}
            else:
                needed = self._shape(slot, theta, "")
            has = state[slot]
            found = (
                {key: as_array(leaf).shape for key, leaf in has.items()}
                if isinstance(has, dict)
                else as_array(has).shape
            )
            if found != needed:
                raise ValueError(
                    f"the state's {slot} has shape {found}, for theta it is {needed}. "
                    f"A state belongs to its parameters: make one with {self.name}.init(theta)"
                )
            check_parameters(has, f"state[{slot!r}]")

    def _update(
        self,
        theta: Array,
        g: Array,
        t: float,
        slots: list[Array],
        hyperparameters: dict[str, Any],
        long: bool,
        later: list[tuple[Array, Array]],
    ) -> None:
        """Step in blocks; what a reader's rule returns is left for `later`."""
        flat = long and not self.elementwise
        for block in blocks(theta.shape) if self.elementwise else [...]:
            parts, here = [theta, g, *slots], hyperparameters
            if block is not ...:
                parts = [array[block] for array in parts]
                here = {name: cut(value, block, theta.ndim) for name, value in hyperparameters.items()}
            old = [parts[0], *parts[2:]]
            if flat:
                parts = [part.reshape(-1) for part in parts]
            new = self.called(parts[0], parts[1], t, parts[2:], here)
            for part, value in zip(old, new, strict=True):
                value = value.reshape(part.shape) if flat else value
                if self.own:
                    later.append((part, value))
                else:
                    part[...] = value

    def called(
        self, theta: Array, g: Array, t: float, slots: Sequence[Array], given: dict[str, Any]
    ) -> Sequence[Array]:
        """What the rule returns for these: θ, then the slots.

        A reader's rule is given copies, to do with as it likes; what it returns has to fit, and is copied,
        for it may hand out one buffer. Those of this library need neither: a test sees to it.
        """
        old = [theta, *slots]
        if not self.own or not isinstance(theta, np.ndarray):  # of symbols (tape.py) nothing can be changed
            new = self.rule(theta, g, t, *slots, **given)
            return new if isinstance(new, tuple) else (new,)
        theta, g, *slots = (np.array(array) for array in (theta, g, *slots))
        given = {name: np.array(x) if isinstance(x, np.ndarray) else x for name, x in given.items()}
        try:
            new = self.rule(theta, g, t, *slots, **given)
        except (TypeError, ValueError) as error:  # mostly of a function of one number that is given arrays
            raise TypeError(f"{self.name} raised {type(error).__name__}: {error}. {ARRAYS}") from error
        new = new if isinstance(new, tuple) else (new,)
        names = ("theta", *self.slots)
        wanted = f"a rule returns {', '.join(names)}"
        if len(new) != len(old):
            raise ValueError(f"{self.name} returned {len(new)} arrays; {wanted}")
        arrays = []
        for name, value, part in zip(names, new, old, strict=True):
            array = as_array(value)
            if array.shape != part.shape or array.dtype.kind not in "fiu":
                raise ValueError(
                    f"{self.name} returned as {name} {_kind(value, array)}, where it was given one of shape "
                    f"{part.shape}; {wanted}, each of the shape it had, of floats"
                )
            arrays.append(np.array(array, part.dtype))
        return arrays

    def _names(self, theta: Parameters, leaves: list[list[Array]]) -> Iterator[tuple[str, Array]]:
        """Every array that a step writes to, and what it is called."""
        keys = [f"[{key!r}]" for key in theta] if isinstance(theta, dict) else [""]
        for key, leaf in zip(keys, leaves, strict=True):
            for name, array in zip(
                ["theta", *(f"state[{slot!r}]" for slot in self.slots)], leaf, strict=True
            ):
                yield f"{name}{key}", array

    def _shape(self, slot: str, leaf: Array, of: str) -> tuple[int, ...]:
        """The shape of a slot for these parameters."""
        if not self.matrix:
            return leaf.shape
        if leaf.ndim != 2:
            raise ValueError(
                f"{self.name} steps matrices; theta{of} has shape {leaf.shape}. Give it (rows, columns), and "
                "step vectors with another rule"
            )
        rows, columns = leaf.shape
        return self.shapes[slot](rows, columns) if slot in self.shapes else leaf.shape

    def _unknown(self, name: str) -> str:
        near = difflib.get_close_matches(name, self.hyperparameters, n=1, cutoff=0.3)
        return f"{self.name} has no hyperparameter {name!r}; it has {', '.join(self.hyperparameters)}." + (
            f" Did you mean {near[0]}?" if near else ""
        )

    def _example(self) -> str:
        needed = [name for name, value in self.hyperparameters.items() if value is REQUIRED] or ["lr"]
        return f"{self.name}({', '.join(f'{name}=0.1' for name in needed)})"


def accepted(name: str, value: Any) -> Any:
    """A hyperparameter as an optimizer keeps it: a number as given, an array of floats, or a schedule."""
    if not callable(value):
        return check(name, value)
    try:
        inspect.signature(value).bind(1)
    except ValueError:  # some functions written in C do not tell theirs
        pass
    except TypeError:
        raise TypeError(
            f"{name} is {show(value)}, which cannot be called with one number; a schedule is a function of "
            "the step number t alone: lambda t: 0.1 / t"
        ) from None
    return value


def _kind(value: Any, array: Array) -> str:
    """What a rule returned in the place of an array."""
    plain = isinstance(value, np.ndarray) and array.dtype != object
    return (
        f"an array of shape {array.shape} and dtype {array.dtype}" if plain else f"a {type(value).__name__}"
    )


def _by_name(module: str, name: str, hyperparameters: dict[str, Any]) -> Optimizer:
    """What a pickle stands for."""
    return getattr(importlib.import_module(module), name)(**hyperparameters)


def _wrapped(wrapper: Callable[..., Optimizer], inside: Any, named: Any, given: dict[str, Any]) -> Optimizer:
    made = wrapper(*inside, **named)
    made.hyperparameters |= given
    return made


def blocks(shape: tuple[int, ...]) -> Iterator[Block]:
    """Index an array in pieces of at most BLOCK elements, each contiguous when the array is."""
    if prod(shape) <= BLOCK:
        yield ...
        return
    axis, inner = len(shape) - 1, 1
    while inner * shape[axis] <= BLOCK:
        inner *= shape[axis]
        axis -= 1
    pieces = -(-shape[axis] // max(1, BLOCK // inner))
    rows = -(-shape[axis] // pieces)
    for outer in np.ndindex(shape[:axis]):
        head = tuple(slice(i, i + 1) for i in outer)
        for first in range(0, shape[axis], rows):
            yield (*head, slice(first, first + rows))


def cut(value: Any, block: Block, ndim: int) -> Any:
    """The part of a hyperparameter that belongs to a block of the parameters."""
    if block is ... or not isinstance(value, np.ndarray):
        return value
    value = value.reshape((1,) * (ndim - value.ndim) + value.shape)
    return value[tuple(slice(None) if n == 1 else s for s, n in zip(block, value.shape, strict=False))]
