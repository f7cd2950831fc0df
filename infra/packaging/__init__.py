"""Artifacts uploaded to AWS: the Lambdas' zips, their layer, the wheel for Glue. Reproducible byte for byte.

Not here: who uploads them and where to (infra/stacks/).
"""
