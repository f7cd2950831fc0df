"""Policies of the templates, decided by an engine that was written elsewhere: `@cloud-copilot/iam-simulate`.

Not here: our own evaluator, which decides requests while they are made (tests/aws/least_privilege/).
"""
