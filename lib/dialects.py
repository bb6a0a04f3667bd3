"""What PyTorch, Optax and Keras run under a paper's name when it is not the paper's rule.

Each dialect is a rule of its own, named framework_algorithm, with the defaults of that framework and the
argument names of this library; NOTATION.md maps the names. Where a framework has the paper's form, or only
another default, there is no dialect: use the rule in `optimizers.py`.

Read from the sources of PyTorch 2.13.0, Optax 0.2.8 and Keras 3.15.1, and compared with paths that these
recorded. A state starts at zero here: an accumulator that starts at 0.1 is written `initial + s`.

`weight_decay` is L2 in PyTorch, g ← g + λ·θ, but for its AdamW, Adafactor and Muon; Keras shrinks the weights
before the step, θ ← θ − lr·λ·θ, in every optimizer. A hyperparameter that turns such a part on has the
default 0.
"""

from numpy import maximum, sign, sqrt, where

from lib.engine import optimizer
from lib.optimizers import averaged, norm, orthogonalize, plain


@optimizer
def torch_momentum(theta, g, t, v, *, lr=0.001, beta=0.9, dampening=0.0, weight_decay=0.0):
    """Momentum with dampening: every gradient but the first is scaled (`torch.optim.SGD`).

        g ← g + λ·θ
        v ← β·v + (1 − dampening)·g, but v = g at t = 1
        θ ← θ − lr·v

    PyTorch's default momentum is 0, which is gradient descent.

    >>> import numpy as np
    >>> theta, opt = np.array([1.0]), torch_momentum(lr=0.1, dampening=0.5)
    >>> state = opt.init(theta)
    >>> for _ in range(3):
    ...     opt.step(theta, np.array([0.5]), state)
    ...     print(theta.round(4))
    [0.95]
    [0.88]
    [0.792]
    """
    g = g + weight_decay * theta
    v = beta * v + (1 - dampening * (t > 1)) * g
    return theta - lr * v, v


@optimizer
def torch_adagrad(theta, g, t, s, *, lr=0.01, lr_decay=0.0, initial=0.0, eps=1e-10, weight_decay=0.0):
    """AdaGrad with a rate that falls as well (`torch.optim.Adagrad`).

        g ← g + λ·θ
        s ← s + g²
        θ ← θ − lr/(1 + (t − 1)·lr_decay) · g / (√(initial + s) + ε)

    `initial` is PyTorch's `initial_accumulator_value`.
    """
    g = g + weight_decay * theta
    s = s + g * g
    return theta - lr / (1 + (t - 1) * lr_decay) * g / (sqrt(initial + s) + eps), s


@optimizer
def torch_rmsprop(theta, g, t, v, b, *, lr=0.01, rho=0.99, beta=0.0, eps=1e-8, weight_decay=0.0):
    """RMSprop with a longer memory, ε outside the root, lr outside the velocity (`torch.optim.RMSprop`).

        g ← g + λ·θ
        v ← ρ·v + (1 − ρ)·g²
        b ← β·b + g / (√v + ε)
        θ ← θ − lr·b

    PyTorch calls ρ alpha. With λ = 0 it is `optimizers.rmsprop_momentum`, with β = 0 `optimizers.rmsprop`.
    """
    g = g + weight_decay * theta
    v = rho * v + (1 - rho) * g * g
    b = beta * b + g / (sqrt(v) + eps)
    return theta - lr * b, v, b


@optimizer
def torch_adadelta(theta, g, t, v, u, *, lr=1.0, rho=0.9, eps=1e-6, weight_decay=0.0):
    """Adadelta with a learning rate (`torch.optim.Adadelta`; `optax.adadelta` when it is given one).

        g ← g + λ·θ
        v ← ρ·v + (1 − ρ)·g²
        Δ = √(u + ε) / √(v + ε) · g
        u ← ρ·u + (1 − ρ)·Δ²
        θ ← θ − lr·Δ

    The lr is not in u: a halved lr halves the path.
    """
    g = g + weight_decay * theta
    v = rho * v + (1 - rho) * g * g
    delta = sqrt(u + eps) / sqrt(v + eps) * g
    u = rho * u + (1 - rho) * delta * delta
    return theta - lr * delta, v, u


