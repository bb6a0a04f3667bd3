"""The bank: at least five questions for each of the chapters 01 to 12, with numbers of their own each time.

A question's numbers come from `rng`. Its answer is what the library computes; its way is arithmetic that stands
on paper, and both have to agree (`Asked.agree`, tests/test_exams.py).
"""

import numpy as np

from exams.asking import KNOWN, Asked, Rng, drawn, faulty, match, noisy, num, pick, question, run, walk
from lib.descend import descend, feed
from lib.dialects import torch_adam, torch_adamw
from lib.optimizers import (
    adadelta,
    adagrad,
    adam,
    adamax,
    adamw,
    amsgrad,
    gd,
    lamb,
    lion,
    momentum,
    nesterov,
    rmsprop,
    signsgd,
)
from lib.plotting import landscape
from lib.problems import linear_regression
from lib.schedules import cosine, linear_warmup, step_decay
from lib.surfaces import quadratic, turned_ravine
from lib.wrappers import clip_by_norm, lookahead

# 01 Gradient descent


@question("01", "arithmetic", 3)
def three_steps_down_a_parabola(rng: Rng) -> Asked:
    lam, part, x = (
        pick(rng, 2, 4, 5, 8, 10),
        pick(rng, -0.5, 0.2, 0.4, 0.5, 0.6, 0.8),
        pick(rng, 1, 2, 5, 10, -4),
    )
    lr = (1 - part) / lam
    got = run(quadratic(lam), [x], gd(lr=lr), 3)[:, 0]
    return Asked(
        f"f(x) = ½·{lam}·x². Gradient descent starts at x = {num(x)} with the rate {num(lr)}. Where is it after one, "
        "two and three steps?",
        num(got[1:]),
        f"A step multiplies x by 1 − ηλ = {num(part)}.",
        [(x * part ** np.arange(4), got)],
    )


@question("01", "arithmetic", 4)
def the_best_rate(rng: Rng) -> Asked:
    low, kappa, digits = pick(rng, 1, 2, 4, 5), pick(rng, 3, 4, 9, 19, 24, 39, 49, 99), pick(rng, 2, 3, 4, 6)
    best, factor = 2 / (low + low * kappa), (kappa - 1) / (kappa + 1)
    away = np.abs(run(quadratic(low, low * kappa), [1, 1], gd(lr=best), 2)).max(1)
    steps = int(np.ceil(digits * np.log(10) / -np.log(factor)))
    far = np.abs(run(quadratic(low, low * kappa), [1, 1], gd(lr=best), steps)).max(1)
    return Asked(
        f"A valley has the curvatures {low} and {low * kappa}. Which constant rate is best for gradient descent, by what "
        f"factor does it shrink the distance in a step, and how many steps make the distance 10^{digits} times as small?",
        f"η = {num(best)}, factor {num(factor)}, {steps} steps",
        "The best rate is 2/(λ_min + λ_max): both ends then have the factor (κ − 1)/(κ + 1), with opposite signs. "
        f"The steps are {digits}·ln 10/(−ln factor), rounded up.",
        [(factor, away[1]), (factor, away[2] / away[1]), (True, far[-1] <= 10.0**-digits < far[-2])],
    )


@question("01", "picture", 3)
def which_rate_made_which_curve(rng: Rng) -> Asked:
    lam = pick(rng, 2, 4, 5, 10)
    parts = [pick(rng, 0.03, 0.05), pick(rng, 0.8, 1.1), pick(rng, 1.9, 1.94), pick(rng, 2.02, 2.05)]
    curves = {f"η = {num(p / lam)}": run(quadratic(lam), [1], gd(lr=p / lam), 25)[:, 0] for p in parts}
    return match(
        rng,
        curves,
        f"Gradient descent on ½·{lam}·x² from x = 1, with four rates.",
        f"A step multiplies x by 1 − ηλ: {', '.join(num(1 - p) for p in parts)}. Near 1 it creeps; near 0 it is there "
        "at once; between −1 and 0 it swings and shrinks; below −1 it swings and grows.",
        xlabel="step",
        ylabel="x",
    )


@question("01", "bug", 4)
def a_loop_of_gradient_descent(rng: Rng) -> Asked:
    code = """def steps(x, lr, curvature, count):
    for _ in range(count):
        g = curvature * x
        x = x - lr * g
    return x"""
    x, lr, lam, count = (
        pick(rng, 1.0, 2.0, 5.0),
        pick(rng, 0.1, 0.2, 0.05),
        pick(rng, 2.0, 4.0, 6.0),
        pick(rng, 2, 3),
    )
    return faulty(
        rng,
        "gradient descent on ½·λ·x²",
        code,
        [
            ("x = x - lr * g", "x = x + lr * g", "The step goes against the gradient."),
            ("g = curvature * x", "g = curvature * x * x / 2", "That is the loss. Its slope is λx."),
            (
                "g = curvature * x",
                "g = curvature",
                "That is the curvature, the slope of the slope. The slope is λx.",
            ),
            ("x = x - lr * g", "x = x - lr / g", "The step is in proportion to the slope."),
            ("range(count)", "range(1, count)", "That is one step too few."),
            ("x = x - lr * g", "x = -lr * g", "The step is added to where x is."),
        ],
        {"x": x, "lr": lr, "curvature": lam, "count": count},
        run(quadratic(lam), [x], gd(lr=lr), count)[-1, 0],
        "x ← x − η·f′(x), `count` times",
    )


@question("01", "derive", 5)
def rates_that_quarter_the_loss(rng: Rng) -> Asked:
    lam, root = pick(rng, 1, 2, 4, 5, 10, 20), pick(rng, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8)
    ends = np.array([1 - root, 1 + root]) / lam
    loss = [descend(quadratic(lam), [3.0], gd(lr=lr), 1).loss.values for lr in ends]
    return Asked(
        f"f(x) = ½·{lam}·x². For which rates does every step of gradient descent multiply the loss by {num(root**2)} or "
        "less? Derive the interval.",
        f"{num(ends[0])} ≤ η ≤ {num(ends[1])}",
        f"x is multiplied by 1 − ηλ, so the loss by (1 − ηλ)². |1 − ηλ| ≤ {num(root)} gives (1 ∓ {num(root)})/λ.",
        [(root**2, after / before) for before, after in loss],
    )


# 02 Stochastic gradients


@question("02", "arithmetic", 4)
def the_floor_of_the_noise(rng: Rng) -> Asked:
    lam, part, sigma = pick(rng, 1, 2, 4, 5), pick(rng, 0.1, 0.2, 0.4, 0.5), pick(rng, 1, 2, 3)
    lr = part / lam
    floor = lr * sigma**2 / (lam * (2 - part))
    x = noisy(gd(lr=lr), lam, sigma, 0.0, 120)
    return Asked(
        f"f(x) = ½·{lam}·x², and each gradient comes with independent noise of standard deviation {sigma}. Gradient "
        f"descent with the rate {num(lr)} has run for long. What is the mean of x²? And of the loss?",
        f"{num(floor)}, and {num(lam * floor / 2)}",
        "x ← (1 − ηλ)x − ηξ. In rest V = (1 − ηλ)²V + η²σ², so V = ησ²/(λ(2 − ηλ)); the loss is λV/2.",
        [(floor, (x[60:] ** 2).mean())],
        0.05,
    )


@question("02", "arithmetic", 4)
def a_gradient_of_two_examples(rng: Rng) -> Asked:
    x, y = rng.integers(1, 5, 4), rng.integers(-3, 8, 4)
    y[0] += 3 * (y[0] == 2 * x[0])
    w, lr = 2.0, pick(rng, 0.1, 0.2, 0.5)
    each = x * (w * x - y)
    batch, full = each[:2].mean(), each.mean()
    given = [linear_regression(x[rows, None], y[rows]).grad([w])[0] for rows in (slice(2), slice(4))]
    return Asked(
        f"Fit y = w·x by half the mean of (wx − y)². The examples (x, y) are "
        f"{', '.join(f'({a}, {num(b)})' for a, b in zip(x, y, strict=True))}. At w = 2: what is the gradient, what is its "
        f"estimate from the first two examples, and where does a step of the rate {num(lr)} with the estimate lead?",
        f"gradient {num(full)}, estimate {num(given[0])}, w = {num(w - lr * given[0])}",
        f"Each example has the slope x·(wx − y): {num(each)}. The gradient is the mean of all, the estimate that of two.",
        [([batch, full], given), (w - lr * batch, walk(gd(lr=lr), [w], [given[:1]])[-1, 0])],
    )


@question("02", "picture", 3)
def which_batch_made_which_curve(rng: Rng) -> Asked:
    sizes, lam, lr = [1, pick(rng, 16, 25), 900], pick(rng, 1, 2), pick(rng, 0.1, 0.2)
    curves = {}
    for size in sizes:
        x = noisy(gd(lr=lr), lam, 2 / size**0.5, 9.0, 60)
        curves[f"batches of {size}"] = lam * (x**2).mean(1) / 2
    return match(
        rng,
        curves,
        "Mini-batch gradient descent with one rate and three sizes of batch; the mean loss of 400 runs.",
        "They fall alike, and stop at floors in proportion to the variance of the gradient, that is to 1/batch.",
        log=True,
        xlabel="step",
        ylabel="f",
    )


