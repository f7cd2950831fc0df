"""Robust statistics of counts and shares: centre, scale and score, which a few outliers cannot move.

Counts and shares are first put on a scale where chance alone has variance 1, whatever their size: 2 sqrt(x + 3/8)
for counts, the arcsine for shares (Anscombe, "The transformation of Poisson, binomial and negative-binomial data",
Biometrika 35, 1948). There the centre is the median, and the scale 1.4826 times the median absolute deviation
(Hampel, JASA 69, 1974), but never below 1: no source is steadier than chance, so a flat history does not turn
every fluctuation into an alert. A score is a distance from the centre in scales (Iglewicz and Hoaglin, "How to detect
and handle outliers", 1993).

Not here: the hours that are compared, and thresholds (volume.py, proportions.py, freshness.py).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

_MAD_TO_SIGMA = 1.4826  # of a normal distribution
_OUTLIER = 5.0  # scales beyond which an hour of the history is excluded from its mean


@dataclass(frozen=True)
class Score:
    """Distance of an observation from the expected value.

    Attributes:
        distance: in scales; above 0 when there is more than expected.
        expected, low, high: in the observation's own unit; `low` to `high` is the range of chance.
    """

    distance: float
    expected: float
    low: float
    high: float


def score_count(count: int, history: Sequence[int], limit: float) -> Score:
    """Score a count of events against earlier counts; `limit` is the distance at which the interval ends.

    Raises:
        statistics.StatisticsError: there is no history.
    """
    steady = [_of_count(value) for value in history]
    centre = median(steady)
    # The median of n values has pi / 2n of their variance (asymptotically, normal), which adds to the noise.
    scale = _scale([value - centre for value in steady]) * math.sqrt(1 + math.pi / (2 * len(steady)))
    return Score(
        distance=(_of_count(count) - centre) / scale,
        expected=_to_count(centre),
        low=_to_count(centre - limit * scale),
        high=_to_count(centre + limit * scale),
    )


@dataclass(frozen=True)
class BaselineShare:
    """Usual share of a history.

    Attributes:
        share: 0 to 1.
        scale: variation from hour to hour as a multiple of chance; 1 is chance alone.
        cases: sample size of the estimate; 0 if the share is given.
    """

    share: float
    scale: float = 1.0
    cases: int = 0


def baseline_share(history: Sequence[tuple[int, int]]) -> BaselineShare:
    """Pooled share of (hits, cases) of earlier hours, without outliers.

    Raises:
        ValueError: there is no hour with a case.
    """
    known = [(hits, cases) for hits, cases in history if cases > 0]
    if not known:
        raise ValueError("a baseline needs at least one case")
    first = _weighted_median(known)
    together = [(hits, cases) for hits, cases in known if abs(_deviation(hits, cases, first)) <= _OUTLIER] or known
    cases = sum(cases for _, cases in together)
    share = sum(hits for hits, _ in together) / cases
    return BaselineShare(share, _scale([_deviation(hits, cases, share) for hits, cases in known]), cases)


def score_share(hits: int, cases: int, usual: BaselineShare, limit: float) -> Score:
    """Score `hits` of `cases` against a baseline; expected, low and high are shares."""
    noise = usual.scale * (math.sqrt(1 + cases / usual.cases) if usual.cases else 1.0)
    centre = _angle(usual.share * cases, cases)
    reach = limit * noise / (2 * math.sqrt(cases + 0.5))
    return Score(
        distance=_deviation(hits, cases, usual.share) / noise,
        expected=usual.share,
        low=_to_share(centre - reach, cases),
        high=_to_share(centre + reach, cases),
    )


def _of_count(count: float) -> float:
    return 2 * math.sqrt(count + 0.375)


def _to_count(value: float) -> float:
    return max(0.0, (max(0.0, value) / 2) ** 2 - 0.375)


def _angle(hits: float, cases: int) -> float:
    return math.asin(math.sqrt((hits + 0.375) / (cases + 0.75)))


def _to_share(angle: float, cases: int) -> float:
    inside = min(max(angle, 0.0), math.pi / 2)
    return min(1.0, max(0.0, (math.sin(inside) ** 2 * (cases + 0.75) - 0.375) / cases))


def _deviation(hits: int, cases: int, share: float) -> float:
    return 2 * math.sqrt(cases + 0.5) * (_angle(hits, cases) - _angle(share * cases, cases))


def _scale(deviations: Sequence[float]) -> float:
    return max(1.0, _MAD_TO_SIGMA * median(abs(value) for value in deviations))


def _weighted_median(history: Sequence[tuple[int, int]]) -> float:
    """Median share, weighted by cases."""
    by_share = sorted((hits / cases, cases) for hits, cases in history)
    half = sum(cases for _, cases in by_share) / 2
    seen = 0
    for share, cases in by_share:
        seen += cases
        if seen >= half:
            return share
    return by_share[-1][0]
