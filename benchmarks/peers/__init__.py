"""Code that a user would write instead of this project, for benchmarks/pipeline.py.

Not here: measuring (benchmarks/pipeline.py).
"""
