"""Files and live sources of the outside world into landing, through the same contract as a stream.

Reading order: sources/ (one small file per format), source.py (what a source is), plan.py (recognising a file),
reading.py (a file as records), landing_writer.py (records into the lake).

Not here: what a valid event is (domain/events/), the commands (cli/).
"""
