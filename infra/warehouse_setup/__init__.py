"""Set-up inside Redshift that CloudFormation cannot describe.

Not here: the cluster or workgroup itself (stacks/warehouse.py), tables (dbt_project/).
"""
