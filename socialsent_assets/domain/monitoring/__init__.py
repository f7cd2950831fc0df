"""Alert rules, their messages and the metrics: pure functions of numbers. Not here: AWS, Dagster, files."""
