"""What is uploaded to AWS: the Lambdas' zips, their layer, the wheel for Glue. The same tree gives the same bytes.

Not here: who uploads them and where to (infra/stacks/).
"""
