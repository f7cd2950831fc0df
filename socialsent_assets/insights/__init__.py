"""The insights report: the marts as charts and text."""