@question("02", "bug", 4)
def a_large_batch_in_pieces(rng: Rng) -> Asked:
    code = """def steps(w, pieces, lr):
    total, count = 0.0, 0
    for piece in pieces:
        for x, y in piece:
            total = total + x * (w * x - y)
        count = count + len(piece)
    return w - lr * total / count"""
    data = [(float(a), float(b)) for a, b in zip(rng.integers(1, 5, 3), rng.integers(5, 12, 3), strict=True)]
    lr = pick(rng, 0.1, 0.2, 0.5)
    gradient = linear_regression([[a] for a, _ in data], [b for _, b in data]).grad([1.0])
    return faulty(
        rng,
        "one step on a batch that comes in pieces",
        code,
        [
            (
                "count = count + len(piece)",
                "count = count + 1",
                "The mean is over examples, not over pieces.",
            ),
            ("count = count + len(piece)", "count = len(piece)", "That counts the last piece alone."),
            ("total = total + x", "total = x", "That keeps the last example alone."),
            ("x * (w * x - y)", "(w * x - y)", "The slope of ½(wx − y)² has the factor x."),
            ("x * (w * x - y)", "x * (y - w * x)", "The sign is turned: that climbs."),
        ],
        {"w": 1.0, "pieces": [data[:2], data[2:]], "lr": lr},
        1.0 - lr * gradient[0],
        "w ← w − η·mean of x·(wx − y) over all examples",
    )


@question("02", "derive", 5)
def a_rate_for_a_floor(rng: Rng) -> Asked:
    lam, sigma, wanted = pick(rng, 1, 2, 4), pick(rng, 1, 2, 3), pick(rng, 0.05, 0.1, 0.2, 0.4)
    lr = 2 * lam * wanted / (sigma**2 + lam**2 * wanted)
    x = noisy(gd(lr=lr), lam, sigma, 0.0, 600)
    return Asked(
        f"f(x) = ½·{lam}·x², with noise of standard deviation {sigma} on each gradient. Derive the constant rate for which "
        f"the mean of x² comes to rest at {num(wanted)}.",
        f"η = {num(lr)}",
        "V = (1 − ηλ)²V + η²σ² gives V = ησ²/(λ(2 − ηλ)). Solved for the rate: η = 2λV/(σ² + λ²V).",
        [(wanted, (x[200:] ** 2).mean())],
        0.05,
    )


# 03 Momentum


@question("03", "arithmetic", 3)
def three_steps_of_momentum(rng: Rng) -> Asked:
    beta, lr, g = (
        pick(rng, 0.5, 0.8, 0.9),
        pick(rng, 0.1, 0.2, 0.5),
        rng.integers(1, 6, 3) * [1, pick(rng, 1, -1), 1],
    )
    v = np.array([g[0], beta * g[0] + g[1], beta**2 * g[0] + beta * g[1] + g[2]])
    got = feed(momentum(lr=lr, beta=beta), g[:, None] * 1.0)[:, 0]
    return Asked(
        f"Momentum with η = {num(lr)} and β = {num(beta)} starts at rest, θ = 0. Its gradients are {num(g)}. What are its "
        "velocities and its points after each step?",
        f"v = {num(v)}; θ = {num(-np.cumsum(got))}",
        "v ← βv + g, then θ ← θ − ηv.",
        [(lr * v, got)],
    )


@question("03", "arithmetic", 3)
def how_long_until_it_is_fast(rng: Rng) -> Asked:
    beta, g, lr = pick(rng, 0.5, 0.75, 0.8, 0.9, 0.95), pick(rng, 1, 2, 4), pick(rng, 0.01, 0.1, 0.2)
    part = pick(rng, 0.5, 0.9)
    end, steps = lr * g / (1 - beta), int(np.ceil(np.log(1 - part) / np.log(beta) - 1e-9))
    got = feed(momentum(lr=lr, beta=beta), np.full((400, 1), float(g)))[:, 0]
    return Asked(
        f"On a slope whose gradient is {g} everywhere, momentum with η = {num(lr)} and β = {num(beta)} starts at rest. How "
        f"long do its steps become? Which step is the first to have {num(100 * part)} % of that length?",
        f"{num(end)}; step {steps}",
        f"The t-th step is ηg(1 − βᵗ)/(1 − β). 1 − βᵗ ≥ {num(part)} from t = ln {num(1 - part)}/ln β on.",
        [(end, got[-1]), (steps, 1 + int(np.argmax(got >= part * end * (1 - 1e-12))))],
        1e-6,
    )


@question("03", "picture", 4)
def which_memory_made_which_curve(rng: Rng) -> Asked:
    part = pick(rng, 0.04, 0.09, 0.16)
    critical = (1 - part**0.5) ** 2
    betas = [0.0, round(critical, 2), pick(rng, 0.93, 0.95)]
    curves = {f"β = {num(b)}": run(quadratic(1), [1], momentum(lr=part, beta=b), 60)[:, 0] for b in betas}
    return match(
        rng,
        curves,
        f"Momentum on ½x² from x = 1 at rest, η = {num(part)}, with three memories.",
        f"The critical value is (1 − √(ηλ))² = {num(critical)}: below it x creeps, above it x swings; at it x is there first.",
        xlabel="step",
        ylabel="x",
    )


@question("03", "bug", 4)
def a_loop_of_momentum(rng: Rng) -> Asked:
    code = """def steps(gradients, lr, beta):
    theta, v = 0.0, 0.0
    for g in gradients:
        v = beta * v + g
        theta = theta - lr * v
    return theta"""
    g = [float(n) for n in rng.integers(1, 6, 3)]
    lr, beta = pick(rng, 0.1, 0.2), pick(rng, 0.5, 0.8, 0.9)
    return faulty(
        rng,
        "momentum from rest, θ = 0",
        code,
        [
            ("v = beta * v + g", "v = beta * (v + g)", "The newest gradient enters whole."),
            ("v = beta * v + g", "v = beta * v - g", "The sign is turned twice: it climbs."),
            ("v = beta * v + g", "v = beta * v + (1 - beta) * g", "That is the mean; this rule keeps a sum."),
            ("v = beta * v + g", "v = beta * v + lr * g", "η enters twice; once is enough."),
            ("theta = theta - lr * v", "theta = theta - lr * g", "The velocity is never used."),
            ("v = beta * v + g", "v = beta + g", "What fades is the velocity: β·v."),
        ],
        {"gradients": g, "lr": lr, "beta": beta},
        walk(momentum(lr=lr, beta=beta), [0], [[n] for n in g])[-1, 0],
        "v ← βv + g, θ ← θ − ηv",
    )


@question("03", "derive", 6)
def the_edge_of_momentum(rng: Rng) -> Asked:
    lam, beta = pick(rng, 1, 2, 4, 5, 10), pick(rng, 0.3, 0.5, 0.6, 0.8, 0.9)
    edge = (2 + 2 * beta) / lam
    ends = [abs(run(quadratic(lam), [1], momentum(lr=edge * k, beta=beta), 300)[-1, 0]) for k in (0.96, 1.04)]
    return Asked(
        f"Momentum with β = {num(beta)} on ½·{lam}·x². Derive the rate above which it diverges. (Put x_t = zᵗ; at the edge "
        "a root is −1.) By what factor is this above the edge of gradient descent?",
        f"η = {num(edge)}, {num(1 + beta)} times as large",
        "x_{t+1} = (1 + β − ηλ)x_t − βx_{t−1} gives z² − (1 + β − ηλ)z + β = 0. z = −1: 2 + 2β = ηλ. Without memory: 2.",
        [(True, ends[0] < 1 < ends[1])],
    )


# 04 Nesterov


@question("04", "arithmetic", 3)
def two_steps_of_nesterov(rng: Rng) -> Asked:
    beta, lr, g = (
        pick(rng, 0.5, 0.8, 0.9),
        pick(rng, 0.1, 0.2, 0.5),
        rng.integers(1, 6, 2) * [1, pick(rng, 1, -1)],
    )
    v = np.array([g[0], beta * g[0] + g[1]])
    hand = lr * (g + beta * v)
    got = feed(nesterov(lr=lr, beta=beta), g[:, None] * 1.0)[:, 0]
    return Asked(
        f"Nesterov's method in the library's form, v ← βv + g and θ ← θ − η(g + βv), with η = {num(lr)}, β = {num(beta)}, "
        f"from θ = 0 at rest. The gradients are {num(g)}. Where is it after each step?",
        num(-np.cumsum(got)),
        f"v is {num(v)}, so the steps are {num(hand)}, downhill.",
        [(hand, got)],
    )


