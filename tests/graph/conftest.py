"""Fixtures of the graph's tests; what they hand out is described in graph_lake.py."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from graph_lake import count_listings, lake, landing

__all__ = ["count_listings", "lake", "landing"]
