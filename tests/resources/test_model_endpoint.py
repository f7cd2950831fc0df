"""Hosting the champion on SageMaker, against an embedded account: what is made, repeated, changed and rejected."""

from __future__ import annotations

import io
import re
import tarfile

import httpx
import pytest
from moto.sagemaker.models import sagemaker_backends

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.language.polarity import SCORER_VERSION
from socialsent_assets.domain.learning.model_card import CARD, CLASSIFIER, ModelRefusedError
from socialsent_assets.lake.storage.local import FolderStorage
from socialsent_assets.ml.registry import ModelRegistry, read_model
from socialsent_assets.ml.serving.sagemaker_requests import Container, customer_metadata
from socialsent_assets.resources.model_endpoint import HostingError, NoHosting
from socialsent_assets.settings import PROJECT_ROOT
from tests.resources.conftest import IMAGE, NOON, ROLE, model_files, promote


@pytest.fixture
def models(lake):
    return ModelRegistry(lake.artifacts)


@pytest.fixture
def told():
    return []


@pytest.fixture
def host(hosting, models, told):
    return lambda **changes: hosting.model_copy(update=changes).host(models, told.append)


def test_the_champion_is_archived_registered_and_put_in_service(lake, account, host):
    digest = promote(lake)
    hosted = host()
    assert hosted.is_changed
    endpoint = account.endpoint()
    assert (endpoint["EndpointStatus"], endpoint["EndpointArn"]) == ("InService", hosted.endpoint_arn)
    client = account.sagemaker()
    variant = client.describe_endpoint_config(EndpointConfigName=hosted.endpoint_config)["ProductionVariants"][0]
    assert variant["ServerlessConfig"] == {"MemorySizeInMB": 2048, "MaxConcurrency": 4}
    model = client.describe_model(ModelName=variant["ModelName"])
    assert model["ExecutionRoleArn"] == ROLE
    assert model["PrimaryContainer"] == {
        "Image": IMAGE,
        "ModelDataUrl": f"s3://artifacts/lake/hosting/sentiment_classifier/{digest}/model.tar.gz",
        "Environment": {"SOCIALSENT_MODEL_DIGEST": digest},
    }
    [package] = account.packages()
    assert package["ModelPackageArn"] == hosted.package_arn
    assert package["ModelApprovalStatus"] == "Approved"
    assert package["InferenceSpecification"]["Containers"][0]["ModelDataUrl"] == hosted.archive_uri
    assert package["CustomerMetadataProperties"]["macro_recall"] == "0.6512"
    assert package["CustomerMetadataProperties"]["macro_recall of lexicon VADER"] == "0.57"


def test_what_is_uploaded_is_the_verified_champion_and_nothing_else(lake, account, host, tmp_path):
    """Prevents an endpoint that answers with other bytes than the lake's own predictions."""
    digest = promote(lake)
    host()
    with tarfile.open(fileobj=io.BytesIO(account.archive(digest)), mode="r:gz") as tar:
        tar.extractall(tmp_path / "opt", filter="data")
    assert read_model(FolderStorage(tmp_path / "opt"), "", CLASSIFIER).digest == digest


def test_hosting_the_same_champion_again_changes_nothing(lake, account, host, told):
    """Prevents a package, a model or an update of the endpoint with every run."""
    promote(lake)
    first = host()
    account.calls.clear()
    told.clear()
    second = host()
    assert account.calls == []
    assert told == []
    assert not second.is_changed
    assert (second.endpoint_arn, second.package_arn) == (first.endpoint_arn, first.package_arn)


def test_a_new_champion_updates_the_endpoint_that_stands(lake, account, host):
    promote(lake, b"old")
    old = host()
    promote(lake, b"new")
    account.calls.clear()
    account.next_statuses[:] = ["Updating", "Updating", "InService"]
    new = host()
    assert account.calls == [
        "PutObject", "CreateModelPackage", "CreateModel", "CreateEndpointConfig", "UpdateEndpoint",
    ]  # fmt: skip
    assert new.endpoint_arn == old.endpoint_arn
    assert account.endpoint()["EndpointConfigName"] == new.endpoint_config != old.endpoint_config
    assert len(account.packages()) == 2


