"""Monitoring: history of the lake's hours, evaluation of the alert rules, and their state.

Not here: rules and messages (domain/monitoring/), delivery (resources/).
"""