@question("04", "arithmetic", 4)
def how_many_steps_it_saves(rng: Rng) -> Asked:
    root, low, digits = pick(rng, 3, 4, 5, 10, 20), pick(rng, 1, 2, 5), pick(rng, 2, 3, 4)
    beta, rate = (root - 1) / (root + 1), 1 - 1 / root
    x = run(quadratic(low), [1], nesterov(lr=1 / (low * root**2), beta=beta), 400)[:, 0]
    steps = digits * np.log(10) / -np.log(rate)
    plain = digits * np.log(10) / -np.log(1 - 1 / root**2)
    return Asked(
        f"The curvatures lie between {low} and {low * root**2}. Nesterov's method has η = 1/L. Which β does its theory "
        f"give, and about how many steps does a factor 10^{digits} need, at the rate 1 − 1/√κ a step? And gradient "
        "descent with the same rate, at 1 − 1/κ a step?",
        f"β = {num(beta)}; about {steps:.0f} and {plain:.0f} steps",
        f"√κ = {root}. β = (√κ − 1)/(√κ + 1). Steps: {digits}·ln 10/(−ln ρ), with ρ = {num(rate)} and {num(1 - 1 / root**2)}.",
        [(rate, x[400] / x[399] / (1 + 1 / 400))],
        1e-3,
    )


@question("04", "picture", 4)
def which_method_swings_less(rng: Rng) -> Asked:
    beta, part = pick(rng, 0.85, 0.9), pick(rng, 0.25, 0.4)
    rules = {"gradient descent": gd(lr=part), "momentum": momentum(lr=part, beta=beta)}
    rules["Nesterov"] = nesterov(lr=part, beta=beta)
    curves = {name: run(quadratic(1), [1], rule, 40)[:, 0] for name, rule in rules.items()}
    return match(
        rng,
        curves,
        f"Three methods on ½x² from x = 1, all with η = {num(part)}; two with β = {num(beta)}.",
        "Without memory x never swings. Both others do; Nesterov's swings fade faster, its memory being β(1 − ηλ) here.",
        xlabel="step",
        ylabel="x",
    )


@question("04", "bug", 4)
def a_loop_of_nesterov(rng: Rng) -> Asked:
    code = """def steps(gradients, lr, beta):
    theta, v = 0.0, 0.0
    for g in gradients:
        v = beta * v + g
        theta = theta - lr * (g + beta * v)
    return theta"""
    g = [float(n) for n in rng.integers(1, 6, 3)]
    lr, beta = pick(rng, 0.1, 0.2), pick(rng, 0.5, 0.8, 0.9)
    return faulty(
        rng,
        "Nesterov's method from rest, θ = 0",
        code,
        [
            ("lr * (g + beta * v)", "lr * v", "That is momentum; nothing looks ahead."),
            ("lr * (g + beta * v)", "lr * (v + beta * g)", "β stands at the velocity."),
            ("lr * (g + beta * v)", "lr * (g + v)", "The velocity is to fade by β once more."),
            ("v = beta * v + g", "v = beta * v - g", "The sign is turned: the velocity climbs."),
            ("v = beta * v + g", "v = beta * v + lr * g", "η enters the velocity a second time."),
        ],
        {"gradients": g, "lr": lr, "beta": beta},
        walk(nesterov(lr=lr, beta=beta), [0], [[n] for n in g])[-1, 0],
        "v ← βv + g, θ ← θ − η(g + βv)",
    )


@question("04", "derive", 6)
def the_edge_of_nesterov(rng: Rng) -> Asked:
    lam, beta = pick(rng, 1, 2, 4, 5, 10), pick(rng, 0.3, 0.5, 0.6, 0.8, 0.9)
    edge = (2 + 2 * beta) / (1 + 2 * beta) / lam
    ends = [abs(run(quadratic(lam), [1], nesterov(lr=edge * k, beta=beta), 300)[-1, 0]) for k in (0.96, 1.04)]
    return Asked(
        f"Nesterov's method on ½·{lam}·x² obeys z² − (1 + β)(1 − ηλ)z + β(1 − ηλ) = 0. β = {num(beta)}. Derive the rate at "
        "which a root is −1, and say which is larger: this edge, that of momentum or that of gradient descent.",
        f"η = {num(edge)}; momentum's edge {num((2 + 2 * beta) / lam)} is the largest, then gradient descent's {num(2 / lam)}",
        "z = −1: 1 + (1 + 2β)(1 − ηλ) = 0, so ηλ = (2 + 2β)/(1 + 2β), which is below 2 and far below 2 + 2β.",
        [(True, ends[0] < 1 < ends[1])],
    )


# 05 AdaGrad

TRIPLES = [(3, 4, 12, 13), (2, 6, 9, 11), (1, 4, 8, 9), (2, 3, 6, 7), (6, 8, 24, 26), (1, 2, 2, 3)]


@question("05", "arithmetic", 3)
def three_steps_of_adagrad(rng: Rng) -> Asked:
    a, b, c, d = pick(rng, *TRIPLES)
    signs, lr = np.array([1, pick(rng, 1, -1), pick(rng, 1, -1)]), pick(rng, 0.1, 0.5, 1, 2)
    g = np.array([a, b, c]) * signs
    hand = lr * g / np.array([a, np.hypot(a, b), d])
    got = feed(adagrad(lr=lr, eps=0.0), g[:, None] * 1.0)[:, 0]
    return Asked(
        f"AdaGrad with η = {num(lr)} (ε = 0) gets the gradients {num(g)}. What does its sum s become, and how long is each "
        "step?",
        f"s = {num(np.cumsum(g**2))}; steps {num(got)} (downhill positive)",
        "s ← s + g², step = ηg/√s.",
        [(hand, got)],
    )


@question("05", "arithmetic", 3)
def a_rare_word(rng: Rng) -> Asked:
    often, seldom, lr = pick(rng, 100, 400, 900), pick(rng, 1, 4, 9, 16, 25), pick(rng, 0.1, 0.5, 1)
    got = [feed(adagrad(lr=lr, eps=0.0), np.ones((n + 1, 1)))[-1, 0] for n in (often, seldom)]
    hand = [lr / np.sqrt(n + 1) for n in (often, seldom)]
    return Asked(
        f"A word has been seen {often} times, another {seldom} times; each time its gradient was 1. AdaGrad has η = {num(lr)}. "
        "How long is the next step of each, when it is seen once more with the gradient 1? By what factor do they differ?",
        f"{num(got[0])} and {num(got[1])}; {num(got[1] / got[0])}",
        "s counts the times, the new one too: the step is η/√(n + 1). The factor is √((n₁ + 1)/(n₂ + 1)).",
        [(hand, got)],
    )


@question("05", "picture", 3)
def whose_steps_are_these(rng: Rng) -> Asked:
    lr, rho = pick(rng, 0.1, 0.2), pick(rng, 0.9, 0.8)
    grads = np.full((60, 1), float(pick(rng, 1, 2)))
    rules = {
        "AdaGrad": adagrad(lr=lr),
        "RMSprop": rmsprop(lr=lr, rho=rho),
        "signSGD": signsgd(lr=lr * pick(rng, 0.5, 0.6)),
    }
    curves = {name: (np.arange(1, 61), feed(rule, grads)[:, 0]) for name, rule in rules.items()}
    return match(
        rng,
        curves,
        "The lengths of the steps of three rules under a constant gradient.",
        "AdaGrad's sum grows, so its steps fall as 1/√t for ever. RMSprop's mean starts at 0: its first step is too long, "
        "then all are η. The sign's steps are all alike from the first.",
        xlabel="step",
        ylabel="length of the step",
    )


@question("05", "bug", 4)
def a_loop_of_adagrad(rng: Rng) -> Asked:
    code = """def steps(gradients, lr):
    theta, s = 0.0, 0.0
    for g in gradients:
        s = s + g**2
        theta = theta - lr * g / s**0.5
    return theta"""
    g, lr = [float(n) for n in pick(rng, *TRIPLES)[:3]], pick(rng, 0.1, 0.5, 2.0)
    return faulty(
        rng,
        "AdaGrad from θ = 0 (ε = 0)",
        code,
        [
            ("s = s + g**2", "s = g**2", "Nothing is summed: each step is η, with the sign of g."),
            ("s = s + g**2", "s = s + g", "The squares are summed, not the gradients."),
            ("g / s**0.5", "g / s", "The root is missing: the units are those of 1/g."),
            ("lr * g / s**0.5", "lr / s**0.5", "The gradient is missing: all steps go one way."),
            ("theta - lr", "theta + lr", "The step goes against the gradient."),
        ],
        {"gradients": g, "lr": lr},
        walk(adagrad(lr=lr, eps=0.0), [0], [[n] for n in g])[-1, 0],
        "s ← s + g², θ ← θ − ηg/√s",
    )


@question("05", "derive", 6)
def the_rate_in_hindsight(rng: Rng) -> Asked:
    (a, b, c, d), width = pick(rng, *TRIPLES), pick(rng, 1, 2, 4, 5)
    best, bound = width / d, width * d
    last = feed(adagrad(lr=width, eps=0.0), [[float(a)], [float(b)], [float(c)]])[-1, 0]
    return Asked(
        f"The regret of one constant rate in a box of width D = {width} is at most D²/(2η) + (η/2)·Σg². The gradients were "
        f"{a}, {b}, {c}. Derive the η that makes this smallest, and what it then is. Which rule has that rate, as if it had "
        "known?",
        f"η = {num(best)}, bound {num(bound)}; AdaGrad with η = D, at its last step",
        f"The derivative −D²/(2η²) + Σg²/2 is 0 at η = D/√Σg² = {width}/{d}. Both parts are then D√Σg²/2.",
        [(best * c, last), (bound, width**2 / 2 / best + best / 2 * (a * a + b * b + c * c))],
    )


