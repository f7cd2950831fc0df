"""An account as the templates describe it; every call is made as one of their roles and decided by its policies.

    account.acting("ingest/MockServerRole")    # environment of a process that is this role

Roles and policies are put into moto's IAM as CloudFormation would, taken on through its STS; with each request moto
finds the session, its role and its policies. Its own decision is replaced by evaluation.py, because it looks at
resources in S3 alone and at no condition. Requests with other credentials (`embedded`) are no one's business here:
they build the account.

What this cannot show: key policies, bucket policies and other policies of resources; VPC endpoints, permission
boundaries, organizations; what AWS' services do with a role besides the calls that are made here in their place.

Not here: which permissions a request needs (needs.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from socialsent_assets.local_aws.server import EmbeddedAws, embedded_aws
from tests.aws.least_privilege.evaluation import Need, Statement, is_allowed, listed, names_action
from tests.aws.least_privilege.needs import UnknownCallError, arn, needs, s3_needs
from tests.infra.synthesized import REGION, Assembly

_TRUST = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}]}
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "403"})
_SIGNED_AS = {"monitoring": "cloudwatch"}  # a service's name in a signature -> in IAM

SENDER = "ingest/Senders"
"""A policy without a role, for systems of the account's own."""
MADE_BY_AWS = {
    "Workgroup.WorkgroupArn": arn("redshift-serverless", "workgroup/{name}"),
    "Namespace.NamespaceArn": arn("redshift-serverless", "namespace/{name}"),
    "": arn("secretsmanager", "secret:{name}"),
    "MasterPasswordSecretArn": arn("secretsmanager", "secret:{name}"),
    "MasterUserSecret.SecretArn": arn("secretsmanager", "secret:{name}"),
}
"""ARNs that AWS ends with an id of its own; here with a name."""
OF_CDK = {
    "lake/CustomS3AutoDeleteObjectsCustomResourceProviderRole": "empties the buckets of a trial that is deleted; "
    "CDK writes this role, and the buckets' policies let it in"
}
"""Roles that are not ours to make narrower, each with its reason."""