@optimizer
def torch_adam(theta, g, t, m, v, *, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.0):
    """Adam whose weight decay goes through the averages: L2, not AdamW (`torch.optim.Adam`).

        g ← g + λ·θ, then as Adam

    A weight whose gradient has no noise decays at about the same speed, however large λ is. With λ = 0 it is
    `optimizers.adam`.
    """
    g = g + weight_decay * theta
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    return theta - lr * m_hat / (sqrt(v_hat) + eps), m, v


@optimizer
def torch_adamw(theta, g, t, m, v, *, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01):
    """AdamW whose decay is multiplied by lr (`torch.optim.AdamW`).

        m, v, m̂, v̂ as in Adam
        θ ← θ·(1 − lr·λ) − lr·m̂ / (√v̂ + ε)

    The paper's λ is lr times this one.
    """
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    return theta * (1 - lr * weight_decay) - lr * m_hat / (sqrt(v_hat) + eps), m, v


@optimizer
def torch_amsgrad(theta, g, t, m, v, v_max, *, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.0):
    """AMSGrad with Adam's corrections, of the largest v (`torch.optim.Adam(amsgrad=True)`).

        g ← g + λ·θ; m, v, m̂ as in Adam
        v_max ← max(v_max, v)
        θ ← θ − lr·m̂ / (√(v_max / (1 − β₂ᵗ)) + ε)

    The maximum is of the raw v, the correction shrinks with t: the denominator can shrink after all.
    """
    g = g + weight_decay * theta
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    v_max = maximum(v_max, v)
    m_hat = m / (1 - beta1**t)
    v_hat = v_max / (1 - beta2**t)
    return theta - lr * m_hat / (sqrt(v_hat) + eps), m, v, v_max


@optimizer
def torch_nadam(
    theta, g, t, m, v, c, *, lr=0.002, beta1=0.9, beta2=0.999, eps=1e-8, psi=0.004, weight_decay=0.0
):
    """NAdam with a constant β₁ in m and no β₂ beside v (`torch.optim.NAdam`).

        g ← g + λ·θ; m, v, v̂ as in Adam
        μ_t = β₁·(1 − ½·0.96^(ψt)),  1 − c = Π μ_i for i ≤ t
        m̄ = μ_{t+1}·m / (1 − Π_{i≤t+1} μ_i) + (1 − μ_t)·g / (1 − Π_{i≤t} μ_i)
        θ ← θ − lr·m̄ / (√v̂ + ε)

    PyTorch calls ψ momentum_decay. It keeps the product of the μ in its default float type, float32.
    """
    g = g + weight_decay * theta
    mu = beta1 * (1 - 0.5 * 0.96 ** (psi * t))
    mu_next = beta1 * (1 - 0.5 * 0.96 ** (psi * (t + 1)))
    c = 1 - mu * (1 - c)
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    v_hat = v / (1 - beta2**t)
    m_bar = mu_next * m / (1 - mu_next * (1 - c)) + (1 - mu) * g / c
    return theta - lr * m_bar / (sqrt(v_hat) + eps), m, v, c


@optimizer
def torch_radam(theta, g, t, m, v, *, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.0):
    """RAdam that waits until ρ > 5, with ε beside the uncorrected root (`torch.optim.RAdam`).

        g ← g + λ·θ; m, v, m̂, ρ∞, ρ, r as in RAdam
        θ ← θ − lr·m̂·r·√(1 − β₂ᵗ) / (√v + ε) where ρ > 5, else θ − lr·m̂

    At the default β₂ the first five steps go without the root; the paper's first four.
    """
    g = g + weight_decay * theta
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    m_hat = m / (1 - beta1**t)
    rho_max = 2 / (1 - beta2) - 1
    rho = averaged(t, beta2)
    known = rho > 5
    r2 = (rho - 4) * (rho - 2) * rho_max / where(known, (rho_max - 4) * (rho_max - 2) * rho, 1)
    r = plain(sqrt(where(known, r2, 0)))
    return theta - lr * m_hat * where(known, r * (1 - beta2**t) ** 0.5 / (sqrt(v) + eps), 1), m, v