# 06 RMSprop


@question("06", "arithmetic", 3)
def two_steps_of_rmsprop(rng: Rng) -> Asked:
    rho, lr, g = (
        pick(rng, 0.5, 0.75, 0.84, 0.9),
        pick(rng, 0.1, 0.2, 1),
        rng.integers(1, 6, 2) * [1, pick(rng, 1, -1)],
    )
    v = np.array([(1 - rho) * g[0] ** 2, rho * (1 - rho) * g[0] ** 2 + (1 - rho) * g[1] ** 2])
    got = feed(rmsprop(lr=lr, rho=rho, eps=0.0), g[:, None] * 1.0)[:, 0]
    return Asked(
        f"RMSprop with η = {num(lr)}, ρ = {num(rho)}, ε = 0 and v = 0 gets the gradients {num(g)}. What are v and the step, "
        "each time?",
        f"v = {num(v)}; steps {num(got)} (downhill positive)",
        "v ← ρv + (1 − ρ)g², step = ηg/√v. The first is η/√(1 − ρ), whatever g is.",
        [(lr * g / np.sqrt(v), got)],
    )


@question("06", "arithmetic", 4)
def how_long_a_burst_is_remembered(rng: Rng) -> Asked:
    rho, burst = pick(rng, 0.5, 0.8, 0.9, 0.95), pick(rng, 10, 20, 50, 100)
    ratio = pick(rng, 2, 4)
    steps = int(np.ceil(np.log((ratio - 1) / (burst**2 - 1)) / np.log(rho)))
    got = feed(rmsprop(lr=1.0, rho=rho, eps=0.0), np.ones((400, 1)), v=np.array([float(burst**2)]))[:, 0]
    return Asked(
        f"RMSprop with ρ = {num(rho)} and η = 1 has v = {burst**2} after a burst; from then on every gradient is 1. After how "
        f"many steps has v fallen to {ratio} or less? How long is a step then, at v = {ratio}?",
        f"{steps} steps; {num(ratio**-0.5)}",
        f"v − 1 is multiplied by ρ each time: 1 + ρᵗ·{burst**2 - 1} ≤ {ratio}. The step is 1/√v.",
        [(steps, 1 + int(np.argmax(got >= ratio**-0.5)))],
    )


@question("06", "picture", 3)
def which_memory_after_a_burst(rng: Rng) -> Asked:
    burst, lr = pick(rng, 10.0, 20.0, 30.0), pick(rng, 0.1, 1.0)
    g = np.ones((80, 1))
    g[10] = burst
    rhos = [pick(rng, 0.5, 0.6), 0.9, pick(rng, 0.98, 0.99)]
    start = np.ones(1)
    curves = {
        f"ρ = {num(r)}": (np.arange(1, 81), feed(rmsprop(lr=lr, rho=r), g, v=start)[:, 0]) for r in rhos
    }
    return match(
        rng,
        curves,
        f"RMSprop's steps: every gradient is 1, the eleventh alone is {num(burst)}. Three memories.",
        "A short memory makes the burst's own step small (at most η/√(1 − ρ)) and forgets at once; a long one lets it "
        "through, and is slow for about 1/(1 − ρ) steps and more.",
        xlabel="step",
        ylabel="length of the step",
    )


@question("06", "bug", 4)
def a_loop_of_rmsprop(rng: Rng) -> Asked:
    code = """def steps(gradients, lr, rho):
    theta, v = 0.0, 0.0
    for g in gradients:
        v = rho * v + (1 - rho) * g**2
        theta = theta - lr * g / v**0.5
    return theta"""
    g, lr, rho = [float(n) for n in rng.integers(2, 7, 3)], pick(rng, 0.1, 0.5), pick(rng, 0.75, 0.9, 0.96)
    return faulty(
        rng,
        "RMSprop from θ = 0 (ε = 0)",
        code,
        [
            ("(1 - rho) * g**2", "g**2", "That is a sum. A mean gives the new square the weight 1 − ρ."),
            ("v = rho * v + (1 - rho) * g**2", "v = (1 - rho) * v + rho * g**2", "ρ is the part that stays."),
            ("(1 - rho) * g**2", "(1 - rho) * g", "The mean is of squares."),
            ("g / v**0.5", "g / v", "The root is missing."),
            ("theta - lr", "theta + lr", "The step goes against the gradient."),
        ],
        {"gradients": g, "lr": lr, "rho": rho},
        walk(rmsprop(lr=lr, rho=rho, eps=0.0), [0], [[n] for n in g])[-1, 0],
        "v ← ρv + (1 − ρ)g², θ ← θ − ηg/√v",
    )


@question("06", "derive", 5)
def where_rmsprop_hovers(rng: Rng) -> Asked:
    lr, lam, rho = pick(rng, 0.01, 0.02, 0.1, 0.2), pick(rng, 1, 2, 10, 50), pick(rng, 0.5, 0.9)
    x = run(quadratic(lam), [3.3 * lr], rmsprop(lr=lr, rho=rho, eps=0.0), 400)[-1, 0]
    return Asked(
        f"RMSprop with η = {num(lr)} runs on ½·{lam}·x² for long and ends by jumping between x and −x. Derive |x|, and the "
        "loss that is left. What would you change to halve |x|?",
        f"|x| = {num(lr / 2)}, loss {num(lam * lr**2 / 8)}; halve η (λ and ρ do not matter for |x|)",
        "|g| is λ|x| at both ends, so √v = λ|x| and the step is η. It leads from x to −x: 2|x| = η.",
        [(lr / 2, abs(x))],
        1e-3,
    )


# 07 Adadelta


@question("07", "arithmetic", 3)
def the_first_step_of_adadelta(rng: Rng) -> Asked:
    root, rho, g = (
        pick(rng, 0.001, 0.002, 0.003, 0.004),
        pick(rng, 0.75, 0.84, 0.91, 0.96, 0.99),
        pick(rng, 2, 5, 10, 40),
    )
    got = feed(adadelta(rho=rho, eps=root**2), [[float(g)]])[0, 0]
    hand = root / (1 - rho) ** 0.5
    return Asked(
        f"Adadelta has ρ = {num(rho)}, ε = {num(root**2)}, and starts with v = u = 0. Its first gradient is {g}. How long is "
        f"the first step? And if the gradient were {10 * g}? (ε is small beside (1 − ρ)g².)",
        f"{num(hand, 3)} both times",
        "√ε/√((1 − ρ)g² + ε)·g ≈ √(ε/(1 − ρ)): the gradient cancels.",
        [(hand, got), (hand, feed(adadelta(rho=rho, eps=root**2), [[10.0 * g]])[0, 0])],
        1e-3,
    )


@question("07", "arithmetic", 4)
def other_units(rng: Rng) -> Asked:
    s, lr = pick(rng, 2, 5, 10, 20, 50, 100, 1000), pick(rng, 0.1, 0.5)
    old, new = (
        [feed(rule, [[g]])[0, 0] for rule in (gd(lr=lr), rmsprop(lr=lr, eps=0.0))] for g in (3.0, 3.0 / s)
    )
    return Asked(
        f"θ was measured in metres and is now measured in units of 1/{s} m, so its numbers are {s} times as large; the loss "
        "is the same. By what factor does the number change that stands for: the gradient; a step of gradient descent; a "
        f"step of RMSprop (same η = {num(lr)}, ε = 0)? By what factor should a step change?",
        f"gradient 1/{s}, gradient descent 1/{s}, RMSprop 1; it should be {s}",
        f"g is loss per θ. Gradient descent's step is ηg; RMSprop's is η·g/√v, without unit; a length is {s} times as many.",
        [(1 / s, new[0] / old[0]), (1, new[1] / old[1])],
    )


@question("07", "picture", 3)
def which_epsilon_on_a_ramp(rng: Rng) -> Asked:
    g = float(pick(rng, 1, 3, 10))
    small = pick(rng, 1e-7, 1e-8)
    rho = pick(rng, 0.9, 0.95)
    grads = np.full((200, 1), g)
    curves = {}
    for eps in (small, 10 * small, 100 * small):
        curves[f"ε = {num(eps, 1)}"] = np.cumsum(feed(adadelta(rho=rho, eps=eps), grads)[:, 0])
    return match(
        rng,
        curves,
        "The way that Adadelta has gone on a ramp, where the gradient is the same everywhere, with three ε.",
        "u grows by (1 − ρ)ε a step, so the way is in proportion to √ε: ten times the ε goes √10 = 3.2 times as far.",
        log=True,
        xlabel="step",
        ylabel="way",
    )


