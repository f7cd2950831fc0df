"""One stack per file, in the order of the data: lake, ingest, compute, warehouse, models, orchestration, …

A stack takes what it needs from other stacks as keyword arguments and offers what it made as attributes.

Not here: numbers (sizes.toml), names (deployment.py), permissions (policies/).
"""
