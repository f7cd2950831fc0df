"""The AWS side: what runs where (AWS CDK), what is shipped there (packaging) and the Airflow shim (mwaa/).

Not here: anything that runs in production; that is socialsent_assets/ and lambdas/.
"""
