"""Domain rules: events, language, learning, monitoring. Read this first.

Nothing here imports dagster, pyspark or boto3; `domain.events` is standard library only, because a
Lambda zip carries exactly that folder. Not here: where things are kept (lake/), when they run (defs/).
"""
