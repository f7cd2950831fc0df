"""Everything that is kept: objects, partitions, receipts. No dagster, no pyspark."""
