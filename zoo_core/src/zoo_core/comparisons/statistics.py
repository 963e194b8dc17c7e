"""Whether two models differ by more than their runs do among themselves.

The rule is Welch's t test, two-sided, on one value for each seed. It assumes that the values of a
model scatter normally around its mean; it does not assume that two models scatter equally. Where
several models are held against the best one, Holm's method raises the p-values, so that among many
models none looks different by chance alone.

With three seeds the test has two to four degrees of freedom, and finds only differences of several
standard deviations. "Within the spread" therefore means that these runs do not tell the two apart,
never that the two are equal.

Sources: B. L. Welch, "The generalization of 'Student's' problem when several different population
variances are involved", Biometrika 34 (1947); S. Holm, "A simple sequentially rejective multiple
test procedure", Scandinavian Journal of Statistics 6 (1979).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean, variance
from typing import NamedTuple, final

SIGNIFICANCE = 0.05
"""Two models differ if their adjusted p-value is below this."""
FRACTIONS = 200
"""As many terms of the continued fraction give the distribution to ten digits."""
MAX_FREEDOM = 1000.0
"""Beyond as many degrees of freedom the distribution hardly changes any more."""
MAX_T = 13.0
"""No quantile of a 95 % interval is larger: with one degree of freedom it is 12.7."""


@final
class Difference(NamedTuple):
    """The difference between the means of two samples, the first minus the second.

    Args:
        mean: The difference.
        low: The lower end of its 95 % interval, without regard to other differences.
        high: The upper end.
        p_value: The probability of a difference this large between equal means.
    """

    mean: float
    low: float
    high: float
    p_value: float


def welch(first: Sequence[float], second: Sequence[float]) -> Difference | None:
    """Returns the difference between two samples; None if one of them has fewer than two values."""
    if min(len(first), len(second)) < 2:
        return None
    mean = fmean(first) - fmean(second)
    errors = [variance(sample) / len(sample) for sample in (first, second)]
    error = math.sqrt(sum(errors))
    if error == 0:
        return Difference(mean, mean, mean, float(mean == 0))
    # Divided by the largest, so that squares of tiny variances do not become zero.
    shares = [part / max(errors) for part in errors]
    freedom = sum(shares) ** 2 / sum(
        share**2 / (len(sample) - 1) for share, sample in zip(shares, (first, second), strict=True)
    )
    room = t_quantile(1 - SIGNIFICANCE, freedom) * error
    p_value = t_tails(abs(mean) / error, freedom)
    return Difference(mean, mean - room, mean + room, p_value)


def holm(p_values: Sequence[float]) -> list[float]:
    """Returns p-values adjusted for the number of tests, in the same order."""
    adjusted = [1.0] * len(p_values)
    largest = 0.0
    order = sorted(range(len(p_values)), key=lambda position: p_values[position])
    for rank, position in enumerate(order):
        largest = max(largest, (len(p_values) - rank) * p_values[position])
        adjusted[position] = min(largest, 1.0)
    return adjusted


def t_tails(t: float, freedom: float) -> float:
    """Returns the probability that a value of Student's distribution is below -t or above t.

    It is the regularized incomplete beta function ``I_x(freedom / 2, 1 / 2)`` at
    ``x = freedom / (freedom + t^2)``, whose continued fraction converges fast below its mean; above
    it, ``1 - I_(1-x)(1 / 2, freedom / 2)`` does.

    Args:
        t: The bound, at least 0.
        freedom: The degrees of freedom, at least 1; they need not be whole.
    """
    freedom = min(freedom, MAX_FREEDOM)
    if t == 0:
        return 1.0
    a, b = freedom / 2, 0.5
    x, rest = freedom / (freedom + t * t), t * t / (freedom + t * t)
    if x == 0:
        return 0.0
    scale = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    factor = math.exp(scale + a * math.log(x) + b * math.log(rest))
    if x < (a + 1) / (a + b + 2):
        return factor / (a * _beta_fraction(a, b, x))
    return 1 - factor / (b * _beta_fraction(b, a, rest))


def _beta_fraction(a: float, b: float, x: float) -> float:
    """Returns the continued fraction 1 + d1 / (1 + d2 / (1 + ...)) of the incomplete beta function.

    It is evaluated from the end, which needs no test for a denominator of 0.
    """
    value = 1.0
    for step in range(FRACTIONS, 0, -1):
        half = step // 2
        place = (a + step - 1) * (a + step)
        if step % 2:
            numerator = -(a + half) * (a + b + half) * x / place
        else:
            numerator = half * (b - half) * x / place
        value = 1 + numerator / value
    return value


def t_quantile(probability: float, freedom: float) -> float:
    """Returns the t within which a value lies with a probability of at most 95 %, by bisection."""
    low, high = 0.0, MAX_T
    while high - low > 1e-8:
        middle = (low + high) / 2
        if 1 - t_tails(middle, freedom) < probability:
            low = middle
        else:
            high = middle
    return high