@question("07", "bug", 4)
def a_loop_of_adadelta(rng: Rng) -> Asked:
    code = """def steps(gradients, rho, eps):
    theta, v, u = 0.0, 0.0, 0.0
    for g in gradients:
        v = rho * v + (1 - rho) * g**2
        delta = -((u + eps) / (v + eps)) ** 0.5 * g
        u = rho * u + (1 - rho) * delta**2
        theta = theta + delta
    return theta"""
    g = [float(n) for n in rng.integers(1, 5, 3)]
    rho, eps = pick(rng, 0.5, 0.75, 0.9), pick(rng, 0.01, 0.04)
    return faulty(
        rng,
        "Adadelta from θ = 0",
        code,
        [
            ("delta = -(", "delta = (", "Without the sign it walks uphill, as optax.adadelta() does."),
            (
                "(1 - rho) * delta**2",
                "(1 - rho) * g**2",
                "u is the mean of squared steps; v has the gradients.",
            ),
            ("delta = -((u + eps)", "delta = -(u", "Without ε at u, which starts at 0, nothing ever moves."),
            ("(v + eps)) ** 0.5", "(v + eps))", "Without the root the units are wrong."),
            ("theta = theta + delta", "theta = theta - delta", "Δ has its sign already."),
        ],
        {"gradients": g, "rho": rho, "eps": eps},
        walk(adadelta(rho=rho, eps=eps), [0], [[n] for n in g])[-1, 0],
        "v ← ρv + (1 − ρ)g², Δ = −√(u + ε)/√(v + ε)·g, u ← ρu + (1 − ρ)Δ², θ ← θ + Δ",
    )


@question("07", "derive", 6)
def how_the_steps_grow(rng: Rng) -> Asked:
    root, rho, t = pick(rng, 0.001, 0.002, 0.004), pick(rng, 0.9, 0.95, 0.99), pick(rng, 100, 300, 500, 1000)
    g = 100.0
    got = feed(adadelta(rho=rho, eps=root**2), np.full((t + 1, 1), g), v=np.array([g * g]))[:, 0]
    step = root * (1 + t * (1 - rho)) ** 0.5
    return Asked(
        f"On a ramp the gradient is g everywhere, and v = g² already; u starts at 0. Adadelta has ρ = {num(rho)} and "
        f"ε = {num(root**2)}. Derive how u grows from step to step (ε is small beside g²), and how long step {t + 1} is.",
        f"u grows by (1 − ρ)ε a step; step {t + 1} is {num(got[-1])} long",
        "Δ² = (u + ε)g²/(g² + ε) ≈ u + ε, so u ← ρu + (1 − ρ)(u + ε) = u + (1 − ρ)ε. After t steps √(u + ε) = √ε·√(1 + t(1 − ρ)).",
        [(step, got[-1])],
        1e-6,
    )


# 08 Adam


@question("08", "arithmetic", 4)
def two_steps_of_adam(rng: Rng) -> Asked:
    b1, b2 = pick(rng, (0.5, 0.75), (0.8, 0.9), (0.9, 0.99), (0.5, 0.5))
    lr, g = pick(rng, 0.1, 0.2, 1), rng.integers(1, 6, 2) * [1, pick(rng, 1, -1)]
    m = np.array([(1 - b1) * g[0], b1 * (1 - b1) * g[0] + (1 - b1) * g[1]])
    v = np.array([(1 - b2) * g[0] ** 2, b2 * (1 - b2) * g[0] ** 2 + (1 - b2) * g[1] ** 2])
    m_hat, v_hat = m / (1 - b1 ** np.array([1, 2])), v / (1 - b2 ** np.array([1, 2]))
    got = feed(adam(lr=lr, beta1=b1, beta2=b2, eps=0.0), g[:, None] * 1.0)[:, 0]
    return Asked(
        f"Adam with η = {num(lr)}, β₁ = {num(b1)}, β₂ = {num(b2)}, ε = 0 gets the gradients {num(g)}. What are m̂, v̂ and the "
        "step, each time?",
        f"m̂ = {num(m_hat)}; v̂ = {num(v_hat)}; steps {num(got)} (downhill positive)",
        "m and v are the two fading means, divided by 1 − β₁ᵗ and 1 − β₂ᵗ; the step is ηm̂/√v̂.",
        [(lr * m_hat / np.sqrt(v_hat), got)],
    )


@question("08", "arithmetic", 4)
def one_gradient_and_then_silence(rng: Rng) -> Asked:
    b1, b2 = pick(rng, (0.5, 0.75), (0.8, 0.9), (0.9, 0.99), (0.5, 0.96))
    lr, t, g = pick(rng, 0.1, 1), pick(rng, 2, 3), pick(rng, 1, 4, -3)
    hand = lr * np.sign(g) * b1 ** (t - 1) * (1 - b1) / (1 - b1**t)
    hand /= (b2 ** (t - 1) * (1 - b2) / (1 - b2**t)) ** 0.5
    got = feed(adam(lr=lr, beta1=b1, beta2=b2, eps=0.0), [[float(g)], *([[0.0]] * (t - 1))])[-1, 0]
    return Asked(
        f"Adam with η = {num(lr)}, β₁ = {num(b1)}, β₂ = {num(b2)}, ε = 0 sees the gradient {num(g)} once, then only 0. How "
        f"long is step {t}, and which way?",
        f"{num(got)} (downhill positive)",
        f"m̂ = β₁ᵗ⁻¹(1 − β₁)g/(1 − β₁ᵗ), v̂ = β₂ᵗ⁻¹(1 − β₂)g²/(1 − β₂ᵗ) at t = {t}; |g| cancels.",
        [(hand, got)],
    )


@question("08", "picture", 3)
def which_first_memory(rng: Rng) -> Asked:
    lr, lam = pick(rng, 0.1, 0.12), pick(rng, 1, 5)
    betas = [0.0, pick(rng, 0.9, 0.92), pick(rng, 0.98, 0.99)]
    curves = {f"β₁ = {num(b)}": run(quadratic(lam), [1], adam(lr=lr, beta1=b), 60)[:, 0] for b in betas}
    return match(
        rng,
        curves,
        f"Adam on ½·{lam}·x² from x = 1, η = {num(lr)}, with three first memories.",
        "All begin with steps of η. Without memory it stops where the slope turns; the longer the memory, the further it "
        "runs past.",
        xlabel="step",
        ylabel="x",
    )


@question("08", "bug", 5)
def a_loop_of_adam(rng: Rng) -> Asked:
    code = """def steps(gradients, lr, beta1, beta2):
    theta, m, v = 0.0, 0.0, 0.0
    for t, g in enumerate(gradients, start=1):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        m_hat = m / (1 - beta1**t)
        v_hat = v / (1 - beta2**t)
        theta = theta - lr * m_hat / v_hat**0.5
    return theta"""
    g = [float(n) for n in rng.integers(1, 6, 3)]
    g[1] += 1.0 * (g[1] == g[0])
    lr, (b1, b2) = pick(rng, 0.1, 0.5), pick(rng, (0.5, 0.75), (0.8, 0.9), (0.9, 0.99))
    return faulty(
        rng,
        "Adam from θ = 0 (ε = 0)",
        code,
        [
            ("start=1", "start=2", "The first step is t = 1; with 2 the corrections are too weak."),
            ("(1 - beta1**t)", "(1 - beta1)", "The correction is 1 − β₁ᵗ: it fades with t."),
            (
                "v_hat = v / (1 - beta2**t)",
                "v_hat = v",
                "v starts at 0 and is not corrected: the steps are too long.",
            ),
            (
                "(1 - beta2) * g**2",
                "(1 - beta2) * m**2",
                "v is the mean of squared gradients, not of squared means.",
            ),
            ("lr * m_hat / v_hat**0.5", "lr * g / v_hat**0.5", "The first memory is never used."),
            (
                "m = beta1 * m + (1 - beta1) * g",
                "m = beta1 * m + g",
                "That is a sum; the correction is for a mean.",
            ),
        ],
        {"gradients": g, "lr": lr, "beta1": b1, "beta2": b2},
        walk(adam(lr=lr, beta1=b1, beta2=b2, eps=0.0), [0], [[n] for n in g])[-1, 0],
        "m and v the means of g and g², m̂ = m/(1 − β₁ᵗ), v̂ = v/(1 − β₂ᵗ), θ ← θ − ηm̂/√v̂",
    )


@question("08", "derive", 6)
def the_step_after_a_long_silence(rng: Rng) -> Asked:
    b1, b2 = pick(rng, 0.0, 0.5, 0.8, 0.9), pick(rng, 0.99, 0.9975, 0.9996, 0.9999)
    lr, g = pick(rng, 0.001, 0.01, 0.1), pick(rng, 2, 5, 100)
    got = feed(adam(lr=lr, beta1=b1, beta2=b2, eps=0.0), [[float(g)]], t=10**6)[0, 0]
    return Asked(
        f"Adam with η = {num(lr)}, β₁ = {num(b1)}, β₂ = {num(b2)}, ε = 0 has seen gradients of 0 for very long, so m = v = 0 "
        f"and the corrections are 1. Now comes the gradient {g}. Derive the length of this step. When is it longer than η?",
        f"{num(got)}; when 1 − β₁ > √(1 − β₂)",
        "m = (1 − β₁)g, v = (1 − β₂)g², so the step is η(1 − β₁)/√(1 − β₂), whatever g is.",
        [(lr * (1 - b1) / (1 - b2) ** 0.5, got)],
        1e-6,
    )