@optimizer(matrix=True)
def torch_muon(theta, g, t, b, *, lr=0.001, beta=0.95, weight_decay=0.1):
    """Muon on a mean of the gradients (`torch.optim.Muon`).

        b ← β·b + (1 − β)·g
        o = orthogonalize((1 − β)·g + β·b)
        θ ← θ·(1 − lr·λ) − lr·√max(1, rows/columns)·o

    PyTorch orthogonalizes in bfloat16, about three digits; here it has the precision of θ. Its ε = 1e-7 is
    the least length that is divided by: above it there is none.
    """
    b = beta * b + (1 - beta) * g
    rows, columns = theta.shape
    o = max(1, rows / max(1, columns)) ** 0.5 * orthogonalize((1 - beta) * g + beta * b, eps=1e-15)
    return theta * (1 - lr * weight_decay) - lr * o, b


@optimizer
def optax_adagrad(theta, g, t, s, *, lr, initial=0.1, eps=1e-7):
    """AdaGrad with ε inside the root of a sum that starts at 0.1 (`optax.adagrad`).

        s ← s + g²
        θ ← θ − lr·g / √(initial + s + ε), and no step where initial + s = 0

    Even with `initial=0` the first step has no root of 0 to divide by.
    """
    s = s + g * g
    total = initial + s
    return theta - lr * g / sqrt(where(total > 0, total + eps, 1)), s


@optimizer
def optax_rmsprop(theta, g, t, v, b, *, lr, rho=0.9, beta=0.0, eps=1e-8, initial=0.0):
    """RMSprop with ε inside the root, and lr inside the velocity (`optax.rmsprop`).

        v ← ρ·v + (1 − ρ)·g², from initial
        b ← β·b + lr·g / √(v + ε)
        θ ← θ − b

    Optax calls β momentum, and `initial` initial_scale; with `eps_in_sqrt=False` and no momentum it is
    `optimizers.rmsprop`.
    """
    v = rho * v + (1 - rho) * g * g
    b = beta * b + lr * g / sqrt(initial * rho**t + v + eps)
    return theta - b, v, b


@optimizer
def optax_rmsprop_centered(theta, g, t, v, m, b, *, lr, rho=0.9, beta=0.0, eps=1e-8):
    """Centred RMSprop with ε inside the root, and lr inside the velocity (`optax.rmsprop(centered=True)`).

        v ← ρ·v + (1 − ρ)·g²
        m ← ρ·m + (1 − ρ)·g
        b ← β·b + lr·g / √(v − m² + ε)
        θ ← θ − b

    `keras.optimizers.RMSprop(centered=True)` is the same with ε = 1e-7. Where v − m² rounds below 0, it is 0
    here; with a small ε the frameworks give NaN.
    """
    v = rho * v + (1 - rho) * g * g
    m = rho * m + (1 - rho) * g
    b = beta * b + lr * g / sqrt(maximum(v - m * m, 0) + eps)
    return theta - b, v, m, b


@optimizer
def optax_adadelta(theta, g, t, v, u, *, rho=0.9, eps=1e-6, weight_decay=0.0):
    """Adadelta that walks uphill: without a learning rate no sign is flipped (`optax.adadelta()`).

        g ← g + λ·θ
        v ← ρ·v + (1 − ρ)·g²
        Δ = √(u + ε) / √(v + ε) · g
        u ← ρ·u + (1 − ρ)·Δ²
        θ ← θ + Δ

    With `learning_rate=lr`, it is `torch_adadelta`.
    """
    g = g + weight_decay * theta
    v = rho * v + (1 - rho) * g * g
    delta = sqrt(u + eps) / sqrt(v + eps) * g
    u = rho * u + (1 - rho) * delta * delta
    return theta + delta, v, u