def test_a_rollback_registers_nothing_and_goes_back_to_what_was_there(lake, account, host, models):
    promote(lake, b"old")
    old = host()
    promote(lake, b"new")
    host()
    models.rollback(CLASSIFIER)
    account.calls.clear()
    assert host().endpoint_config == old.endpoint_config
    assert account.calls == ["UpdateEndpoint"]


@pytest.mark.parametrize("change", [{"memory_mb": 4096}, {"max_concurrency": 9}, {"image_uri": "image:2"}])
def test_another_size_or_image_updates_the_endpoint_but_not_the_registry(lake, account, host, change):
    """Prevents settings that are only applied when the champion changes too."""
    promote(lake)
    host()
    account.calls.clear()
    assert host(**change).is_changed
    assert account.calls[-2:] == ["CreateEndpointConfig", "UpdateEndpoint"]
    assert len(account.packages()) == 1


def test_a_call_that_was_cut_short_is_finished_by_the_next(lake, account, host, hosting, models):
    """Prevents leftovers of a killed run that block every later one."""
    digest = promote(lake)
    model = models.champion(CLASSIFIER)
    uri = hosting.upload(model, print)
    hosting.register(model, Container(IMAGE, uri, digest), print, approved=True)
    account.calls.clear()
    host()
    assert account.calls == ["CreateModel", "CreateEndpointConfig", "CreateEndpoint"]


def test_an_archive_that_was_changed_in_the_bucket_is_put_back(lake, account, host):
    """Prevents a tampered archive that is taken for ours because its name is right."""
    digest = promote(lake)
    host()
    good = account.archive(digest)
    key = f"lake/hosting/sentiment_classifier/{digest}/model.tar.gz"
    account.aws.client("s3").put_object(Bucket="artifacts", Key=key, Body=bytes(len(good)))
    host()
    assert account.archive(digest) == good


def test_a_candidate_waits_for_approval_until_it_is_promoted(account, hosting, models):
    """Prevents an Approved mark on a model that no one promoted."""
    digest = models.add(model_files())
    model = models.read(CLASSIFIER, digest)
    container = Container(IMAGE, "s3://artifacts/x", digest)
    arn = hosting.register(model, container, print, approved=False)
    assert [p["ModelApprovalStatus"] for p in account.packages()] == ["PendingManualApproval"]
    assert hosting.register(model, container, print, approved=True) == arn
    assert [p["ModelApprovalStatus"] for p in account.packages()] == ["Approved"]
    hosting.register(model, container, print, approved=False)
    assert [p["ModelApprovalStatus"] for p in account.packages()] == ["Approved"]


def test_a_package_that_was_rejected_in_sagemaker_is_not_put_in_service(lake, account, host):
    """Prevents a process that overrules a person's rejection."""
    promote(lake)
    arn = host().package_arn
    account.sagemaker().update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Rejected")
    account.calls.clear()
    with pytest.raises(HostingError, match=r"rejected in SageMaker.*socialsent models rollback"):
        host()
    assert account.calls == []


def test_an_endpoint_that_fails_names_the_reason_and_the_way_out(lake, account, host):
    promote(lake)
    account.next_statuses[:] = ["Creating", "Failed"]
    with pytest.raises(HostingError, match=r"mood is Failed: The container did not answer /ping.*delete-endpoint"):
        host()
    with pytest.raises(HostingError, match="is Failed"):
        host()  # and it is still rejected: SageMaker can only delete it
    assert "UpdateEndpoint" not in account.calls


def test_an_update_that_sagemaker_took_back_is_no_success(lake, account, host):
    """Prevents a green run while the old model goes on answering."""
    promote(lake, b"old")
    host()
    promote(lake, b"new")
    account.next_statuses[:] = ["Updating", "took it back"]
    with pytest.raises(HostingError, match=r"took the update of endpoint mood back to .*did not answer /ping"):
        host()


def test_waiting_has_an_end(lake, account, host):
    """Prevents a run that waits indefinitely for an endpoint that never comes up."""
    promote(lake)
    account.next_statuses[:] = ["Creating"]
    with pytest.raises(HostingError, match=r"still Creating after 0 minutes.*again"):
        host(deadline_minutes=0.0)


