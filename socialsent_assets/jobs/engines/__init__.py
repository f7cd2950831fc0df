"""Engines of the jobs: this process, or Spark. Both call the same functions on Arrow batches.

Not here: what a job does with what an engine has staged (cleanse.py, score.py).
"""
