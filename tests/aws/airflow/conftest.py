"""Makes the modules beside the tests importable, and those of the DAG as Airflow does: by their folder."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[3] / "infra" / "mwaa" / "dags"))

from fake_dagster import fake

__all__ = ["fake"]
