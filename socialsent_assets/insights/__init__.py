"""The insights report: what the marts say, drawn and written for people."""
