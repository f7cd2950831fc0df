"""The buckets: retention, recovery of deleted objects, access logs."""

from __future__ import annotations

import pytest

from infra.sizes import load_size
from tests.infra.synthesized import ACCOUNT, REGION, Assembly, Properties

pytestmark = pytest.mark.aws

TIERS = ("landing", "cleansed", "analytics", "artifacts")


def bucket(assembly: Assembly, tier: str) -> Properties:
    return assembly.one("lake", "AWS::S3::Bucket", BucketName=f"socialsent-{tier}-{ACCOUNT}-{REGION}")


def rules(assembly: Assembly, tier: str) -> dict[str, Properties]:
    return {rule["Id"]: rule for rule in bucket(assembly, tier)["LifecycleConfiguration"]["Rules"]}


@pytest.mark.parametrize("tier", TIERS)
def test_a_tier_is_encrypted_with_the_lakes_own_key(assembly: Assembly, tier: str) -> None:
    (rule,) = bucket(assembly, tier)["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    assert rule["ServerSideEncryptionByDefault"]["KMSMasterKeyID"] == assembly.output("lake", "LakeKeyArn")
    assert rule["BucketKeyEnabled"] is True, "without it every object costs a call to KMS"


@pytest.mark.parametrize("tier", TIERS)
def test_a_wrong_write_or_delete_can_be_taken_back_for_a_while(assembly: Assembly, tier: str) -> None:
    assert bucket(assembly, tier)["VersioningConfiguration"] == {"Status": "Enabled"}
    rule = rules(assembly, tier)["OldVersionsAndUnfinishedUploads"]
    assert rule["NoncurrentVersionExpiration"]["NoncurrentDays"] >= 7
    assert rule["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"] <= 7


@pytest.mark.parametrize("tier", TIERS)
def test_every_access_to_a_tier_is_logged(assembly: Assembly, tier: str) -> None:
    logging = bucket(assembly, tier)["LoggingConfiguration"]
    assert logging["DestinationBucketName"] == f"socialsent-access-logs-{ACCOUNT}-{REGION}"
    assert logging["LogFilePrefix"] == f"{tier}/"


@pytest.mark.parametrize("tier", ["cleansed", "analytics"])
def test_no_file_of_a_table_is_removed_by_age(assembly: Assembly, tier: str) -> None:
    """Prevents a lifecycle rule that removes what a snapshot names; what none names is upkeep's to remove."""
    assert rules(assembly, tier), "no rule was read"
    assert not [rule for rule in rules(assembly, tier).values() if expires(rule)]


def test_landed_events_are_never_removed_by_age(assembly: Assembly) -> None:
    """Everything can be built again from landing, and from nothing else."""
    assert not [rule for rule in rules(assembly, "landing").values() if expires(rule)]
    (transition,) = rules(assembly, "landing")["LandedEvents"]["Transitions"]
    assert transition["StorageClass"] == "INTELLIGENT_TIERING"  # others charge for, or delay, a rebuild
    assert rules(assembly, "landing")["LandedEvents"]["Prefix"] == "events/"


def test_of_the_artifacts_only_what_a_run_or_a_query_left_goes_by_age(assembly: Assembly, small: Assembly) -> None:
    """Prevents a rule that removes a model."""
    size = load_size("small" if assembly == small else "production").lake
    expiring = {r["Prefix"]: r["ExpirationInDays"] for r in rules(assembly, "artifacts").values() if expires(r)}
    assert expiring == {"pipes/": size.pipes_days, "athena/": size.athena_results_days}


def expires(rule: Properties) -> bool:
    return "ExpirationInDays" in rule
