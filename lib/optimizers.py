"""The rules, in order of increasing complexity. Open this file first.

Each rule is a pure function of the parameters θ, the gradient g, the step number t (1 at the first step)
and its own state, which starts at zero. It returns the new θ, then the new state in the same order.
What is printed here is what runs: on one point, on a grid of runs, and compiled.

Defaults and form are the paper's. Where PyTorch, Optax or Keras differ, the docstring says so and their
variant has a rule of its own in `dialects.py`; never a flag here. One exception: `momentum` is written
with lr outside the velocity, as every framework but Keras has it.
"""

from numpy import sqrt

from lib.engine import optimizer


@optimizer
def gd(theta, g, t, *, lr):
    """Gradient descent: step against the gradient, in proportion to it (Cauchy 1847).

        θ ← θ − lr·g

    Parameters
    ----------
    theta, g : float arrays of one shape, (d, *runs), or dicts of such
    lr : ≥ 0, in units of θ² per unit of f. No default: the right size is the problem's. On a quadratic
        with largest curvature λ_max it has to be below 2/λ_max (Nesterov 2018, §1.2.3).

    Raises
    ------
    TypeError, ValueError
        See `Optimizer.step`.

    Notes
    -----
    `torch.optim.SGD(lr)`, `optax.sgd(lr)` and `keras.optimizers.SGD(lr)` take the same step; PyTorch's and
    Keras's lr have defaults, 0.001 and 0.01. The S in SGD is in where g comes from, not in the rule.

    Examples
    --------
    >>> import numpy as np
    >>> theta = np.array([1.0, 2.0, 3.0, 4.0])
    >>> opt = gd(lr=0.5)
    >>> opt.step(theta, np.array([1.0, 6.0, 7.0, 2.0]), opt.init(theta))
    >>> theta
    array([ 0.5, -1. , -0.5,  3. ])
    """
    return theta - lr * g


@optimizer
def momentum(theta, g, t, v, *, lr, beta=0.9):
    """Momentum, the heavy ball: step along a fading sum of past gradients (Polyak 1964).

        v ← β·v + g
        θ ← θ − lr·v

    Parameters
    ----------
    theta, g : float arrays of one shape, (d, *runs), or dicts of such
    lr : ≥ 0. No default. Under a constant gradient the step grows towards lr·g/(1 − β).
    beta : in [0, 1), the part of the velocity that survives a step; 0 is gradient descent.

    Raises
    ------
    TypeError, ValueError
        See `Optimizer.step`.

    Notes
    -----
    Polyak writes θ ← θ − lr·g + β·(θ − θ_previous), Sutskever et al. (2013, eqs. 1 and 2) keep lr inside the
    velocity: the same path while lr is constant.
    `torch.optim.SGD(momentum=β)` and `optax.sgd(momentum=β)` are this rule. Keras keeps lr inside the
    velocity, v ← β·v − lr·g: the same path until lr changes. PyTorch's `dampening` scales every
    gradient but the first by 1 − dampening.

    Examples
    --------
    >>> import numpy as np
    >>> theta = np.array([1.0])
    >>> opt = momentum(lr=0.1, beta=0.9)
    >>> state = opt.init(theta)
    >>> for _ in range(3):
    ...     opt.step(theta, np.array([0.5]), state)
    ...     print(theta.round(4))
    [0.95]
    [0.855]
    [0.7195]
    """
    v = beta * v + g
    return theta - lr * v, v


@optimizer
def adam(theta, g, t, m, v, *, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """Adam: a mean of the gradients over the root of a mean of their squares (Kingma & Ba 2015, Algorithm 1).

        m ← β₁·m + (1 − β₁)·g           m̂ = m / (1 − β₁ᵗ)
        v ← β₂·v + (1 − β₂)·g²          v̂ = v / (1 − β₂ᵗ)
        θ ← θ − lr·m̂ / (√v̂ + ε)

    Parameters
    ----------
    theta, g : float arrays of one shape, (d, *runs), or dicts of such
    lr : ≥ 0, in units of θ: about the size of one step in each coordinate.
    beta1, beta2 : in [0, 1), how much of the two averages survives a step.
    eps : ≥ 0, in units of g. It stands outside the root.

    Raises
    ------
    TypeError, ValueError
        See `Optimizer.step`.

    Notes
    -----
    `torch.optim.Adam` and `optax.adam` take the same step (Optax's `eps_root` is 0 by default). Keras
    uses the form of §2, last paragraph, lr·√(1 − β₂ᵗ)/(1 − β₁ᵗ) · m / (√v + ε) with ε = 1e-7, which is
    another rule unless ε = 0. The `weight_decay` of `torch.optim.Adam` is L2, not AdamW's.
    In float16 the default ε is 0, and a zero gradient gives NaN.

    Examples
    --------
    The first step is lr·sign(g), whatever the size of g (as long as it is far above ε):

    >>> import numpy as np
    >>> theta = np.array([1.0, 2.0])
    >>> opt = adam(lr=0.5)
    >>> opt.step(theta, np.array([1.0, -1000.0]), opt.init(theta))
    >>> theta.round(6)
    array([0.5, 2.5])
    """
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    return theta - lr * m_hat / (sqrt(v_hat) + eps), m, v
