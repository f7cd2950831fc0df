"""A stack that calls its resource by another name than the task definition does is noticed."""

from __future__ import annotations

import pytest

from tests.aws.wired.account import Account, provision
from tests.aws.wired.breaking import Break
from tests.aws.wired.following import follow
from tests.infra.synthesized import Assembly

pytestmark = [pytest.mark.aws, pytest.mark.xdist_group("wired")]

NEEDED = ("lake", "compute", "models", "notifications", "orchestration")
CLEANSE = ("compute", "AWS::Glue::Job", "Cleanse")
SCRIPT, WHEEL = ("Command", "ScriptLocation"), ("DefaultArguments", "--additional-python-modules")

BREAKS = [
    Break(CLEANSE, ("Name",), "elsewhere", "socialsent-cleanse not found"),
    Break(CLEANSE, SCRIPT, "s3://socialsent-artifacts-123456789012-eu-central-1/run_job.py", "NoSuchKey"),
    Break(CLEANSE, WHEEL, "s3://socialsent-artifacts-123456789012-eu-central-1/one.whl", "NoSuchKey"),
    Break(("lake", "AWS::S3::Bucket", "Analytics"), ("BucketName",), "elsewhere", "HeadBucket.*Not Found"),
    Break(
        ("compute", "AWS::Glue::Database", "CatalogCleansedDatabase"),
        ("DatabaseInput", "LocationUri"),
        "s3://elsewhere/",
        "cleansed is elsewhere",
    ),
    Break(("compute", "AWS::Athena::WorkGroup", ""), ("Name",), "elsewhere", "no workgroup socialsent"),
    Break(
        ("models", "AWS::SageMaker::ModelPackageGroup", ""), ("ModelPackageGroupName",), "elsewhere", "does not exist"
    ),
    Break(("notifications", "AWS::SNS::Topic", ""), ("TopicName",), "elsewhere", "does not exist"),
]


@pytest.mark.parametrize("one", BREAKS, ids=[f"{one}-{number}" for number, one in enumerate(BREAKS)])
def test_one_thing_wrong_in_a_stack_fails_the_task_that_relies_on_it(
    one: Break, small: Assembly, empty_account: Account
) -> None:
    """Prevents an account that is built from the task's environment instead of from the stacks."""
    broken = one.of(small)
    empty_account.forget_everything()
    provision(broken, empty_account, NEEDED)
    with pytest.raises(Exception, match=f"(?is){one.notices}"):
        follow(broken, empty_account)
