"""Emulations of the parts of AWS that cannot run here. Each states its limits and claims nothing about AWS."""
