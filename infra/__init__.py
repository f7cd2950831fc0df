"""The AWS side: what runs where (AWS CDK), what is shipped there (packaging) and the Airflow shim (mwaa/).

Not here: anything that runs in production; that is socialsent_assets/ and lambdas/.
"""

from infra.node import prefer_installed_node

prefer_installed_node()  # here, because any module below may be the first to import aws_cdk