def test_an_endpoint_that_somebody_else_is_updating_is_waited_for(lake, account, host):
    """Prevents an update that SageMaker rejects because one is under way."""
    promote(lake, b"old")
    host()
    promote(lake, b"new")
    endpoint = sagemaker_backends["123456789012"]["us-east-1"].endpoints["mood"]
    endpoint.statuses = ["SystemUpdating", "SystemUpdating", "InService"]  # type: ignore[attr-defined]
    assert host().is_changed
    assert endpoint.statuses == []  # type: ignore[attr-defined]


def test_without_a_champion_nothing_is_made_and_the_error_says_how_to_get_one(account, host):
    with pytest.raises(UserError, match="socialsent models promote"):
        host()
    assert account.calls == []


def test_a_tampered_champion_is_never_uploaded(lake, account, host):
    digest = promote(lake)
    lake.artifacts.write(f"models/{CLASSIFIER}/{digest}/classifier.npz", b"other weights")
    with pytest.raises(ModelRefusedError, match=r"classifier\.npz"):
        host()
    assert account.calls == []


def test_a_card_that_this_version_did_not_write_is_not_archived_under_a_wrong_digest(lake, account, host, models):
    """Prevents an archive whose container rejects it, because its card has other bytes than the one on the shelf."""
    files = model_files()
    digest = models.add({**files, CARD: files[CARD].replace(b"\n ", b"\n  ")})
    models.promote(CLASSIFIER, digest, NOON)
    with pytest.raises(ModelRefusedError, match="not written by this version"):
        host()


def test_a_role_without_permission_is_told_which_call_was_refused(lake, account, host, monkeypatch):
    """Prevents 'An error occurred' where a person must know which action to allow."""
    iam = account.aws.client("iam")
    iam.create_user(UserName="nobody")
    key = iam.create_access_key(UserName="nobody")["AccessKey"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
    promote(lake)
    auth = f"{account.aws.endpoint}/moto-api/reset-auth"
    httpx.post(auth, content=b"0", trust_env=False).raise_for_status()
    try:
        with pytest.raises(HostingError, match=r"AWS does not allow HeadObject .*docs/serving.md"):
            host()
    finally:
        httpx.post(auth, content=b"Infinity", trust_env=False).raise_for_status()


def test_a_bucket_that_is_not_there_is_named(lake, account, host):
    promote(lake)
    with pytest.raises(HostingError, match=r"AWS refused PutObject: .*bucket"):
        host(archives="s3://nowhere/lake")


def test_without_credentials_the_error_says_where_to_look(lake, account, host, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    promote(lake)
    with pytest.raises(HostingError, match=r"Unable to locate credentials.*get-caller-identity"):
        host()


def test_where_nothing_is_hosted_no_champion_is_needed(models, told):
    """Prevents a graph that fails on one machine for want of an endpoint."""
    assert NoHosting().host(models, told.append) is None
    assert "SOCIALSENT_SAGEMAKER_ENDPOINT" in told[0]


def test_metadata_holds_only_characters_that_sagemaker_takes(models):
    """Prevents a ValidationException for a percent sign or a bracket."""
    model = models.read(CLASSIFIER, models.add(model_files(label_source="human", scorer_version=SCORER_VERSION)))
    allowed = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 _.:/=+-@")
    for name, value in customer_metadata(model).items():
        assert set(name + value) <= allowed
        assert 0 < len(name) <= 128
        assert 0 < len(value) <= 256


def test_the_documentation_lists_every_action_that_a_role_needs(lake, account, host, hosting, models):
    """Prevents a policy, copied from the page, that fails half way."""
    model = models.read(CLASSIFIER, models.add(model_files(b"old")))
    uri = hosting.upload(model, print)
    hosting.register(model, Container(IMAGE, uri, model.digest), print, approved=False)
    models.promote(CLASSIFIER, model.digest, NOON)
    host()
    promote(lake, b"new")
    account.actions.discard("s3:CreateBucket")  # the fixture's
    host()
    used = {action for action in account.actions if action.startswith("sagemaker:")}
    page = (PROJECT_ROOT / "docs" / "serving.md").read_text(encoding="utf-8")
    assert set(re.findall(r"sagemaker:\w+", page)) == used
    assert {action for action in account.actions if action.startswith("s3:")} == {"s3:HeadObject", "s3:PutObject"}
    # S3's HeadObject needs the action s3:GetObject.
    assert {"s3:ListBucket", "s3:GetObject", "s3:PutObject"} == set(re.findall(r"s3:\w+", page))
