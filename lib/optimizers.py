"""The rules, in order of increasing complexity. Open this file first.

Each rule is a pure function of the parameters θ, the gradient g, the step number t (1 at the first step)
and its own state, which starts at zero. It returns the new θ, then the new state in the same order.
What is printed here is what runs: on one point, on a grid of runs, and compiled.

In every rule theta, g and the state are float arrays of one shape, (d, *runs), or dicts of such, unless
its docstring says otherwise. What raises, and with which words, is said at `Optimizer.step`; what eps = 0
does, at `checks.ALLOWED`.

Defaults and form are the paper's. Where PyTorch, Optax or Keras differ, the docstring says so and their
variant has a rule of its own in `dialects.py`; never a flag here. One exception: `momentum` is written
with lr outside the velocity, as every framework but Keras has it.
"""

from numpy import (
    errstate,
    finfo,
    floating,
    full_like,
    inf,
    isfinite,
    log,
    maximum,
    nan,
    ndarray,
    sign,
    sqrt,
    tanh,
    vdot,
    where,
)
from numpy.linalg import eigh

from lib.engine import optimizer


@optimizer
def gd(theta, g, t, *, lr):
    """Gradient descent: step against the gradient, in proportion to it (Cauchy 1847).

        θ ← θ − lr·g

    Parameters
    ----------
    lr : ≥ 0, in units of θ² per unit of f. No default: the right size is the problem's. On a quadratic
        with largest curvature λ_max it has to be below 2/λ_max (Nesterov 2018, §1.2.3).

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
    lr : ≥ 0. No default. Under a constant gradient the step grows towards lr·g/(1 − β).
    beta : in [0, 1), the part of the velocity that survives a step; 0 is gradient descent.

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
def nesterov(theta, g, t, v, *, lr, beta=0.9):
    """Nesterov's accelerated gradient, with θ at the look-ahead point (Nesterov 1983; Sutskever et al. 2013,
    eqs. 3 and 4; Bengio et al. 2013, eqs. 6 and 7).

        v ← β·v + g
        θ ← θ − lr·(g + β·v)

    Parameters
    ----------
    lr : ≥ 0. No default.
    beta : in [0, 1); 0 is gradient descent.

    Notes
    -----
    The papers take the gradient ahead of θ, at θ − lr·β·v. Here θ *is* that point, so that the gradient is
    taken where the parameters are; while lr is constant the two paths are each other's shift.
    `torch.optim.SGD(nesterov=True)` and `optax.sgd(nesterov=True)` are this rule; Keras keeps lr inside v.

    Examples
    --------
    >>> import numpy as np
    >>> theta, opt = np.array([1.0]), nesterov(lr=0.1)
    >>> state = opt.init(theta)
    >>> for _ in range(3):
    ...     opt.step(theta, np.array([0.5]), state)
    ...     print(theta.round(5))
    [0.905]
    [0.7695]
    [0.59755]
    """
    v = beta * v + g
    return theta - lr * (g + beta * v), v


@optimizer
def signsgd(theta, g, t, *, lr):
    """SignSGD: the same step in every coordinate, down (Bernstein et al. 2018, Algorithm 1).

        θ ← θ − lr·sign(g)

    Parameters
    ----------
    lr : ≥ 0, in units of θ: the step's size. No default.

    Notes
    -----
    `optax.sign_sgd` takes the same step. PyTorch and Keras have none: `torch.optim.Rprop` is a relative.

    Examples
    --------
    >>> import numpy as np
    >>> theta, opt = np.array([1.0, 2.0, 3.0]), signsgd(lr=0.5)
    >>> opt.step(theta, np.array([1e-9, -100.0, 0.0]), opt.init(theta))
    >>> theta
    array([0.5, 2.5, 3. ])
    """
    return theta - lr * sign(g)


@optimizer
def adagrad(theta, g, t, s, *, lr, eps=1e-10):
    """AdaGrad: a rate for each coordinate, from all its gradients so far (Duchi, Hazan & Singer 2011, Fig. 1,
    diagonal version).

        s ← s + g²
        θ ← θ − lr·g / (√s + ε)

    Parameters
    ----------
    lr : ≥ 0, in units of θ. No default. The first step is lr·sign(g).
    eps : ≥ 0, in units of g; the paper's δ, which it leaves open.

    Notes
    -----
    `torch.optim.Adagrad` is this rule while its `lr_decay` is 0. Optax and Keras begin s at 0.1 and put
    ε = 1e-7 inside the root: see `dialects.optax_adagrad` and `dialects.keras_adagrad`.

    Examples
    --------
    Under a constant gradient the steps shrink as 1/√t:

    >>> import numpy as np
    >>> theta, opt = np.array([0.0]), adagrad(lr=1.0)
    >>> state = opt.init(theta)
    >>> for _ in range(4):
    ...     before = theta.copy()
    ...     opt.step(theta, np.array([7.0]), state)
    ...     print((theta - before).round(4))
    [-1.]
    [-0.7071]
    [-0.5774]
    [-0.5]
    """
    s = s + g * g
    return theta - lr * g / (sqrt(s) + eps), s


@optimizer
def rmsprop(theta, g, t, v, *, lr=0.001, rho=0.9, eps=1e-8):
    """RMSprop: the gradient over the root of a fading mean of its squares (Hinton, Srivastava & Swersky 2012,
    lecture 6e).

        v ← ρ·v + (1 − ρ)·g²
        θ ← θ − lr·g / (√v + ε)

    Parameters
    ----------
    lr : ≥ 0, in units of θ.
    rho : in [0, 1), what survives of the mean in a step.
    eps : ≥ 0, in units of g; the lecture has none.

    Notes
    -----
    v starts at 0 and is not corrected for it: the first step is lr·sign(g)/√(1 − ρ), 3.16 lr.
    PyTorch has ρ = 0.99 and calls it alpha; Optax and Keras put ε inside the root. See `dialects`.

    Examples
    --------
    >>> import numpy as np
    >>> theta, opt = np.array([1.0]), rmsprop(lr=0.1)
    >>> opt.step(theta, np.array([5.0]), opt.init(theta))
    >>> theta.round(4)
    array([0.6838])
    """
    v = rho * v + (1 - rho) * g * g
    return theta - lr * g / (sqrt(v) + eps), v


@optimizer
def rmsprop_momentum(theta, g, t, v, b, *, lr=0.001, rho=0.9, beta=0.9, eps=1e-8):
    """RMSprop with momentum: a heavy ball driven by RMSprop's scaled gradients (Tieleman & Hinton 2012).

        v ← ρ·v + (1 − ρ)·g²
        b ← β·b + g / (√v + ε)
        θ ← θ − lr·b

    Parameters
    ----------
    lr : ≥ 0, in units of θ.
    rho, beta : in [0, 1), what survives in a step of the mean and of the velocity.
    eps : ≥ 0, in units of g.

    Notes
    -----
    `torch.optim.RMSprop(momentum=β)` is this rule; `optax.rmsprop(momentum=β)` and Keras keep lr inside b.

    Examples
    --------
    >>> import numpy as np
    >>> theta, opt = np.array([1.0]), rmsprop_momentum(lr=0.1, rho=0.0, beta=0.5)
    >>> state = opt.init(theta)
    >>> for _ in range(2):
    ...     opt.step(theta, np.array([5.0]), state)
    ...     print(theta.round(4))
    [0.9]
    [0.75]
    """
    v = rho * v + (1 - rho) * g * g
    b = beta * b + g / (sqrt(v) + eps)
    return theta - lr * b, v, b


@optimizer
def rmsprop_centered(theta, g, t, v, m, *, lr=0.001, rho=0.9, eps=1e-8):
    """Centred RMSprop: the gradient over its fading standard deviation (Graves 2013, eqs. 38 to 40).

        v ← ρ·v + (1 − ρ)·g²
        m ← ρ·m + (1 − ρ)·g
        θ ← θ − lr·g / (√(v − m²) + ε)

    Parameters
    ----------
    lr : ≥ 0, in units of θ.
    rho : in [0, 1), what survives of both means in a step.
    eps : ≥ 0, in units of g. Under a constant gradient the deviation goes to 0 and ε alone bounds the step.

    Notes
    -----
    v − m² can round below 0, where frameworks give NaN; here it is then 0. Graves has ε = 1e-4 inside the
    root, ρ = 0.95 and momentum 0.9. `torch.optim.RMSprop(centered=True)` is this rule with ρ = 0.99;
    `optax.rmsprop(centered=True)` has ε inside the root.

    Examples
    --------
    >>> import numpy as np
    >>> theta, opt = np.array([1.0]), rmsprop_centered(lr=0.1, rho=0.5, eps=0.0)
    >>> opt.step(theta, np.array([4.0]), opt.init(theta))
    >>> theta.round(4)
    array([0.8])
    """
    v = rho * v + (1 - rho) * g * g
    m = rho * m + (1 - rho) * g
    return theta - lr * g / (sqrt(maximum(v - m * m, 0)) + eps), v, m


@optimizer
def adadelta(theta, g, t, v, u, *, rho=0.95, eps=1e-6):
    """Adadelta: a step in the units of θ, with no learning rate (Zeiler 2012, Algorithm 1).

        v ← ρ·v + (1 − ρ)·g²
        Δ = −√(u + ε) / √(v + ε) · g
        u ← ρ·u + (1 − ρ)·Δ²
        θ ← θ + Δ

    Parameters
    ----------
    rho : in [0, 1), what survives of both means in a step.
    eps : ≥ 0. It starts the motion (u is 0 at first): with ε = 0 nothing ever moves.

    Notes
    -----
    `torch.optim.Adadelta` multiplies Δ by lr = 1 and has ρ = 0.9; Keras has lr = 0.001. `optax.adadelta`
    without a learning rate flips no sign and ascends.

    Examples
    --------
    >>> import numpy as np
    >>> theta, opt = np.array([1.0]), adadelta()
    >>> opt.step(theta, np.array([4.0]), opt.init(theta))
    >>> (1 - theta).round(6)
    array([0.004472])
    """
    v = rho * v + (1 - rho) * g * g
    delta = -sqrt(u + eps) / sqrt(v + eps) * g
    u = rho * u + (1 - rho) * delta * delta
    return theta + delta, v, u


@optimizer
def adam(theta, g, t, m, v, *, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """Adam: a mean of the gradients over the root of a mean of their squares (Kingma & Ba 2015, Algorithm 1).

        m ← β₁·m + (1 − β₁)·g           m̂ = m / (1 − β₁ᵗ)
        v ← β₂·v + (1 − β₂)·g²          v̂ = v / (1 − β₂ᵗ)
        θ ← θ − lr·m̂ / (√v̂ + ε)

    Parameters
    ----------
    lr : ≥ 0, in units of θ: about the size of one step in each coordinate.
    beta1, beta2 : in [0, 1), how much of the two averages survives a step.
    eps : ≥ 0, in units of g. It stands outside the root.

    Notes
    -----
    `torch.optim.Adam` and `optax.adam` take the same step (Optax's `eps_root` is 0 by default). Keras
    uses the form of §2, last paragraph, lr·√(1 − β₂ᵗ)/(1 − β₁ᵗ) · m / (√v + ε) with ε = 1e-7, which is
    another rule unless ε = 0. The `weight_decay` of `torch.optim.Adam` is L2, not AdamW's.

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


@optimizer
def adamax(theta, g, t, m, u, *, lr=0.002, beta1=0.9, beta2=0.999, eps=1e-8):
    """AdaMax: Adam with the largest recent gradient in place of the root mean square (Kingma & Ba 2015,
    Algorithm 2).

        m ← β₁·m + (1 − β₁)·g
        u ← max(β₂·u, |g| + ε)
        θ ← θ − lr/(1 − β₁ᵗ) · m / u

    Parameters
    ----------
    lr : ≥ 0, in units of θ; no step is larger than lr·(1 − β₁)/(1 − β₁/β₂), 1.009 lr, when β₁ < β₂.
    beta1, beta2 : in [0, 1).
    eps : ≥ 0, in units of g. The paper has none.

    Notes
    -----
    `torch.optim.Adamax` and `optax.adamax` (there lr = none) are this rule; Keras adds ε to u instead.

    Examples
    --------
    >>> import numpy as np
    >>> theta, opt = np.array([1.0]), adamax(lr=0.1)
    >>> opt.step(theta, np.array([-3.0]), opt.init(theta))
    >>> theta.round(6)
    array([1.1])
    """
    m = beta1 * m + (1 - beta1) * g
    u = maximum(beta2 * u, abs(g) + eps)
    return theta - lr / (1 - beta1**t) * m / u, m, u


@optimizer
def amsgrad(theta, g, t, m, v, v_max, *, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """AMSGrad: Adam whose denominator never shrinks (Reddi, Kale & Kumar 2018, Algorithm 2).

        m ← β₁·m + (1 − β₁)·g
        v ← β₂·v + (1 − β₂)·g²
        v̂ ← max(v̂, v)
        θ ← θ − lr·m / (√v̂ + ε)

    Parameters
    ----------
    lr : ≥ 0, in units of θ. The paper's theorem has lr = α/√t.
    beta1, beta2 : in [0, 1).
    eps : ≥ 0, in units of g; the paper has none.

    Notes
    -----
    No bias correction: the maximum is of the raw v. `torch.optim.Adam(amsgrad=True)` and
    Keras take the maximum of the raw v, then correct it; Optax takes that of the corrected v. See `dialects`.

    Examples
    --------
    >>> import numpy as np
    >>> theta, opt = np.array([1.0]), amsgrad(lr=0.1)
    >>> opt.step(theta, np.array([5.0]), opt.init(theta))
    >>> (1 - theta).round(4)
    array([0.3162])
    """
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    v_max = maximum(v_max, v)
    return theta - lr * m / (sqrt(v_max) + eps), m, v, v_max


@optimizer
def adamw(theta, g, t, m, v, *, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay, eta=1.0):
    """AdamW: Adam, and a decay of the weights beside it (Loshchilov & Hutter 2019, Algorithm 2).

        m, v, m̂, v̂ as in Adam
        θ ← θ − η·(lr·m̂ / (√v̂ + ε) + λ·θ)

    Parameters
    ----------
    lr : ≥ 0, the paper's α.
    beta1, beta2, eps : as for `adam`.
    weight_decay : ≥ 0, the paper's λ: a step with η = 1 shrinks θ by this part. No default.
    eta : ≥ 0, the paper's schedule multiplier η_t; a schedule goes here.

    Notes
    -----
    The frameworks decay by lr·λ, not by η·λ, so their λ is 1/lr times larger for the same decay, and their
    schedule is lr: `torch.optim.AdamW` (λ = 0.01), `optax.adamw` (1e-4), Keras (0.004). See `dialects`.

    Examples
    --------
    With no gradient the weights shrink by 1 − λ a step:

    >>> import numpy as np
    >>> theta, opt = np.array([2.0]), adamw(weight_decay=0.004)
    >>> state = opt.init(theta)
    >>> for _ in range(3):
    ...     opt.step(theta, np.array([0.0]), state)
    >>> theta.round(6)
    array([1.976096])
    """
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    return theta - eta * (lr * m_hat / (sqrt(v_hat) + eps) + weight_decay * theta), m, v


@optimizer
def nadam(theta, g, t, m, v, c, *, lr=0.001, beta1=0.975, beta2=0.999, eps=1e-8, psi=0.004):
    """NAdam: Adam with Nesterov's look-ahead in m, and a momentum that warms up (Dozat 2016, Algorithm 2).

        μ_t = β₁·(1 − ½·0.96^(ψt)),  1 − c = Π μ_i for i ≤ t
        m ← μ_t·m + (1 − μ_t)·g
        v ← β₂·v + (1 − β₂)·g²
        m̄ = μ_{t+1}·m / (1 − Π_{i≤t+1} μ_i) + (1 − μ_t)·g / (1 − Π_{i≤t} μ_i)
        θ ← θ − lr·m̄ / (√(β₂·v / (1 − β₂ᵗ)) + ε)

    Parameters
    ----------
    lr : ≥ 0, in units of θ.
    beta1, beta2, eps : as for `adam`.
    psi : ≥ 0, the pace of the warm-up; 0 makes μ constant, β₁/2.

    Notes
    -----
    The state c is 1 − Π μ, which starts at 0. The factor β₂ in the last root is the paper's; no framework
    has it. `torch.optim.NAdam` puts β₁ in m, μ elsewhere; `optax.nadam` has μ = β₁ throughout; Keras has
    ψ = 1. See `dialects`.

    Examples
    --------
    >>> import numpy as np
    >>> theta, opt = np.array([1.0]), nadam(lr=0.1)
    >>> opt.step(theta, np.array([5.0]), opt.init(theta))
    >>> bool(theta[0] < 0.9)
    True
    """
    mu = beta1 * (1 - 0.5 * 0.96 ** (psi * t))
    mu_next = beta1 * (1 - 0.5 * 0.96 ** (psi * (t + 1)))
    c = 1 - mu * (1 - c)
    m = mu * m + (1 - mu) * g
    v = beta2 * v + (1 - beta2) * g * g
    m_bar = mu_next * m / (1 - mu_next * (1 - c)) + (1 - mu) * g / c
    return theta - lr * m_bar / (sqrt(beta2 * v / (1 - beta2**t)) + eps), m, v, c


def plain(x):
    """One number as a float of Python's, beside which float32 stays float32 (NEP 50); an array as it is."""
    return x if x.ndim else x.item()


def langevin(x):
    """coth x − 1/x, for x > 0: by its series where the two are large and nearly the same."""
    near = x / 3 - x**3 / 45 + 2 * x**5 / 945 - x**7 / 4725
    return where(x < 0.1, near, 1 / tanh(x) - 1 / x)


def averaged(t, beta):
    """RAdam's ρ, how many gradients a corrected mean is worth: 2/(1 − β) − 1 − 2t·βᵗ/(1 − βᵗ).

    For β near 1 it is near t, and in that form two numbers as large as 1/(1 − β) cancel. With β = exp(−2x) it
    is t + L(x) − t·L(tx), where L is the Langevin function: nothing cancels.

    >>> print(f"{averaged(4, 0.999999):.12f}")
    3.999997499999
    """
    x = -log(maximum(beta, 1e-300)) / 2
    return t + langevin(x) - t * langevin(t * x)


@optimizer
def radam(theta, g, t, m, v, *, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """RAdam: Adam that waits with the root until its variance is known (Liu et al. 2020, Algorithm 2).

        m, v, m̂, v̂ as in Adam
        ρ∞ = 2/(1 − β₂) − 1,  ρ = ρ∞ − 2t·β₂ᵗ/(1 − β₂ᵗ)
        r = √((ρ−4)(ρ−2)ρ∞ / ((ρ∞−4)(ρ∞−2)ρ))
        θ ← θ − lr·r·m̂ / (√v̂ + ε) where ρ > 4, else θ − lr·m̂

    Parameters
    ----------
    lr : ≥ 0. In units of θ once ρ > 4; before, in units of θ² per unit of f, as in gradient descent.
    beta1, beta2 : in [0, 1). With β₂ = 0.999 the first four steps go without the root; with β₂ ≤ 0.6 all do.
    eps : ≥ 0, in units of g; the paper has none.

    Notes
    -----
    `torch.optim.RAdam` waits until ρ > 5, `optax.radam` until ρ ≥ 5: one step more; PyTorch's ε
    stands beside the uncorrected root. See `dialects`.

    Examples
    --------
    >>> import numpy as np
    >>> theta, opt = np.array([1.0]), radam(lr=0.1)
    >>> opt.step(theta, np.array([5.0]), opt.init(theta))
    >>> theta
    array([0.5])
    """
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    rho_max = 2 / (1 - beta2) - 1
    rho = averaged(t, beta2)
    known = rho > 4
    r2 = (rho - 4) * (rho - 2) * rho_max / where(known, (rho_max - 4) * (rho_max - 2) * rho, 1)
    r = plain(sqrt(where(known, r2, 0)))
    return theta - lr * m_hat * where(known, r / (sqrt(v_hat) + eps), 1), m, v


@optimizer
def yogi(theta, g, t, m, v, *, lr=0.01, beta1=0.9, beta2=0.999, eps=1e-3):
    """Yogi: Adam whose mean of squares moves by a step, not by a factor (Zaheer et al. 2018, Algorithm 2).

        m ← β₁·m + (1 − β₁)·g
        v ← v − (1 − β₂)·sign(v − g²)·g²
        θ ← θ − lr·m / (√v + ε)

    Parameters
    ----------
    lr : ≥ 0, in units of θ.
    beta1, beta2 : in [0, 1).
    eps : ≥ 0, in units of g.

    Notes
    -----
    No bias correction. `optax.yogi` corrects m and v and begins both at 1e-6; PyTorch and Keras have none.

    Examples
    --------
    >>> import numpy as np
    >>> theta, opt = np.array([1.0]), yogi(lr=0.1, beta2=0.0, eps=0.0)
    >>> opt.step(theta, np.array([5.0]), opt.init(theta))
    >>> theta
    array([0.99])
    """
    m = beta1 * m + (1 - beta1) * g
    g2 = g * g
    v = v - (1 - beta2) * sign(v - g2) * g2
    return theta - lr * m / (sqrt(v) + eps), m, v


@optimizer
def lion(theta, g, t, m, *, lr=1e-4, beta1=0.9, beta2=0.99, weight_decay=0.0):
    """Lion: the sign of a mean that weighs the newest gradient more (Chen et al. 2023, Algorithm 2).

        θ ← θ − lr·(sign(β₁·m + (1 − β₁)·g) + λ·θ)
        m ← β₂·m + (1 − β₂)·g

    Parameters
    ----------
    lr : ≥ 0, in units of θ: the size of every step.
    beta1, beta2 : in [0, 1): the mean that is stepped along, and the one that is kept.
    weight_decay : ≥ 0, the paper's λ, multiplied by lr.

    Notes
    -----
    `optax.lion` has λ = 1e-3 by default, Keras none; PyTorch has no Lion.

    Examples
    --------
    >>> import numpy as np
    >>> theta, opt = np.array([1.0, 2.0]), lion(lr=0.5)
    >>> opt.step(theta, np.array([1.0, -6.0]), opt.init(theta))
    >>> theta
    array([0.5, 2.5])
    """
    direction = sign(beta1 * m + (1 - beta1) * g)
    m = beta2 * m + (1 - beta2) * g
    return theta - lr * (direction + weight_decay * theta), m


@optimizer
def schedule_free_sgd(theta, g, t, d, *, lr, beta=0.9):
    """Schedule-free SGD: gradient steps beside their own average (Defazio et al. 2024, eqs. 3 to 5).

        z ← z − lr·g
        x ← (1 − c)·x + c·z,  c = 1/t
        θ ← (1 − β)·z + β·x

    Parameters
    ----------
    lr : ≥ 0. No default; constant.
    beta : in [0, 1): where between z (0) and the average x (1) the gradient is taken.

    Notes
    -----
    θ is the paper's y, where gradients are taken. The state is d = z − x, which starts at 0:
    z = θ + β·d, and the average, which is what one evaluates, is x = θ − (1 − β)·d.
    `optax.contrib.schedule_free` weighs the average by the square of the largest lr so far, which is c = 1/t
    while lr is constant. PyTorch and Keras have none; Defazio's package schedulefree is for PyTorch.

    Examples
    --------
    >>> import numpy as np
    >>> theta, opt = np.array([1.0]), schedule_free_sgd(lr=0.5, beta=0.5)
    >>> state = opt.init(theta)
    >>> for _ in range(2):
    ...     opt.step(theta, np.array([1.0]), state)
    ...     print(theta)
    [0.5]
    [0.125]
    """
    z = theta + beta * d - lr * g
    x = theta - (1 - beta) * d
    x = x + (z - x) / t
    return x + (1 - beta) * (z - x), z - x


@optimizer
def schedule_free_adamw(theta, g, t, d, v, *, lr=0.0025, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.0):
    """Schedule-free AdamW: Adam's scaling, averaging for its momentum (Defazio et al. 2024, Algorithm 1).

        v ← β₂·v + (1 − β₂)·g²
        z ← z − lr·(g / (√(v / (1 − β₂ᵗ)) + ε) + λ·θ)
        x ← (1 − c)·x + c·z,  c = 1/t
        θ ← (1 − β₁)·z + β₁·x

    Parameters
    ----------
    lr : ≥ 0, in units of θ; constant.
    beta1 : in [0, 1), where between z and x the gradient is taken; beta2, eps : as for `adam`.
    weight_decay : ≥ 0, the paper's λ, multiplied by lr, at θ.

    Notes
    -----
    State and evaluation as for `schedule_free_sgd`: d = z − x, x = θ − (1 − β₁)·d. The paper's warm-up is
    left to a schedule of lr; with one, its c weighs by lr², here it is 1/t.
    `optax.contrib.schedule_free_adamw`, `keras.optimizers.ScheduleFreeAdamW` (without weight_decay) and the
    package schedulefree for PyTorch have the same form.

    Examples
    --------
    >>> import numpy as np
    >>> theta, opt = np.array([1.0]), schedule_free_adamw(lr=0.5)
    >>> opt.step(theta, np.array([7.0]), opt.init(theta))
    >>> theta.round(6)
    array([0.5])
    """
    v = beta2 * v + (1 - beta2) * g * g
    v_hat = v / (1 - beta2**t)
    z = theta + beta1 * d - lr * (g / (sqrt(v_hat) + eps) + weight_decay * theta)
    x = theta - (1 - beta1) * d
    x = x + (z - x) / t
    return x + (1 - beta1) * (z - x), z - x, v


def norm(x):
    """The Euclidean norm over the coordinates, the first axis; one for each run.

    It is right for lengths from 1e-300 to 1e300, though their squares are no floats: where a length's square
    is too small or infinite it is taken again, of x times a power of two, which rounds nothing.

    >>> import numpy as np
    >>> print(norm(np.array([[3e-300, 3.0, 3e300], [4e-300, 4.0, 4e300]])))
    [5.e-300 5.e+000 5.e+300]
    """
    with errstate(all="ignore"):
        length = sqrt((x * x).sum(axis=0))
        if isinstance(length, (ndarray, floating)):
            both = length + 1 / length
            if vdot(both, both) < inf:  # arrays mostly go this quick way
                return length
        edge, one = finfo(x.dtype).maxexp, x.dtype.type(1)
        up, down = one * 2.0 ** (5 * edge // 8), one * 2.0 ** -(5 * edge // 8)
        unit = where(length < inf, where(length > 2.0 ** -(edge // 2), one, up), down)
        return sqrt(((x * unit) ** 2).sum(axis=0)) / unit


@optimizer(elementwise=False)
def lamb(theta, g, t, m, v, *, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-6, weight_decay=0.0):
    """LAMB: Adam's direction, as long as the parameters themselves (You et al. 2020, Algorithm 2).

        m, v, m̂, v̂ as in Adam
        r = m̂ / (√v̂ + ε) + λ·θ
        θ ← θ − lr·‖θ‖/‖r‖ · r

    Parameters
    ----------
    theta : the norms are over all coordinates of an array: over the first axis of (d, *runs), over a whole
        array of a dict (a layer).
    lr : ≥ 0, the part of its own length that a layer moves in a step.
    beta1, beta2, eps : as for `adam`, but ε = 1e-6.
    weight_decay : ≥ 0, the paper's λ, inside the ratio.

    Notes
    -----
    φ is the identity, and where one of the norms is 0 the ratio is 1, as in `optax.lamb`. Keras adds the
    decay outside the ratio and has ε = 1e-7. PyTorch has no LAMB.

    Examples
    --------
    >>> import numpy as np
    >>> theta, opt = np.array([3.0, 4.0]), lamb(lr=0.1)
    >>> before = theta.copy()
    >>> opt.step(theta, np.array([1.0, -1.0]), opt.init(theta))
    >>> print(np.linalg.norm(theta - before).round(6))
    0.5
    """
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    r = m_hat / (sqrt(v_hat) + eps) + weight_decay * theta
    long, short = norm(theta), norm(r)
    both = (long > 0) & (short > 0)
    return theta - lr * where(both, long, 1) * (r / where(both, short, 1)), m, v


def orthogonalize(x, eps=1e-7):
    """Bring the singular values of a matrix near 1: five steps of Newton and Schulz (Jordan et al. 2024).

    `eps` is added to the length that x is divided by.

    >>> import numpy as np
    >>> np.linalg.svd(orthogonalize(np.diag([1.0, 0.5, 0.02])))[1].round(1)
    array([1.1, 0.8, 0.7])
    """
    tall = x.shape[0] > x.shape[1]
    x = x / (norm(x.reshape(-1)) + eps)
    x = x.T if tall else x
    for _ in range(5):
        a = x @ x.T
        x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
    return x.T if tall else x


@optimizer(matrix=True)
def muon(theta, g, t, b, *, lr=0.02, beta=0.95, weight_decay=0.0):
    """Muon: momentum with all its singular values set to about one (Jordan et al. 2024).

        b ← β·b + g
        o = orthogonalize(g + β·b), five Newton–Schulz steps
        θ ← θ − lr·(√max(1, rows/columns)·o + λ·θ)

    Parameters
    ----------
    theta : matrices: an array (rows, columns), or a dict of such. No runs.
    lr : ≥ 0, in units of spectral norm a step.
    beta : in [0, 1), what survives of the momentum b in a step.
    weight_decay : ≥ 0, λ, multiplied by lr.

    Notes
    -----
    For the hidden matrices of a network; its vectors, embeddings and output layer want another rule.
    `torch.optim.Muon` has an average, (1 − β)·g, for g in b, bfloat16 in the iteration, and λ = 0.1;
    `optax.contrib.muon` corrects b for its start and scales by columns/rows; Keras by
    0.2·√max(rows, columns). See `dialects`.

    Examples
    --------
    >>> import numpy as np
    >>> theta, opt = np.zeros((2, 2)), muon(lr=1.0)
    >>> opt.step(theta, np.diag([100.0, 1.0]), opt.init(theta))
    >>> bool(0.6 < abs(theta[1, 1]) < 1.2)
    True
    """
    b = beta * b + g
    rows, columns = theta.shape
    o = max(1, rows / max(1, columns)) ** 0.5 * orthogonalize(g + beta * b)
    return theta - lr * (o + weight_decay * theta), b


def inverse_fourth_root(a, eps):
    """(a + εI)^(−1/4) of a symmetric matrix, by its eigenvalues."""
    if not isfinite(a).all():
        return full_like(a, nan)
    values, vectors = eigh(a)
    return vectors * (maximum(values, 0) + eps) ** -0.25 @ vectors.T


LEFT_AND_RIGHT = {
    "left": lambda rows, columns: (rows, rows),
    "right": lambda rows, columns: (columns, columns),
}


@optimizer(matrix=True, shapes=LEFT_AND_RIGHT)
def shampoo(theta, g, t, left, right, *, lr, eps=1e-4):
    """Shampoo: AdaGrad for matrices, a preconditioner on each side (Gupta, Koren & Singer 2018, Algorithm 1).

        L ← L + g gᵀ,  R ← R + gᵀ g
        θ ← θ − lr·(L + εI)^(−1/4) g (R + εI)^(−1/4)

    Parameters
    ----------
    theta : matrices: an array (rows, columns), or a dict of such. No runs.
    lr : ≥ 0, in units of spectral norm. No default.
    eps : > 0 in practice, in units of g²: L and R start at εI.

    Notes
    -----
    The small dense form: each step takes two eigen-decompositions, rows³ + columns³ operations. Keras, Optax
    and PyTorch have no Shampoo of this form.

    Examples
    --------
    The first step has all singular values 1 (up to ε), whatever g's are:

    >>> import numpy as np
    >>> theta, opt = np.zeros((2, 2)), shampoo(lr=1.0, eps=1e-12)
    >>> opt.step(theta, np.diag([100.0, 1.0]), opt.init(theta))
    >>> theta.round(6)
    array([[-1.,  0.],
           [ 0., -1.]])
    """
    left = left + g @ g.T
    right = right + g.T @ g
    return theta - lr * inverse_fourth_root(left, eps) @ g @ inverse_fourth_root(right, eps), left, right


def eigenbasis(a):
    """The eigenvectors of a symmetric matrix, one a column, by rising eigenvalues."""
    return eigh(a)[1] if isfinite(a).all() else full_like(a, nan)


@optimizer(matrix=True, shapes=LEFT_AND_RIGHT)
def soap(theta, g, t, left, right, m, v, *, lr=0.003, beta1=0.95, beta2=0.95, eps=1e-8):
    """SOAP: Adam in the axes that Shampoo finds (Vyas et al. 2025, Algorithm 3).

        L ← β₂·L + (1 − β₂)·g gᵀ,  R ← β₂·R + (1 − β₂)·gᵀ g,  with eigenvectors Q_L and Q_R
        m ← β₁·m + (1 − β₁)·g,  v ← β₂·v + (1 − β₂)·(Q_Lᵀ g Q_R)²
        u = (Q_Lᵀ m̂ Q_R) / (√v̂ + ε)
        θ ← θ − lr·Q_L u Q_Rᵀ

    Parameters
    ----------
    theta : matrices: an array (rows, columns), or a dict of such. No runs.
    lr, beta1, beta2, eps : as for `adam`, with the defaults of the paper's code.

    Notes
    -----
    The small dense form: the axes are new at each step, from L and R with this gradient in them. The paper
    renews them every tenth step by a QR decomposition, with the gradients before. It also takes its first
    gradient for L and R alone. Here the first gradient is diagonal in its own axes, and what stands beside
    the diagonal is rounding: ε has to be larger, in float32 about 1e-5 of g. Keras, Optax and PyTorch have
    no SOAP.

    Examples
    --------
    Like Shampoo's, the first step has all singular values 1, up to ε:

    >>> import numpy as np
    >>> theta, opt = np.zeros((2, 2)), soap(lr=1.0)
    >>> opt.step(theta, np.diag([100.0, 1.0]), opt.init(theta))
    >>> theta.round(6)
    array([[-1.,  0.],
           [ 0., -1.]])
    """
    left = beta2 * left + (1 - beta2) * g @ g.T
    right = beta2 * right + (1 - beta2) * g.T @ g
    rows, columns = eigenbasis(left), eigenbasis(right)
    turned = rows.T @ g @ columns
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * turned * turned
    m_hat = rows.T @ m @ columns / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    return theta - lr * rows @ (m_hat / (sqrt(v_hat) + eps)) @ columns.T, left, right, m, v
