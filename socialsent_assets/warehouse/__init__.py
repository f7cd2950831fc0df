"""Warehouse of the marts: one SQL protocol, one folder per engine, and dbt.

Not here: the models (dbt_project/), Dagster resources (resources/).
"""
