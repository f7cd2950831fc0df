"""Serving of a model: the HTTP server, its payloads, the archive and SageMaker's requests."""
