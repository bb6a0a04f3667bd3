"""What goes around a rule: clipping of its gradient, and Lookahead.

Each takes an optimizer and returns one, with the same `init`, `step` and hyperparameters:

>>> from lib.optimizers import adam
>>> clip_by_norm(adam(lr=0.1), 1.0)
clip_by_norm(adam, 1.0)(lr=0.1, beta1=0.9, beta2=0.999, eps=1e-08)
"""

from inspect import Parameter, Signature
from typing import Any

import numpy as np

from lib.checks import Array, as_array
from lib.engine import Optimizer


def clip_by_norm(inner: Optimizer, largest: float) -> Optimizer:
    """Shorten a gradient that is longer than `largest` to that length (Pascanu et al. 2013, Algorithm 1).

        g ← g·min(1, largest/‖g‖)

    The norm is over all parameters: over the coordinates of each run, over all arrays of a dict.

    Parameters
    ----------
    inner : the optimizer that gets the clipped gradient
    largest : > 0 and finite, in units of the gradient

    Raises
    ------
    TypeError, ValueError
        When `inner` is no optimizer, or `largest` is not such a number.

    Notes
    -----
    `optax.clip_by_global_norm` is this; `torch.nn.utils.clip_grad_norm_` divides by ‖g‖ + 1e-6 instead.

    Examples
    --------
    >>> from lib.optimizers import gd
    >>> theta, opt = np.zeros(2), clip_by_norm(gd(lr=1.0), 1.0)
    >>> opt.step(theta, np.array([30.0, 40.0]), opt.init(theta))
    >>> theta
    array([-0.6, -0.8])
    """

    def clip(gradients: list[Array], runs: tuple[int, ...]) -> list[Array]:
        axis = 0 if runs else None
        top = [np.max(np.abs(g), axis=axis, initial=0) for g in gradients]
        unit: Any = 0.0
        for t in top:
            unit = np.maximum(unit, np.where(t < np.inf, t, 0))
        unit = np.where(unit > 0, unit, 1)  # in this unit no square overflows
        length = np.sqrt(sum(np.sum((g / unit) ** 2, axis=axis) for g in gradients))
        short = np.where(length > 0, largest / np.where(length > 0, length, 1), 1)
        return [np.where(length > largest / unit, g / unit * short, g) for g in gradients]

    return _clipped(inner, clip, clip_by_norm, largest)


def clip_by_value(inner: Optimizer, largest: float) -> Optimizer:
    """Bring every coordinate of the gradient into [−largest, largest].

        g ← max(−largest, min(largest, g))

    Parameters
    ----------
    inner : the optimizer that gets the clipped gradient
    largest : > 0 and finite, in units of the gradient

    Raises
    ------
    TypeError, ValueError
        When `inner` is no optimizer, or `largest` is not such a number.

    Notes
    -----
    `optax.clip` and `torch.nn.utils.clip_grad_value_` are this. It turns the gradient's direction.

    Examples
    --------
    >>> from lib.optimizers import gd
    >>> theta, opt = np.zeros(2), clip_by_value(gd(lr=1.0), 1.0)
    >>> opt.step(theta, np.array([30.0, 0.5]), opt.init(theta))
    >>> theta
    array([-1. , -0.5])
    """

    def clip(gradients: list[Array], runs: tuple[int, ...]) -> list[Array]:
        return [np.clip(g, -largest, largest) for g in gradients]

    return _clipped(inner, clip, clip_by_value, largest)


def lookahead(inner: Optimizer, *, k: Any = 5, alpha: Any = 0.5) -> Optimizer:
    """Lookahead: k steps of a rule forward, then back to a point on the way (Zhang et al. 2019, Algorithm 1).

        θ ← inner(θ); every k-th step  φ ← φ + α·(θ − φ), θ ← φ

    Parameters
    ----------
    inner : the fast optimizer; it keeps its state when θ is moved back
    k : a number of steps ≥ 1, or one for each run
    alpha : in [0, 1], the part of the way that is kept, or one for each run

    Raises
    ------
    TypeError, ValueError
        When `inner` is no optimizer or has names of Lookahead's own, or k or alpha is outside its range.

    Notes
    -----
    The state `drift` is θ − φ, the way gone since the last k-th step; it starts at 0, as Lookahead does.
    `optax.lookahead` is this; PyTorch and Keras have none.

    Examples
    --------
    >>> from lib.optimizers import gd
    >>> theta, opt = np.array([3.0]), lookahead(gd(lr=0.5), k=3, alpha=1 / 3)
    >>> state = opt.init(theta)
    >>> for _ in range(6):
    ...     opt.step(theta, np.array([2.0]), state)
    ...     print(theta.round(6))
    [2.]
    [1.]
    [2.]
    [1.]
    [0.]
    [1.]
    """
    _check(inner, "lookahead")
    if taken := {"drift", "k", "alpha"} & {*inner.slots, *inner.hyperparameters}:
        raise ValueError(
            f"lookahead cannot go around {inner.name}, which has {', '.join(sorted(taken))} already"
        )

    def rule(theta: Any, g: Any, t: Any, drift: Any, *slots: Any, k: Any, alpha: Any, **given: Any) -> Any:
        new = inner.called(theta, g, t, slots, given)
        fast, *slots = new  # type: ignore[assignment]
        drift = drift + (fast - theta)
        back = np.where(t % k == 0, drift, 0)
        return fast - (1 - alpha) * back, drift - back, *slots

    names = ("theta", "g", "t", "drift", *inner.slots)
    given = {**inner.hyperparameters, "k": k, "alpha": alpha}
    rule.__signature__ = Signature(  # type: ignore[attr-defined]
        [Parameter(name, Parameter.POSITIONAL_OR_KEYWORD) for name in names]
        + [Parameter(name, Parameter.KEYWORD_ONLY, default=value) for name, value in given.items()]
    )
    rule.__name__ = f"lookahead({inner.name})"
    rule.__doc__ = lookahead.__doc__
    made = Optimizer(rule, inner.elementwise, inner.matrix, inner.shapes)
    made.clips, made.own = inner.clips, inner.own
    made.made_by = lookahead, (inner,), {}
    return made


def _clipped(inner: Optimizer, clip: Any, maker: Any, largest: Any) -> Optimizer:
    name = maker.__name__
    _check(inner, name)
    array = as_array(largest)
    if array.dtype.kind not in "fiu" or array.shape or not 0 < array < np.inf:
        raise ValueError(f"{name} is given {largest!r}; the largest allowed has to be a finite number > 0")
    made = inner()
    made.name = f"{name}({inner.name}, {float(largest)!r})"
    made.clips = (clip, *made.clips)  # the outermost comes first
    made.made_by = maker, (inner, float(largest)), {}
    return made


def _check(inner: Any, name: str) -> None:
    if not isinstance(inner, Optimizer):
        raise TypeError(f"{name} goes around an optimizer, such as adam(lr=0.1); it was given {inner!r}")
