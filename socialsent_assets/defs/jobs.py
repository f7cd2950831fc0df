"""Jobs: refresh hours, train and deploy models, write the report, send a simulated feed.

Not here: when that happens by itself (sensors.py, defs/ml/automation.py).
"""

from datetime import UTC, datetime

import dagster as dg

from socialsent_assets.resources.ingest import Ingest

REPORTS = dg.AssetSelection.groups("reports")
MODELS = dg.AssetSelection.groups("models")
SERVING = dg.AssetSelection.groups("serving")
CLEANSING = dg.AssetSelection.groups("landing", "cleansed")

refresh = dg.define_asset_job(
    "refresh",
    selection=dg.AssetSelection.all() - REPORTS - MODELS - SERVING,
    description="Build event hours from landing to the marts. One run can build any number of hours.",
)

# `refresh` in two halves, for a scheduler that names them one after the other (infra/mwaa).
cleanse_hours = dg.define_asset_job(
    "cleanse_hours",
    selection=CLEANSING,
    description="The first half of refresh: build the cleansed tables of event hours from landing.",
)
score_hours = dg.define_asset_job(
    "score_hours",
    selection=refresh.selection - CLEANSING,
    description="The second half of refresh: score the cleansed hours and build the marts.",
)

report = dg.define_asset_job("report", selection=REPORTS, description="Write the insights report from the marts.")


train = dg.define_asset_job(
    "train",
    selection=MODELS,
    description="Train candidates of all models on the whole lake. Promote one with socialsent models promote.",
)
host = dg.define_asset_job("host", selection=SERVING, description="Deploy the champion to its SageMaker endpoint.")


class Feed(dg.Config):
    """A simulated feed; the same seed and end give the same bytes."""

    events: int = 2000
    hours: int = 2
    seed: int = 7
    until: str = ""  # RFC 3339; the top of the current hour if empty


@dg.op
def send_feed(context: dg.OpExecutionContext, config: Feed, ingest: Ingest) -> None:
    """Mock server -> Kinesis -> consumer -> landing; the landing sensor takes it from there."""
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    until = datetime.fromisoformat(config.until) if config.until else now
    context.add_output_metadata(ingest.simulate(config.events, config.hours, config.seed, until))


@dg.job(description="Send a simulated feed through mock server, Kinesis and consumer into landing.")
def simulate_feed() -> None:
    """See `send_feed`."""
    send_feed()
