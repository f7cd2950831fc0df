"""Assets, automation and endpoint of the models."""