# 09 AMSGrad


@question("09", "arithmetic", 4)
def three_steps_of_amsgrad(rng: Rng) -> Asked:
    b2, lr = pick(rng, 0.5, 0.75, 0.8), pick(rng, 0.1, 1)
    g = np.array([pick(rng, 1, 2), pick(rng, 4, 6, 8), pick(rng, -1, 1, 2)])
    v = np.array([(1 - b2) * g[0] ** 2, 0.0, 0.0])
    for i in (1, 2):
        v[i] = b2 * v[i - 1] + (1 - b2) * g[i] ** 2
    top = np.array([v[0], max(v[:2]), max(v)])
    got = feed(amsgrad(lr=lr, beta1=0.0, beta2=b2, eps=0.0), g[:, None] * 1.0)[:, 0]
    return Asked(
        f"AMSGrad without a first memory (β₁ = 0), β₂ = {num(b2)}, η = {num(lr)}, ε = 0, gets the gradients {num(g)}. What are "
        "v, its maximum and the step, each time?",
        f"v = {num(v)}; maximum {num(top)}; steps {num(got)} (downhill positive)",
        "v ← β₂v + (1 − β₂)g², v̂ ← max(v̂, v), step = ηg/√v̂. There is no correction.",
        [(lr * g / np.sqrt(top), got)],
    )


@question("09", "arithmetic", 4)
def adamax_is_a_maximum_that_fades(rng: Rng) -> Asked:
    b2, lr, big = pick(rng, 0.5, 0.8, 0.9), pick(rng, 0.1, 0.5, 1), pick(rng, 4, 5, 10)
    g = np.array([big, 1.0, pick(rng, 1, 2, 3)])
    u = [big, max(b2 * big, 1), max(b2 * max(b2 * big, 1), g[2])]
    got = feed(adamax(lr=lr, beta1=0.0, beta2=b2, eps=0.0), g[:, None])[:, 0]
    return Asked(
        f"AdaMax without a first memory (β₁ = 0), β₂ = {num(b2)}, η = {num(lr)}, ε = 0, gets the gradients {num(g)}. What are u "
        "and the step, each time?",
        f"u = {num(u)}; steps {num(got)} (downhill positive)",
        "u ← max(β₂u, |g|), step = ηg/u. Unlike AMSGrad's, this maximum fades.",
        [(lr * g / np.array(u), got)],
    )


@question("09", "picture", 4)
def who_walks_the_wrong_way(rng: Rng) -> Asked:
    n, lr = pick(rng, 4, 5, 6), 0.01
    shout = float(n + pick(rng, 0, 1))
    g = np.tile([shout, *[-1.0] * (n - 1)], 60)[:, None]
    b2 = pick(rng, 0.3, 0.5)
    rules = {
        "gradient descent": gd(lr=lr / 2),
        "Adam": adam(lr=lr, beta1=0.0, beta2=b2),
        "AMSGrad": amsgrad(lr=lr, beta1=0.0, beta2=b2),
    }
    curves = {name: walk(rule, [0], g)[:, 0] for name, rule in rules.items()}
    return match(
        rng,
        curves,
        f"The gradient is {num(shout)} once, then −1 for {n - 1} steps, over and over; the mean is positive, so down is to "
        f"the left. Gradient descent, and Adam and AMSGrad with β₁ = 0, β₂ = {num(b2)}.",
        "Adam divides the shout by its own size and the whispers by little: it walks up. AMSGrad divides all by nearly the "
        "same and walks down, slowly; gradient descent goes down by the sum, in large jumps.",
        xlabel="step",
        ylabel="θ",
    )


@question("09", "bug", 4)
def a_loop_of_amsgrad(rng: Rng) -> Asked:
    code = """def steps(gradients, lr, beta2):
    theta, v, largest = 0.0, 0.0, 0.0
    for g in gradients:
        v = beta2 * v + (1 - beta2) * g**2
        largest = max(largest, v)
        theta = theta - lr * g / largest**0.5
    return theta"""
    g = [1.0, float(pick(rng, 5, 6, 8)), 1.0, float(pick(rng, 2, 3))]
    lr, b2 = pick(rng, 0.1, 0.5), pick(rng, 0.5, 0.75)
    return faulty(
        rng,
        "AMSGrad with β₁ = 0, from θ = 0 (ε = 0)",
        code,
        [
            ("lr * g / largest**0.5", "lr * g / v**0.5", "The maximum is never used: that is RMSprop."),
            (
                "largest = max(largest, v)",
                "largest = max(largest, g**2)",
                "The maximum is of v, not of the squares.",
            ),
            ("largest = max(largest, v)", "v = largest = max(largest, v)", "v itself has to go on fading."),
            (
                "largest = max(largest, v)",
                "largest = largest + v",
                "That is a sum; the rule keeps the largest.",
            ),
            ("v = beta2 * v + (1 - beta2) * g**2", "v = beta2 * v + g**2", "That is a sum; v is a mean."),
        ],
        {"gradients": g, "lr": lr, "beta2": b2},
        walk(amsgrad(lr=lr, beta1=0.0, beta2=b2, eps=0.0), [0], [[n] for n in g])[-1, 0],
        "v ← β₂v + (1 − β₂)g², v̂ ← max(v̂, v), θ ← θ − ηg/√v̂",
    )


@question("09", "derive", 6)
def what_is_never_forgiven(rng: Rng) -> Asked:
    b2, spike, lr = pick(rng, 0.99, 0.96, 0.9975, 0.999), pick(rng, 10, 20, 50, 100), pick(rng, 0.01, 0.1, 1)
    one = np.ones(1)
    g = np.array([[float(spike)], *[[1.0]] * 60])
    opt = amsgrad(lr=lr, beta1=0.0, beta2=b2, eps=0.0)
    got = feed(opt, g, v=one, v_max=one.copy())[:, 0]
    hand = lr / (1 + (1 - b2) * (spike**2 - 1)) ** 0.5
    return Asked(
        f"AMSGrad with β₁ = 0, β₂ = {num(b2)}, η = {num(lr)} has seen gradients of 1 for long: v = v̂ = 1. One gradient is "
        f"{spike}, then all are 1 again. Derive the length of every later step, and what it would be without the spike.",
        f"{num(got[-1])}, for ever; {num(lr)} without it",
        "At the spike v = β₂ + (1 − β₂)G² = 1 + (1 − β₂)(G² − 1). v falls again, its maximum does not: the step is η/√v̂.",
        [(hand, got[1]), (hand, got[-1])],
    )


# 10 AdamW


@question("10", "arithmetic", 4)
def the_first_step_with_decay(rng: Rng) -> Asked:
    theta, g = pick(rng, 2, 4, -5, 10), pick(rng, 1, 3, -2)
    lr, lam = pick(rng, 0.01, 0.1), pick(rng, 0.1, 0.2, 0.5)
    g = g + 0.25 * (abs(g + lam * theta) < 1e-9)
    got = [
        walk(r(lr=lr, weight_decay=lam, eps=0.0), [theta], [[g]])[-1, 0] for r in (torch_adam, torch_adamw)
    ]
    hand = [theta - lr * np.sign(g + lam * theta), theta * (1 - lr * lam) - lr * np.sign(g)]
    return Asked(
        f"θ = {num(theta)}, the first gradient is {num(g)}, η = {num(lr)}, weight decay λ = {num(lam)}, ε = 0. Where does the "
        "first step lead with Adam and L2 (λθ added to the gradient), and with AdamW (the frameworks' form: decay by ηλθ)?",
        f"L2: {num(got[0], 6)}; AdamW: {num(got[1], 6)}",
        "Adam's first step is η·sign. With L2 the decay is inside the sign, and its size is lost; AdamW subtracts ηλθ beside it.",
        [(hand, got)],
    )


@question("10", "arithmetic", 3)
def how_long_a_weight_lives(rng: Rng) -> Asked:
    lr, lam, steps = pick(rng, 0.001, 0.01), pick(rng, 0.1, 0.5, 1), pick(rng, 100, 500, 1000)
    got = walk(torch_adamw(lr=lr, weight_decay=lam), [1.0], np.zeros((steps, 1)))[-1, 0]
    half = np.log(2) / -np.log(1 - lr * lam)
    return Asked(
        f"A weight is never used: its gradient is 0. AdamW (the frameworks' form) has η = {num(lr)} and λ = {num(lam)}. What "
        f"part of the weight is left after {steps} steps? After how many steps is half of it left?",
        f"{num(got)}; {half:.0f} steps",
        "Each step multiplies it by 1 − ηλ. Half is left after ln 2/(−ln(1 − ηλ)), about 0.693/(ηλ), steps.",
        [((1 - lr * lam) ** steps, got)],
    )


