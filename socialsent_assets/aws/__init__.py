"""AWS access: clients, their errors in one table, S3 requests and Glue runs.

Not here: the stacks (infra/), Dagster resources (resources/).
"""