@optimizer
def optax_amsgrad(theta, g, t, m, v, v_max, *, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    """AMSGrad with the largest corrected v (`optax.amsgrad`).

        m, v, m̂, v̂ as in Adam
        v_max ← max(v_max, v̂)
        θ ← θ − lr·m̂ / (√v_max + ε)

    With `bias_correction_mu=False, bias_correction_nu=False` it is `optimizers.amsgrad`, the paper's.
    """
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    m_hat = m / (1 - beta1**t)
    v_max = maximum(v_max, v / (1 - beta2**t))
    return theta - lr * m_hat / (sqrt(v_max) + eps), m, v, v_max


@optimizer
def optax_adamw(theta, g, t, m, v, *, lr, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=1e-4):
    """AdamW whose decay is multiplied by lr (`optax.adamw`).

        m, v, m̂, v̂ as in Adam
        θ ← θ − lr·(m̂ / (√v̂ + ε) + λ·θ)

    `torch_adamw` with another λ.
    """
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    return theta - lr * (m_hat / (sqrt(v_hat) + eps) + weight_decay * theta), m, v


@optimizer
def optax_nadam(theta, g, t, m, v, *, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    """NAdam with a constant momentum (`optax.nadam`).

        m, v, v̂ as in Adam
        m̄ = β₁·m / (1 − β₁ᵗ⁺¹) + (1 − β₁)·g / (1 − β₁ᵗ)
        θ ← θ − lr·m̄ / (√v̂ + ε)

    The paper's μ grows to β₁ over thousands of steps; here it is β₁ at once.
    """
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    m_bar = beta1 * m / (1 - beta1 ** (t + 1)) + (1 - beta1) * g / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    return theta - lr * m_bar / (sqrt(v_hat) + eps), m, v


@optimizer
def optax_radam(theta, g, t, m, v, *, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    """RAdam that waits until ρ ≥ 5 (`optax.radam`).

        m, v, m̂, v̂, ρ∞, ρ, r as in RAdam
        θ ← θ − lr·r·m̂ / (√v̂ + ε) where ρ ≥ 5, else θ − lr·m̂

    With `threshold=4.0` it is `optimizers.radam`, the paper's.
    """
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    rho_max = 2 / (1 - beta2) - 1
    rho = averaged(t, beta2)
    known = rho >= 5
    r2 = (rho - 4) * (rho - 2) * rho_max / where(known, (rho_max - 4) * (rho_max - 2) * rho, 1)
    r = plain(sqrt(where(known, r2, 0)))
    return theta - lr * m_hat * where(known, r / (sqrt(v_hat) + eps), 1), m, v


@optimizer
def optax_yogi(theta, g, t, m, v, *, lr, beta1=0.9, beta2=0.999, eps=1e-3, initial=1e-6):
    """Yogi with Adam's corrections, of averages that both start at 1e-6 (`optax.yogi`).

        m ← β₁·m + (1 − β₁)·g                  m̂ = (initial·β₁ᵗ + m) / (1 − β₁ᵗ)
        v ← v − (1 − β₂)·sign(v − g²)·g²       v̂ = v / (1 − β₂ᵗ), from initial
        θ ← θ − lr·m̂ / (√v̂ + ε)

    `initial` is an argument of `optax.scale_by_yogi` only, its initial_accumulator_value.
    """
    m = beta1 * m + (1 - beta1) * g
    g2 = g * g
    v = v - (1 - beta2) * sign(initial + v - g2) * g2
    m_hat = (initial * beta1**t + m) / (1 - beta1**t)
    v_hat = (initial + v) / (1 - beta2**t)
    return theta - lr * m_hat / (sqrt(v_hat) + eps), m, v


@optimizer(matrix=True)
def optax_muon(theta, g, t, b, *, lr, beta=0.95, weight_decay=0.0):
    """Muon on corrected means of the gradients, wide matrices scaled up (`optax.contrib.muon`).

        b ← β·b + (1 − β)·g
        o = orthogonalize(β·b / (1 − βᵗ⁺¹) + (1 − β)·g / (1 − βᵗ)), with ε = 1e-8
        θ ← θ − lr·(√max(1, columns/rows)·o + λ·θ)

    A matrix is (inputs, outputs) in Optax, (outputs, inputs) in PyTorch.
    """
    b = beta * b + (1 - beta) * g
    rows, columns = theta.shape
    mean = beta * b / (1 - beta ** (t + 1)) + (1 - beta) * g / (1 - beta**t)
    o = max(1, columns / max(1, rows)) ** 0.5 * orthogonalize(mean, eps=1e-8)
    return theta - lr * (o + weight_decay * theta), b


@optimizer
def keras_momentum(theta, g, t, v, *, lr=0.01, beta=0.9, weight_decay=0.0):
    """Momentum with lr inside the velocity (`keras.optimizers.SGD`).

        θ ← θ − lr·λ·θ
        v ← β·v − lr·g
        θ ← θ + v

    When lr changes, the velocity keeps the old one for a while. Keras's default momentum is 0.
    """
    v = beta * v - lr * g
    return theta - lr * weight_decay * theta + v, v


@optimizer
def keras_nesterov(theta, g, t, v, *, lr=0.01, beta=0.9, weight_decay=0.0):
    """Nesterov's gradient with lr inside the velocity (`keras.optimizers.SGD(nesterov=True)`).

        θ ← θ − lr·λ·θ
        v ← β·v − lr·g
        θ ← θ + β·v − lr·g

    The same path as `optimizers.nesterov` until lr changes.
    """
    v = beta * v - lr * g
    return theta - lr * weight_decay * theta + beta * v - lr * g, v


@optimizer
def keras_adagrad(theta, g, t, s, *, lr=0.001, initial=0.1, eps=1e-7, weight_decay=0.0):
    """AdaGrad with ε inside the root of a sum that starts at 0.1 (`keras.optimizers.Adagrad`).

        θ ← θ − lr·λ·θ
        s ← s + g²
        θ ← θ − lr·g / √(initial + s + ε)

    `optax_adagrad` with a default lr and a decay.
    """
    s = s + g * g
    return theta - lr * weight_decay * theta - lr * g / sqrt(initial + s + eps), s


@optimizer
def keras_rmsprop(theta, g, t, v, b, *, lr=0.001, rho=0.9, beta=0.0, eps=1e-7, weight_decay=0.0):
    """RMSprop with ε inside the root, and lr inside the velocity (`keras.optimizers.RMSprop`).

        θ ← θ − lr·λ·θ
        v ← ρ·v + (1 − ρ)·g²
        b ← β·b + lr·g / √(v + ε)
        θ ← θ − b

    Keras calls β momentum. Centred, it is `optax_rmsprop_centered`.
    """
    v = rho * v + (1 - rho) * g * g
    b = beta * b + lr * g / sqrt(v + eps)
    return theta - lr * weight_decay * theta - b, v, b


@optimizer
def keras_adadelta(theta, g, t, v, u, *, lr=0.001, rho=0.95, eps=1e-7, weight_decay=0.0):
    """Adadelta with a learning rate (`keras.optimizers.Adadelta`).

        θ ← θ − lr·λ·θ
        v ← ρ·v + (1 − ρ)·g²
        Δ = √(u + ε) / √(v + ε) · g
        u ← ρ·u + (1 − ρ)·Δ²
        θ ← θ − lr·Δ

    At its default lr = 0.001 it takes a thousandth of the paper's steps; lr = 1 gives them whole.
    """
    v = rho * v + (1 - rho) * g * g
    delta = sqrt(u + eps) / sqrt(v + eps) * g
    u = rho * u + (1 - rho) * delta * delta
    return theta - lr * weight_decay * theta - lr * delta, v, u


@optimizer
def keras_adam(theta, g, t, m, v, *, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-7):
    """Adam with ε beside the uncorrected root (`keras.optimizers.Adam`).

        m, v as in Adam
        θ ← θ − lr·√(1 − β₂ᵗ)/(1 − β₁ᵗ) · m / (√v + ε)

    The form of Kingma & Ba's §2, last paragraph, whose ε̂ it is: at t = 1 as much
    as an ε of Adam's 32 times as large. With `weight_decay` it is `keras_adamw`.
    """
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    rate = lr * (1 - beta2**t) ** 0.5 / (1 - beta1**t)
    return theta - rate * m / (sqrt(v) + eps), m, v


@optimizer
def keras_adamw(theta, g, t, m, v, *, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-7, weight_decay=0.004):
    """AdamW whose decay is multiplied by lr, with ε beside the uncorrected root (`keras.optimizers.AdamW`).

        θ ← θ − lr·λ·θ, then as keras_adam

    In Keras's Adam the argument `weight_decay` is this decay too, and 0 by default.
    """
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    rate = lr * (1 - beta2**t) ** 0.5 / (1 - beta1**t)
    return theta - lr * weight_decay * theta - rate * m / (sqrt(v) + eps), m, v


@optimizer
def keras_amsgrad(theta, g, t, m, v, v_max, *, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-7, weight_decay=0.0):
    """AMSGrad as PyTorch has it, with ε beside the uncorrected root (`keras.optimizers.Adam(amsgrad=True)`).

        θ ← θ − lr·λ·θ; m, v as in Adam
        v_max ← max(v_max, v)
        θ ← θ − lr·√(1 − β₂ᵗ)/(1 − β₁ᵗ) · m / (√v_max + ε)

    Not AMSGrad's promise: the correction lets the denominator shrink, as in `torch_amsgrad`.
    """
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    v_max = maximum(v_max, v)
    rate = lr * (1 - beta2**t) ** 0.5 / (1 - beta1**t)
    return theta - lr * weight_decay * theta - rate * m / (sqrt(v_max) + eps), m, v, v_max


@optimizer
def keras_adamax(theta, g, t, m, u, *, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-7, weight_decay=0.0):
    """AdaMax with ε beside the maximum, not in it (`keras.optimizers.Adamax`).

        θ ← θ − lr·λ·θ
        m ← β₁·m + (1 − β₁)·g
        u ← max(β₂·u, |g|)
        θ ← θ − lr/(1 − β₁ᵗ) · m / (u + ε)

    A gradient of 0 at the first step is no step: nothing is divided by 0.
    """
    m = beta1 * m + (1 - beta1) * g
    u = maximum(beta2 * u, abs(g))
    return theta - lr * weight_decay * theta - lr / (1 - beta1**t) * m / (u + eps), m, u


@optimizer
def keras_nadam(theta, g, t, m, v, c, *, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-7, weight_decay=0.0):
    """NAdam with a constant β₁ in m, a quick warm-up and no β₂ beside v (`keras.optimizers.Nadam`).

        θ ← θ − lr·λ·θ
        μ_t = β₁·(1 − ½·0.96ᵗ), then as torch_nadam

    PyTorch's with ψ = 1: the warm-up is over after about a hundred steps, not after 25,000.
    """
    mu = beta1 * (1 - 0.5 * 0.96**t)
    mu_next = beta1 * (1 - 0.5 * 0.96 ** (t + 1))
    c = 1 - mu * (1 - c)
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    v_hat = v / (1 - beta2**t)
    m_bar = mu_next * m / (1 - mu_next * (1 - c)) + (1 - mu) * g / c
    return theta - lr * weight_decay * theta - lr * m_bar / (sqrt(v_hat) + eps), m, v, c


@optimizer(elementwise=False)
def keras_lamb(theta, g, t, m, v, *, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-7, weight_decay=0.0):
    """LAMB with the decay outside the ratio (`keras.optimizers.Lamb`).

        θ ← θ − lr·λ·θ
        r = m̂ / (√v̂ + ε), as in Adam
        θ ← θ − lr·‖θ‖/‖r‖ · r, the ratio 1 where a norm is 0

    The paper's ratio is taken over the decay as well; see `optimizers.lamb`.
    """
    theta = theta - lr * weight_decay * theta
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    r = m_hat / (sqrt(v_hat) + eps)
    long, short = norm(theta), norm(r)
    both = (long > 0) & (short > 0)
    return theta - lr * where(both, long, 1) * (r / where(both, short, 1)), m, v


@optimizer(matrix=True)
def keras_muon(theta, g, t, b, *, lr=0.001, beta=0.95, weight_decay=0.004):
    """Muon with steps as long as Adam's, whatever the matrix's shape (`keras.optimizers.Muon`).

        θ ← θ − lr·λ·θ
        b ← β·b + g
        o = orthogonalize(g + β·b)
        θ ← θ − lr·0.2·√max(rows, columns)·o

    Keras calls 0.2 rms_rate. Parameters that are no matrices, and embeddings, it steps with Adam.
    """
    b = beta * b + g
    rows, columns = theta.shape
    o = 0.2 * max(rows, columns) ** 0.5 * orthogonalize(g + beta * b)
    return theta - lr * weight_decay * theta - lr * o, b
