"""Selection of Java, and the configuration of the session. No JVM is started here."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from pyspark.errors import PySparkRuntimeError

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.jobs import spark_session
from socialsent_assets.jobs.spark_s3 import PACKAGES
from socialsent_assets.jobs.spark_session import java_home, prepare_environment, spark_config, starting
from socialsent_assets.settings import Settings


@pytest.fixture
def java(tmp_path, monkeypatch):
    """Makes a folder that looks like a Java of some version; no Java package is installed."""
    monkeypatch.setattr(spark_session.importlib.util, "find_spec", lambda name: None)  # type: ignore[attr-defined]

    def make(name: str, version: str) -> Path:
        home = tmp_path / name
        (home / "bin").mkdir(parents=True)
        (home / "bin" / "java").write_text("#!/bin/sh\n")
        (home / "bin" / "java").chmod(0o755)
        (home / "release").write_text(f'IMPLEMENTOR="x"\nJAVA_VERSION="{version}"\n')
        return home

    return make


@pytest.mark.parametrize("version", ["17.0.15", "21.0.8"])
def test_java_home_is_taken_when_spark_runs_on_it(java, version):
    home = java("jdk", version)
    assert java_home({"JAVA_HOME": str(home), "PATH": ""}) == home


@pytest.mark.parametrize("version", ["1.8.0_402", "11.0.2", "24", "25.0.2"])
def test_a_java_that_spark_does_not_start_on_is_passed_over(java, version):
    """Prevents `UnsupportedOperationException: getSubject` on a machine whose newest Java comes first."""
    wrong, right = java("wrong", version), java("right", "17.0.1")
    assert java_home({"JAVA_HOME": str(wrong), "PATH": str(right / "bin")}) == right


def test_without_a_usable_java_the_error_names_what_was_seen_and_the_next_step(java):
    home = java("jdk", "25")
    with pytest.raises(UserError, match=r"jdk is Java 25.*run `make`"):
        java_home({"JAVA_HOME": str(home), "PATH": ""})


def test_a_folder_that_is_no_java_is_no_crash(java, tmp_path):
    with pytest.raises(UserError, match="does not start"):
        java_home({"JAVA_HOME": str(tmp_path / "nothing"), "PATH": ""})


def test_workers_run_this_python():
    """Prevents workers from starting whatever `python3` PATH finds, without our packages."""
    environ: dict[str, str] = {"PATH": "/usr/bin:/bin"}
    prepare_environment(environ)
    assert environ["PYSPARK_PYTHON"] == sys.executable
    assert (Path(environ["SPARK_CONF_DIR"]) / "log4j2.properties").is_file()


def test_the_session_has_the_memory_of_the_settings_and_speaks_utc():
    config = spark_config(Settings.from_env({"SOCIALSENT_SPARK_MEMORY": "3g"}), cores=3)
    assert (config["spark.driver.memory"], config["spark.master"]) == ("3g", "local[3]")
    assert config["spark.sql.session.timeZone"] == "UTC"
    assert all(isinstance(value, str) for value in config.values())


def test_a_cluster_is_reached_and_this_machine_is_not_loopback_to_it():
    """Prevents executors that look for the driver on their own machine."""
    config = spark_config(Settings.from_env({"SOCIALSENT_SPARK_MASTER": "spark://big:7077"}))
    assert (config["spark.master"], config["spark.executor.memory"]) == ("spark://big:7077", "1g")
    assert not {"spark.driver.host", "spark.driver.bindAddress"} & set(config)


def test_a_machine_without_maven_central_is_told_which_files_to_bring() -> None:
    """Prevents `Java gateway process exited before sending its port number`, which names no way out."""
    failed = PySparkRuntimeError(error_class="JAVA_GATEWAY_EXITED", message_parameters={})
    words = r"hadoop-aws-3\.3\.4\.jar and aws-java-sdk-bundle-1\.12\.262\.jar into .*/pyspark/jars"
    with pytest.raises(UserError, match=words), starting({PACKAGES: "org.apache.hadoop:hadoop-aws:3.3.4"}):
        raise failed
