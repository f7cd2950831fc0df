"""The file that a Glue job names as its script; everything else is in the wheel that it installs before.

Not here: anything. What it runs is socialsent_assets/jobs/glue_main.py.
"""

from socialsent_assets.jobs.glue_main import main

main()
