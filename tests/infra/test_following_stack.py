"""Service that follows a public network: off by default, one task, least privilege."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.policies import following as may
from infra.sizes import SIZES_FILE
from socialsent_assets.ingest.live.checkpoint import GAPS, PLACES
from tests.infra.granted import granted
from tests.infra.synthesized import Assembly, SynthesisError, synthesized

pytestmark = pytest.mark.aws
SECRET = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:mastodon-AbCdEf"


def sizes(folder: Path, follow: str) -> Path:
    text = SIZES_FILE.read_text(encoding="utf-8")
    text = text.replace('follow = ""', f'follow = "{follow}"', 1)
    text = text.replace('follow_secret_arn = ""', f'follow_secret_arn = "{SECRET}"', 1)
    file = folder / "sizes.toml"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def following(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    folder = tmp_path_factory.mktemp("following")
    file = sizes(folder, "mastodon/mastodon.social?match=tram")
    return synthesized("small", folder / "out", "--sizes", str(file))


def test_nothing_is_followed_unless_a_size_says_so() -> None:
    """Prevents a deployment that collects posts by default."""
    text = SIZES_FILE.read_text(encoding="utf-8")
    assert text.count('follow = ""') == text.count("[small.ingest]") + text.count("[production.ingest]") == 2


def test_there_is_one_task_and_never_two(following: Assembly) -> None:
    """Prevents two followers, which read and send everything twice."""
    service = following.one("following", "AWS::ECS::Service")
    assert service["DesiredCount"] == 1
    assert service["DeploymentConfiguration"]["MaximumPercent"] == 100
    assert service["DeploymentConfiguration"]["MinimumHealthyPercent"] == 0
    assert service["NetworkConfiguration"]["AwsvpcConfiguration"]["AssignPublicIp"] == "DISABLED"


def test_the_container_runs_the_command_with_the_setting_and_its_token(following: Assembly) -> None:
    """Prevents a service that follows something else, or that holds a token in its environment."""
    (container,) = following.one("following", "AWS::ECS::TaskDefinition")["ContainerDefinitions"]
    assert container["EntryPoint"] == ["socialsent", "follow", "--stream", "socialsent-events"]
    environment = {entry["Name"]: entry["Value"] for entry in container["Environment"]}
    assert environment["SOCIALSENT_FOLLOW"] == "mastodon/mastodon.social?match=tram"
    assert {secret["Name"] for secret in container["Secrets"]} == {"SOCIALSENT_MASTODON_TOKEN"}


def test_it_may_send_events_and_keep_its_place_and_nothing_else(following: Assembly) -> None:
    """Prevents a service on the open network that can read the lake."""
    rights = granted(following, "following", "FollowerRoleArn")
    assert set(rights) == {
        *("kinesis:PutRecords", "kms:Decrypt", "kms:GenerateDataKey"),
        *("s3:ListBucket", "s3:GetBucketLocation", "s3:GetObject", "s3:PutObject"),
    }
    for action in ("s3:GetObject", "s3:PutObject"):
        assert {arn.rpartition(":")[2].partition("/")[2] for arn in rights[action]} == {f"{PLACES}/*", f"{GAPS}/*"}
    assert (may.PLACES, may.GAPS) == (PLACES, GAPS)


def test_a_network_that_is_not_known_is_refused(tmp_path: Path) -> None:
    """Prevents an error that only shows after the deployment."""
    with pytest.raises(SynthesisError, match="SOCIALSENT_FOLLOW=twitter: write"):
        synthesized("small", tmp_path / "out", "--sizes", str(sizes(tmp_path, "twitter")))