@question("10", "picture", 4)
def which_decay_made_which_curve(rng: Rng) -> Asked:
    lr, lam = 0.002, pick(rng, 0.5, 1.0, 2.0)
    g = rng.normal(size=(500, 1)) * pick(rng, 3, 5)
    rules = {
        "Adam without decay": adam(lr=lr),
        "Adam with L2": torch_adam(lr=lr, weight_decay=lam),
        "AdamW": torch_adamw(lr=lr, weight_decay=lam),
    }
    start = pick(rng, 2.0, 3.0)
    curves = {name: walk(rule, [start], g)[:, 0] for name, rule in rules.items()}
    return match(
        rng,
        curves,
        f"A weight under gradients that are noise alone, large beside λθ: Adam without decay, with L2, and AdamW; η = {num(lr)}, "
        f"λ = {num(lam)} for both.",
        "Under L2 the noise divides the decay: little is left of it. AdamW's decay stands beside the quotient; the noise "
        "does not touch it.",
        xlabel="step",
        ylabel="θ",
    )


@question("10", "bug", 5)
def a_loop_of_adamw(rng: Rng) -> Asked:
    code = """def steps(theta, gradients, lr, beta1, beta2, decay):
    m, v = 0.0, 0.0
    for t, g in enumerate(gradients, start=1):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        u = (m / (1 - beta1**t)) / (v / (1 - beta2**t)) ** 0.5
        theta = theta - lr * (u + decay * theta)
    return theta"""
    g = [float(n) for n in rng.integers(1, 6, 2)]
    lr, (b1, b2), lam = pick(rng, 0.1, 0.5), pick(rng, (0.5, 0.75), (0.8, 0.9)), pick(rng, 0.1, 0.2)
    start = pick(rng, 2.0, 4.0)
    return faulty(
        rng,
        "AdamW in the frameworks' form (ε = 0)",
        code,
        [
            ("lr * (u + decay * theta)", "lr * u - decay * theta", "The decay is multiplied by η, as u is."),
            ("lr * (u + decay * theta)", "lr * (u - decay * theta)", "The sign is turned: the weights grow."),
            ("lr * (u + decay * theta)", "lr * (u + decay)", "The decay is in proportion to θ."),
            (
                "lr * (u + decay * theta)",
                "lr * u * (1 + decay * theta)",
                "The decay stands beside u, not at it.",
            ),
            (
                "(1 - beta1) * g",
                "(1 - beta1) * (g + decay * theta)",
                "Inside m the decay is divided by √v: L2.",
            ),
        ],
        {"theta": start, "gradients": g, "lr": lr, "beta1": b1, "beta2": b2, "decay": lam},
        walk(torch_adamw(lr=lr, beta1=b1, beta2=b2, eps=0.0, weight_decay=lam), [start], [[n] for n in g])[
            -1, 0
        ],
        "u as Adam's m̂/√v̂, θ ← θ − η(u + λθ)",
    )


@question("10", "derive", 5)
def the_wall_of_the_box(rng: Rng) -> Asked:
    lr, lam, g = pick(rng, 0.01, 0.02, 0.1), pick(rng, 0.1, 0.2, 0.25, 0.5, 1), pick(rng, 1, 3, -2, -5)
    rest = -np.sign(g) / lam
    near = walk(torch_adamw(lr=lr, weight_decay=lam), [[rest, 0.5 * rest]], np.full((50, 1, 2), float(g)))[
        :, 0
    ]
    paper = walk(adamw(lr=lr, weight_decay=lr * lam), [0.0], np.full((5, 1), float(g)))[-1, 0]
    return Asked(
        f"AdamW (the frameworks' form, η = {num(lr)}, λ = {num(lam)}) has the gradient {num(g)} everywhere. Derive where θ comes "
        "to rest. Does that depend on the gradient's size, or on η? And which λ has the paper's form, θ ← θ − (ηu + λθ), for "
        "the same path?",
        f"θ = {num(rest)}: no, no; λ = {num(lr * lam)}",
        "u is the sign of g. In rest η(u + λθ) = 0, so θ = −u/λ. The paper's λ is η times this one.",
        [
            (rest, near[-1, 0]),
            (True, abs(near[-1, 1] - rest) < abs(near[0, 1] - rest)),
            (paper, walk(torch_adamw(lr=lr, weight_decay=lam), [0.0], [[float(g)]] * 5)[-1, 0]),
        ],
        1e-6,
    )


# 11 Schedules


