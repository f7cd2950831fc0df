"""Charts and the report: numbers with unit, denominator and baseline. No dagster."""
