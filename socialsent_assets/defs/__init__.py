"""The graph: assets, checks, sensors and jobs, one file per tier.

Modules that annotate a `context` have no `from __future__ import annotations`: Dagster wants the type itself, not
its name.
"""

import warnings

import dagster as dg

# Every command would begin with this line, once per asset. The parameter is what makes a backfill one run.
warnings.filterwarnings("ignore", message=".*`backfill_policy`.*", category=dg.BetaWarning)
