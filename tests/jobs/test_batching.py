"""Hours cut into runs of bounded size."""

from hypothesis import given
from hypothesis import strategies as st
from socialsent_assets.jobs.batching import in_slices


@given(st.lists(st.integers(0, 50)), st.integers(1, 100), st.integers(1, 9))
def test_slices_keep_every_item_in_order_and_their_bounds(sizes, most, items_most):
    """Prevents a backfill that skips hours, or that loads a year at once."""
    slices = list(in_slices(sizes, lambda size: size, most, items_most))
    assert [item for part in slices for item in part] == sizes
    assert all(part and len(part) <= items_most for part in slices)
    assert all(sum(part) <= most or len(part) == 1 for part in slices)
