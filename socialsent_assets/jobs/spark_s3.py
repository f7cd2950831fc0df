"""S3 for a local Spark session: Hadoop's S3A connector, endpoint and credentials.

Spark only reads through it. What the jobs write, the workers upload themselves (lake/iceberg/commit.py), so no
committer has to be configured. Glue brings its own connector: nothing of this is set there.

Not here: the rest of the session (spark_session.py), S3 without Spark (aws/s3.py).
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Mapping
from pathlib import Path

from socialsent_assets.aws.s3 import endpoint_url

HADOOP = "3.3.4"
"""The Hadoop inside pyspark 3.5: a connector of another version fails at run time with a missing method."""

PACKAGES = "spark.jars.packages"
"""Key of what Spark fetches from Maven Central before a session starts; Ivy compares the checksums there."""

_SDK = "1.12.262"  # that hadoop-aws names
_CONNECTOR = f"org.apache.hadoop:hadoop-aws:{HADOOP}"


def s3_config(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Configuration to add to a session; credentials are none of it, the JVM finds them as every AWS SDK does.

    The connector comes from Maven Central with the first session of a machine (280 MB, kept in ~/.ivy2), unless it
    lies in pyspark's own folder of jars, where an image puts it.
    """
    a = "spark.hadoop.fs.s3a."
    return {
        **({} if _is_installed() else {PACKAGES: _CONNECTOR}),
        "spark.hadoop.fs.s3.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
        # Environment, web identity, profile, container, instance; S3A's own list leaves out the profile.
        f"{a}aws.credentials.provider": "com.amazonaws.auth.DefaultAWSCredentialsProviderChain",
        **_place(environ, a),
        # An object that is replaced while it is read is an error, never two versions in one (lake/iceberg/commit.py).
        f"{a}change.detection.source": "etag",
        f"{a}change.detection.mode": "server",
        # Throttling and 5xx are waited out; S3A's defaults would wait for a missing endpoint for half an hour.
        f"{a}attempts.maximum": "5",
        f"{a}retry.limit": "5",
        f"{a}retry.throttle.limit": "10",
        f"{a}connection.establish.timeout": "5000",
        f"{a}connection.timeout": "60000",
        f"{a}connection.maximum": "64",
    }


def missing_connector() -> str:
    """How to do without Maven Central, in a sentence."""
    return (
        f"for S3 it fetches hadoop-aws {HADOOP} from Maven Central once (the lines above say what failed). Without "
        f"access to it, put hadoop-aws-{HADOOP}.jar and aws-java-sdk-bundle-{_SDK}.jar into {_jars()}, or work "
        "without Spark: SOCIALSENT_COMPUTE=process"
    )


def _place(environ: Mapping[str, str], a: str) -> dict[str, str]:
    region = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION")
    place = {f"{a}endpoint.region": region} if region else {}
    endpoint = endpoint_url(environ)
    if endpoint is not None:
        place |= {
            f"{a}endpoint": endpoint,
            f"{a}path.style.access": "true",
            f"{a}connection.ssl.enabled": str(endpoint.startswith("https:")).lower(),
        }
    return place


def _is_installed() -> bool:
    return (_jars() / f"hadoop-aws-{HADOOP}.jar").is_file()


def _jars() -> Path:
    """Spark's own folder of jars."""
    pyspark = importlib.util.find_spec("pyspark")
    return Path(pyspark.origin if pyspark is not None and pyspark.origin else "pyspark").parent / "jars"
