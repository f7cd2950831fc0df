"""The `socialsent` command."""
