"""What is worth an alert, and in which words: pure rules on numbers. Not here: AWS, Dagster, files."""
