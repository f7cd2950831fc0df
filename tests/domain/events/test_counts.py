"""Counts: a sum that does not close cannot be built."""

from __future__ import annotations

import pytest

from socialsent_assets.domain.events.counts import Counts

PARTS = {"accepted": 2, "duplicates": 3, "quarantined": 5, "erased": 7}
WHOLE = Counts(records=17, **PARTS)


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("off", [-1, 1])
def test_a_record_that_vanishes_or_doubles_is_an_error(part: str, off: int) -> None:
    """Prevents a status whose numbers do not add up to what came in."""
    with pytest.raises(ValueError, match="do not add up"):
        Counts(records=17, **{**PARTS, part: PARTS[part] + off})


@pytest.mark.parametrize("part", PARTS)
def test_no_part_is_negative(part: str) -> None:
    """Prevents a part that hides the surplus of another one: the sum closes all the same."""
    parts = {**PARTS, part: -1}
    with pytest.raises(ValueError, match="do not add up"):
        Counts(records=sum(parts.values()), **parts)


def test_each_part_adds_up_by_itself() -> None:
    """Prevents a total that takes the duplicates of one batch for the quarantined of another."""
    other = Counts(records=1111, accepted=1, duplicates=10, quarantined=100, erased=1000)
    assert WHOLE + other == Counts(records=1128, accepted=3, duplicates=13, quarantined=105, erased=1007)
    assert WHOLE + Counts.none() == WHOLE
    assert Counts.none() == Counts(0, 0, 0, 0, 0)