@question("11", "arithmetic", 3)
def rates_of_a_plan(rng: Rng) -> Asked:
    peak, rise, fall = pick(rng, 0.1, 0.2, 0.4, 0.6, 1, 2, 3), pick(rng, 10, 20, 50), pick(rng, 120, 300, 600)
    up, down = linear_warmup(peak, rise), cosine(peak, fall)
    times = [rise // 2, fall // 3, fall // 2]
    got = [float(up(times[0] + 1)), float(down(times[1] + 1)), float(down(times[2] + 1))]
    return Asked(
        f"A rate rises in a straight line from 0 to {num(peak)}, then falls along half a cosine to 0 in {fall} steps. What is it "
        "halfway up; when a third of the fall is over; when half of it is over?",
        f"{num(peak / 2)}, {num(got[1])}, {num(got[2])}",
        "Halfway up half the peak. Down it is peak·(1 + cos πs)/2 at the part s: cos 60° = ½, cos 90° = 0.",
        [([peak / 2, peak * 0.75, peak / 2], got)],
    )


@question("11", "arithmetic", 4)
def what_three_steps_leave_of_the_noise(rng: Rng) -> Asked:
    rates = [pick(rng, 0.5, 0.8), pick(rng, 0.5, 0.2, 0.4), pick(rng, 0.1, 0.2)]
    weights = [rates[0] * (1 - rates[1]) * (1 - rates[2]), rates[1] * (1 - rates[2]), rates[2]]
    got = []
    for kick in range(3):  # unit noise at one step alone
        x, opt = np.zeros(1), gd(lr=lambda t: rates[int(t) - 1])
        state = opt.init(x)
        for t in range(3):
            opt.step(x, x + (t == kick), state)
        got.append(-x[0])
    return Asked(
        f"Gradient descent on ½x² from x = 0 takes three steps with the rates {num(rates)}; each gradient has independent noise "
        "of variance 1. What is the mean of x² after them? Which step's noise counts most?",
        f"{num(np.sum(np.square(got)))}; step {1 + int(np.argmax(got))}",
        f"The noise of step t is left with the weight η_t·Π(1 − η_j) over the later steps: {num(weights)}. Their squares add up.",
        [(weights, got)],
    )


@question("11", "picture", 4)
def which_schedule_made_which_curve(rng: Rng) -> Asked:
    peak, steps, sigma = pick(rng, 0.3, 0.5), 120, pick(rng, 1.0, 2.0)
    at = pick(rng, 40, 60)
    rates = {
        "constant": peak,
        f"a tenth from step {at} on": step_decay(peak, at),
        "cosine": cosine(peak, steps),
    }
    curves = {}
    for name, rate in rates.items():
        curves[name] = (noisy(gd(lr=rate), 1, sigma, 9.0, steps) ** 2).mean(1) / 2
    return match(
        rng,
        curves,
        "Gradient descent on a noisy parabola, one peak and three schedules; the mean loss of 400 runs.",
        "A constant rate stays on its floor; a step drops it to a floor ten times lower, soon after; the cosine goes down "
        "slowly, and to the lowest at the end.",
        log=True,
        xlabel="step",
        ylabel="f",
    )


@question("11", "bug", 4)
def a_schedule_with_a_fault(rng: Rng) -> Asked:
    code = """from math import cos, pi
def steps(t, peak, warmup, total):
    if t <= warmup:
        return peak * t / warmup
    part = (t - warmup) / (total - warmup)
    return peak * (1 + cos(pi * part)) / 2"""
    peak, warm = pick(rng, 0.1, 0.4, 3.0), pick(rng, 10, 20)
    total, eighth = warm + pick(rng, 80, 160, 240), pick(rng, 2, 3, 5)
    t = warm + (total - warm) * eighth // 8
    return faulty(
        rng,
        "a straight rise and half a cosine",
        code,
        [
            ("(1 + cos(pi * part)) / 2", "(1 - cos(pi * part)) / 2", "That rises from 0."),
            (
                "(1 + cos(pi * part)) / 2",
                "(1 + cos(part)) / 2",
                "Half a turn is π, not 1: it never comes down.",
            ),
            (
                "(t - warmup) / (total - warmup)",
                "t / total",
                "The fall begins when the rise is over: it jumps there.",
            ),
            (
                "(t - warmup) / (total - warmup)",
                "(t - warmup) / total",
                "The fall has only the rest of the steps.",
            ),
            (
                "(1 + cos(pi * part)) / 2",
                "(1 + cos(2 * pi * part)) / 2",
                "That is a whole turn: it comes back up.",
            ),
        ],
        {"t": t, "peak": peak, "warmup": warm, "total": total},
        float(cosine(peak, total - warm)(t - warm + 1)),
        "up to `warmup` in proportion to t, then peak·(1 + cos πs)/2, s from 0 to 1 at `total`",
    )


@question("11", "derive", 5)
def polyaks_step(rng: Rng) -> Asked:
    low, high = pick(rng, (1, 2), (1, 3), (2, 4), (1, 4), (2, 6))
    x, y = pick(rng, 1, 2, 3, -2), pick(rng, 1, -1, 2)
    f = quadratic(low, high)
    value, g = float(f([x, y])), f.grad([x, y])
    rate = value / float(g @ g)
    hand = (low * x * x + high * y * y) / 2 / ((low * x) ** 2 + (high * y) ** 2)
    to = run(f, [x, y], gd(lr=rate), 1)[-1]
    return Asked(
        "‖x − x*‖² becomes at most ‖x − x*‖² − 2η(f(x) − f*) + η²‖g‖² in a step, if f is convex. Derive the η that makes this "
        f"smallest. Apply it to f = ½({low}x² + {high}y²) at ({num(x)}, {num(y)}), where f* = 0: what is η, and where does the step lead?",
        f"η = {num(rate)}, to ({num(to)})",
        f"The derivative −2(f − f*) + 2η‖g‖² is 0 at η = (f − f*)/‖g‖². Here f = {num(value)} and g = ({num(g)}).",
        [(hand, rate), ([x - hand * low * x, y - hand * high * y], to)],
    )


# 12 Beyond Adam


@question("12", "arithmetic", 4)
def three_steps_of_lion(rng: Rng) -> Asked:
    b1, b2 = pick(rng, (0.5, 0.75), (0.8, 0.9), (0.9, 0.8))
    lr, g = (
        pick(rng, 0.1, 0.2, 1),
        np.array([pick(rng, 4, 6, -5), pick(rng, -1, 1, -3, 2), pick(rng, 1, -2, 3)]),
    )
    m, c = [0.0], []
    for value in g:
        c.append(b1 * m[-1] + (1 - b1) * value)
        m.append(b2 * m[-1] + (1 - b2) * value)
    if min(map(abs, c)) < 1e-9:
        return three_steps_of_lion(rng)
    got = feed(lion(lr=lr, beta1=b1, beta2=b2), g[:, None] * 1.0)[:, 0]
    return Asked(
        f"Lion without decay, η = {num(lr)}, β₁ = {num(b1)}, β₂ = {num(b2)}, m = 0, gets the gradients {num(g)}. What is it that it "
        "takes the sign of, each time, and what are the steps?",
        f"{num(c)}; steps {num(got)} (downhill positive)",
        f"The sign is of β₁m + (1 − β₁)g with the old m; then m ← β₂m + (1 − β₂)g, which is {num(m[1:])}.",
        [(lr * np.sign(c), got)],
    )


@question("12", "arithmetic", 4)
def the_steepest_step_in_three_balls(rng: Rng) -> Asked:
    a, b, c, d = pick(rng, *TRIPLES)
    g = np.array([a, b, c]) * [pick(rng, 1, -1), pick(rng, 1, -1), pick(rng, 1, -1)]
    s = feed(signsgd(lr=1.0), [g * 1.0])[0]
    unit = feed(clip_by_norm(gd(lr=1.0), 1.0), [g * 1.0])[0]
    gain = [float(g @ s), float(g @ unit), float(np.abs(g).max())]
    return Asked(
        f"The gradient is ({num(g)}). Within a ball of radius 1 of the ∞-norm, of the 2-norm and of the 1-norm: which step goes "
        "down most to first order, and by how much?",
        f"−({num(s)}) by {num(gain[0])}; −g/{d} by {num(gain[1])}; the unit step against the coordinate of size {num(gain[2])}, by "
        f"{num(gain[2])}",
        "The gains are the dual norms: the sum of sizes, the length, the largest size.",
        [([a + b + c, d, max(a, b, c)], gain)],
    )


@question("12", "arithmetic", 4)
def a_layer_of_lamb(rng: Rng) -> Asked:
    size, lr = pick(rng, 1, 2, 3, 5), pick(rng, 0.01, 0.1, 0.2)
    theta = size * np.array([pick(rng, 1, -1) * 1.0 for _ in range(4)])
    g = np.array([pick(rng, 1, -1) * float(n) for n in rng.integers(1, 50, 4)])
    got = walk(lamb(lr=lr, eps=0.0), theta, [g])
    hand = theta - lr * (2 * size / 2) * np.sign(g)
    return Asked(
        f"A layer has the weights ({num(theta)}), its first gradient is ({num(g)}). LAMB has η = {num(lr)}, no decay, ε = 0. How "
        "long is the layer, how long Adam's direction, and where are the weights after the step? By what part of its length "
        "did the layer move?",
        f"{num(2 * size)}, 2; ({num(got[1])}); {num(lr)}",
        "Adam's first direction is the sign in each coordinate, of length √4 = 2. It is scaled to the layer's length, times η.",
        [(hand, got[1]), (lr, np.linalg.norm(got[1] - got[0]) / np.linalg.norm(theta))],
    )


@question("12", "picture", 3)
def whose_path_is_this(rng: Rng) -> Asked:
    degrees, kappa = pick(rng, 30, 45, 60), pick(rng, 10, 15)
    f, start = turned_ravine(kappa, degrees), (pick(rng, -1.5, -1.2), pick(rng, 0.9, 0.6))
    rules = {
        "gradient descent": gd(lr=1 / kappa),
        "signSGD": signsgd(lr=0.08),
        "momentum": momentum(lr=0.5 / kappa, beta=0.85),
    }
    paths = {name: run(f, start, rule, 40) for name, rule in rules.items()}
    names = [list(rules)[i] for i in rng.permutation(3)]

    def draw(ax: object) -> None:
        landscape(f, ax)  # type: ignore[arg-type]
        for letter, name, marker in zip("ABC", names, "osx", strict=True):
            ax.plot(*paths[name].T, marker=marker, ms=3.5, lw=1.2, color="black", label=letter)  # type: ignore[attr-defined]
        ax.legend(loc="center left", bbox_to_anchor=(1.02, 0.5))  # type: ignore[attr-defined]

    letters = dict(zip("ABC", names, strict=True))
    return Asked(
        f"Three paths on a valley of condition number {kappa}, turned by {degrees} degrees. Which of A, B, C is gradient "
        "descent, signSGD, momentum? Give one reason for each.",
        ", ".join(f"{letter} is {name}" for letter, name in letters.items()),
        "The sign goes along the axes and the diagonals only, and does not come to rest; gradient descent crosses the level "
        "lines at right angles; momentum shoots past and comes back in curves.",
        picture=drawn(draw, (5.2, 3.4)),
    )


@question("12", "bug", 4)
def a_loop_of_lookahead(rng: Rng) -> Asked:
    code = """def steps(theta, curvature, lr, k, alpha, rounds):
    slow = theta
    for _ in range(rounds):
        for _ in range(k):
            theta = theta - lr * curvature * theta
        slow = slow + alpha * (theta - slow)
        theta = slow
    return theta"""
    given = {"theta": pick(rng, 1.0, 2.0, 4.0), "curvature": pick(rng, 1.0, 2.0), "lr": pick(rng, 0.1, 0.25)}
    given |= {"k": pick(rng, 2, 3), "alpha": pick(rng, 0.5, 0.8), "rounds": 2}
    opt = lookahead(gd(lr=given["lr"]), k=given["k"], alpha=given["alpha"])
    return faulty(
        rng,
        "Lookahead around gradient descent on ½·λ·x²",
        code,
        [
            ("        theta = slow", "        theta = theta", "The fast weights go back to the slow ones."),
            (
                "alpha * (theta - slow)",
                "alpha * (slow - theta)",
                "The sign is turned: the slow weights flee.",
            ),
            ("slow = slow + alpha", "slow = alpha", "The way is added to where the slow weights are."),
            ("alpha * (theta - slow)", "(theta - slow)", "That goes the whole way: nothing is held back."),
            ("range(k)", "range(1, k)", "That is one step too few in a round."),
        ],
        given,
        run(quadratic(given["curvature"]), [given["theta"]], opt, 2 * given["k"])[-1, 0],
        "k steps of θ, then φ ← φ + α(θ − φ), θ ← φ; `rounds` times",
    )


@question("12", "derive", 6)
def the_edge_of_lookahead(rng: Rng) -> Asked:
    k, alpha, lam = pick(rng, 1, 3, 5), pick(rng, 0.25, 0.4, 0.5, 0.8), pick(rng, 1, 2, 4, 10)
    edge = (1 + (2 / alpha - 1) ** (1 / k)) / lam
    ends = []
    for side in (0.97, 1.03):
        x = run(quadratic(lam), [1.0], lookahead(gd(lr=side * edge), k=k, alpha=alpha), 40 * k)[::k, 0]
        ends.append(abs(x[-1]))
    return Asked(
        f"Gradient descent on ½·{lam}·x² inside Lookahead with k = {k}, α = {num(alpha)}. By what does a whole round multiply x? "
        "Derive the largest rate that converges, and compare it with that of gradient descent alone.",
        f"1 − α + α(1 − ηλ)^k; η < {num(edge)}, against {num(2 / lam)}",
        "For odd k the round's factor reaches −1 first: α(1 − ηλ)^k = α − 2, so ηλ = 1 + (2/α − 1)^(1/k).",
        [(True, ends[0] < 1 < ends[1])],
    )


BANK = tuple(KNOWN)
