"""Amazon MWAA of the templates: it finds Dagster under the name that the DAG reads, and may do nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.sizes import SIZES_FILE
from infra.stacks.airflow import VERSION
from tests.infra.granted import granted
from tests.infra.synthesized import ROOT, Assembly, SynthesisError, synthesized

pytestmark = pytest.mark.aws


def test_airflow_is_made_only_when_asked_for(small: Assembly, production: Assembly) -> None:
    """The smallest environment costs more than all the rest of size small."""
    for assembly in (small, production):
        assert "airflow" not in assembly.templates


def test_the_dag_reads_the_address_that_the_environment_gives(everything: Assembly) -> None:
    environment = everything.one("airflow", "AWS::MWAA::Environment")
    assert environment["AirflowConfigurationOptions"] == {"socialsent.dagster_url": "https://dagster.example.org"}
    dag = (ROOT / "infra" / "mwaa" / "dags" / "sentiment_analysis_dag.py").read_text(encoding="utf-8")
    assert 'conf.get("socialsent", f"dagster_{name.lower()}"' in dag
    assert '"URL"' in dag


def test_the_environment_is_private_and_of_the_version_that_the_dag_is_tested_with(everything: Assembly) -> None:
    environment = everything.one("airflow", "AWS::MWAA::Environment")
    assert environment["WebserverAccessMode"] == "PRIVATE_ONLY"
    assert environment["AirflowVersion"] == VERSION
    tested = [path.read_text() for path in (ROOT / "tests" / "aws" / "airflow").glob("requirements-*.txt")]
    assert any(f"apache-airflow=={VERSION}\n" in text for text in tested)
    assert len(environment["NetworkConfiguration"]["SubnetIds"]) == 2
    assert environment["DagS3Path"] == "dags"


def test_airflow_reaches_no_data(everything: Assembly) -> None:
    """It steers Dagster by its address; the lake, the warehouse and every secret are none of its business."""
    may = granted(everything, "airflow", "AirflowRoleArn")
    objects = {arn for action, arns in may.items() if action.startswith("s3:GetObject") for arn in arns}
    assert objects == {"arn:aws:s3:::socialsent-airflow-123456789012-eu-central-1/*"}
    assert not [
        action for action in may if action.split(":")[0] in ("glue", "redshift", "secretsmanager", "sagemaker")
    ]


def test_airflow_without_a_way_to_dagster_is_refused(tmp_path: Path) -> None:
    """Without a load balancer there is no address for Airflow: an error before the deployment, not after it."""
    sizes = tmp_path / "sizes.toml"
    sizes.write_text(SIZES_FILE.read_text().replace("airflow = false", "airflow = true", 1))
    with pytest.raises(SynthesisError, match=r"orchestration\.load_balancer = true"):
        synthesized("small", tmp_path / "airflow", "--sizes", str(sizes))