@dataclass
class Account:
    """A running account.

    Attributes:
        decisions: (role, need, whether it was allowed), in the order of the requests.
        sessions: access key -> role.
    """

    aws: _Endpoint
    assembly: Assembly
    policies: dict[str, list[Statement]]
    keys: dict[str, str] = field(default_factory=dict)
    sessions: dict[str, str] = field(default_factory=dict)
    decisions: list[tuple[str, Need, bool]] = field(default_factory=list)
    _credentials: dict[str, dict[str, str]] = field(default_factory=dict)
    _clients: dict[tuple[str, str], Any] = field(default_factory=dict)

    def admin(self, service: str) -> Any:
        """A boto3 client that may do everything."""
        return self.aws.client(service)

    def acting(self, role: str) -> dict[str, str]:
        """Variables of a process that is the role, `part/logical id without its digits`."""
        if role not in self._credentials:
            taken = self.admin("sts").assume_role(
                RoleArn=f"arn:aws:iam::123456789012:role/{role.replace('/', '-')}", RoleSessionName="test"
            )["Credentials"]
            self.sessions[taken["AccessKeyId"]] = role
            self._credentials[role] = {
                "AWS_ENDPOINT_URL": self.aws.endpoint,
                "AWS_ACCESS_KEY_ID": taken["AccessKeyId"],
                "AWS_SECRET_ACCESS_KEY": taken["SecretAccessKey"],
                "AWS_SESSION_TOKEN": taken["SessionToken"],
                "AWS_REGION": REGION,
                "AWS_DEFAULT_REGION": REGION,
                "AWS_EC2_METADATA_DISABLED": "true",
            }
        return dict(self._credentials[role])

    def become(self, patch: pytest.MonkeyPatch, role: str, variables: Mapping[str, str] | None = None) -> None:
        """Make this process the role, with more variables, until the end of the test."""
        import boto3

        for name, value in {**(variables or {}), **self.acting(role)}.items():
            patch.setenv(name, value)
        for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL_S3"):
            patch.delenv(name, raising=False)
        patch.setattr(boto3, "DEFAULT_SESSION", None)  # it would keep the process's earlier identity

    def attempt(self, role: str, service: str, operation: str, **arguments: Any) -> str:
        """`allowed` or `denied`; what else may be wrong with the call does not matter. The call is made."""
        client = self._client(role, service)
        before = len(self.decisions)
        try:
            answer = getattr(client, operation)(**arguments)
        except ClientError as error:
            is_denied = error.response["Error"]["Code"] in _DENIED
        else:
            is_denied = any(item["Code"] in _DENIED for item in _errors(answer))
        assert len(self.decisions) > before, f"{service}.{operation} was made without a decision"
        return "denied" if is_denied else "allowed"

    def _client(self, role: str, service: str) -> Any:
        if (role, service) not in self._clients:
            acting = self.acting(role)
            keys = [acting[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")]
            self._clients[role, service] = self.aws.client(service, *keys)
        return self._clients[role, service]

    def missing(self) -> list[str]:
        """Actions that were denied, as text."""
        return [f"{role}: {need}" for role, need, is_given in self.decisions if not is_given]

    def decide(self, role: str, found: list[Need] | None, action: str) -> bool:
        """Whether the role has all of what a request needs, by its policies in IAM. Records the decision."""
        statements = self.policies[role]
        if found is None:
            if names_action(statements, action):
                raise UnknownCallError(f"{role} may call {action}: say in needs.py what it needs")
            found = [Need(action, "*")]
        made = [(role, need, is_allowed(statements, need)) for need in found]
        self.decisions += made
        return all(is_given for _, _, is_given in made)


def _errors(answer: Any) -> list[dict[str, Any]]:
    """Errors of the single objects that a batch of S3 reports."""
    errors = answer.get("Errors", [])
    return errors if all("Code" in item for item in errors) else []


@contextmanager
def account_of(assembly: Assembly) -> Iterator[Account]:
    """The account of the templates, for the length of a `with` block."""
    with embedded_aws() as aws, pytest.MonkeyPatch.context() as patch:
        account = Account(_Endpoint(aws), assembly, policies_of(assembly))
        _provision(account)
        _enforce(account, patch)
        yield account


class _Endpoint:
    """The server, with clients of the deployment's region and any credentials."""

    def __init__(self, aws: EmbeddedAws) -> None:
        import boto3

        self.endpoint = aws.endpoint
        self._session: Any = boto3.Session(region_name=REGION)  # one: it reads a service's description once

    def client(self, service: str, key: str = "embedded", secret: str = "embedded", token: str = "") -> Any:
        from botocore.config import Config

        config = Config(proxies={}, retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
        keys = {"aws_access_key_id": key, "aws_secret_access_key": secret, "aws_session_token": token or None}
        return self._session.client(service, endpoint_url=self.endpoint, config=config, **keys)


def policies_of(assembly: Assembly) -> dict[str, list[Statement]]:
    """Role -> statements, of every role and every policy that someone else takes on; `part/Name`."""
    found: dict[str, list[Statement]] = {}
    for name, role in assembly.every("AWS::IAM::Role"):
        if _short(name) in OF_CDK:
            continue
        assert not role.get("ManagedPolicyArns"), f"{name}: policies of AWS are wider than what is needed"
        documents = [policy["PolicyDocument"] for policy in role.get("Policies", ())]
        found[_short(name)] = [s for document in documents for s in document["Statement"]]
    for kind in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
        for name, policy in assembly.every(kind):
            part = name.partition("/")[0]
            owners = [_short(f"{part}/{role}") for role in policy.get("Roles", ())] or [_short(name)]
            for owner in owners:
                found.setdefault(owner, []).extend(policy["PolicyDocument"]["Statement"])
    return {role: [_with_arns(statement) for statement in statements] for role, statements in found.items()}


def _with_arns(statement: Statement) -> Statement:
    return {**statement, "Resource": [_arn_of(resource) for resource in listed(statement["Resource"])]}


def _arn_of(resource: str) -> str:
    """What AWS would make of an attribute that only it knows: `name.Workgroup.WorkgroupArn`."""
    if resource == "*" or resource.startswith("arn:"):
        return resource
    name, _, attribute = resource.partition(".")  # a Ref of a secret has no attribute: its ARN it is
    return MADE_BY_AWS[attribute].format(name=name)


def _short(name: str) -> str:
    """Without the eight characters that CDK ends logical ids with."""
    return name[:-8]


def _provision(account: Account) -> None:
    assembly = account.assembly
    iam = account.admin("iam")
    for role, statements in account.policies.items():
        name = role.replace("/", "-")
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(_TRUST))
        document = {"Version": "2012-10-17", "Statement": statements}
        iam.put_role_policy(RoleName=name, PolicyName="given", PolicyDocument=json.dumps(document))
    for _, bucket in assembly.every("AWS::S3::Bucket"):
        place = {"LocationConstraint": REGION}
        account.admin("s3").create_bucket(Bucket=bucket["BucketName"], CreateBucketConfiguration=place)
        (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        if key := rule["ServerSideEncryptionByDefault"].get("KMSMasterKeyID"):
            account.keys[f"arn:aws:s3:::{bucket['BucketName']}"] = key
    for _, stream in assembly.every("AWS::Kinesis::Stream"):
        account.admin("kinesis").create_stream(StreamName=stream["Name"], ShardCount=2)
        account.keys[arn("kinesis", f"stream/{stream['Name']}")] = stream["StreamEncryption"]["KeyId"]
    for _, queue in assembly.every("AWS::SQS::Queue"):
        account.admin("sqs").create_queue(QueueName=queue["QueueName"])
        account.keys[arn("sqs", queue["QueueName"])] = queue["KmsMasterKeyId"]
    for _, topic in assembly.every("AWS::SNS::Topic"):
        account.admin("sns").create_topic(Name=topic["TopicName"])
        account.keys[arn("sns", topic["TopicName"])] = topic["KmsMasterKeyId"]
    _provision_catalog(account)


def _provision_catalog(account: Account) -> None:
    glue = account.admin("glue")
    for _, database in account.assembly.every("AWS::Glue::Database"):
        glue.create_database(DatabaseInput={"Name": database["DatabaseInput"]["Name"]})
    for _, job in account.assembly.every("AWS::Glue::Job"):
        command = {"Name": "glueetl", "ScriptLocation": job["Command"]["ScriptLocation"]}
        glue.create_job(Name=job["Name"], Role=job["Role"], Command=command)
    for _, group in account.assembly.every("AWS::Athena::WorkGroup"):
        account.admin("athena").create_work_group(Name=group["Name"], Configuration={})


def _enforce(account: Account, patch: pytest.MonkeyPatch) -> None:
    """Put our decision in the place of moto's, for requests with a session of one of the roles."""
    from moto.core.authorization import ActionAuthenticatorMixin
    from moto.iam.access_control import S3IAMRequest

    def authorize(response: Any, request_class: Any, resource: str = "*") -> None:
        key = response.get_access_key()
        if key not in account.sessions:
            return
        action = response._get_action()
        request = request_class(
            account_id=response.current_account,
            method=response.method,
            path=response.raw_path,
            data=response.data,
            body=response.raw_body,
            headers=response.headers,
            action=action,
        )  # raises for a session that IAM does not know
        stored = [s for policy in request._access_key.collect_policies() for s in json.loads(policy)["Statement"]]
        assert stored == account.policies[account.sessions[key]], "another policy than the template's"
        found, name = _asked(account, response, request, is_s3=request_class is S3IAMRequest)
        if not account.decide(account.sessions[key], found, name):
            request._raise_access_denied()

    patch.setattr(ActionAuthenticatorMixin, "_authenticate_and_authorize_action", authorize)


def _asked(account: Account, response: Any, request: Any, *, is_s3: bool) -> tuple[list[Need] | None, str]:
    """What the request needs, and its action."""
    service = _SIGNED_AS.get(request._service, request._service)
    action = listed(response._get_action())[0]
    if is_s3:
        copied = response.headers.get("x-amz-copy-source", "")
        url = response.parsed_url
        body = response.raw_body if isinstance(response.raw_body, bytes) else b""
        return (
            s3_needs(response.method, url.path, url.query, copied, body, action, account.keys),
            f"s3:{action}",
        )
    before = response.__dict__.get("params")
    try:
        response.parse_parameters(response.normalized_request)
        parameters = dict(response.params)
    finally:
        response.params = before
    return needs(service, action, parameters, account.keys), f"{service}:{action}"
