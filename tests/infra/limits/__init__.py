"""Limits of AWS, held against the synthesized templates: `python -m tests.infra.limits build/cdk.out`.

CloudFormation hands a property to the service's own API. Lengths, ranges, patterns and choices are therefore read
from the models of these APIs that botocore carries, the ranges that a model states only in its text included; what
only a guide states is a line of guides.toml with its source.

Not here: who may call what (tests/infra/iam/), the intended content of a template (the tests beside this folder).
"""
