"""`python -m tests.infra.limits FOLDER …`: what of the templates in these folders is outside of AWS' limits."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.infra.limits.findings import findings, resources
from tests.infra.synthesized import Assembly

for folder in sys.argv[1:]:
    assembly = Assembly(Path(folder))
    found = findings(assembly)
    sys.stdout.write(f"{folder}: {sum(1 for _ in resources(assembly))} resources, {len(found)} findings\n")
    sys.stdout.writelines(f"  {finding}\n" for finding in found)
