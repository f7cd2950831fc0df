"""`python wait_for_code.py PORT [SECONDS]`: end with 0 when something answers on the port, with 1 if nothing does.

Web server and daemon start behind it: ECS gives a container two minutes to be healthy before it gives up on those
that wait for it, and loading the graph on a share of one CPU may take longer.

Not here: what answers (stacks/dagster_containers.py). Standard library only: it runs before anything is imported.
"""

from __future__ import annotations

import socket
import sys
import time


def main(port: int, seconds: float = 900, pause: float = 1) -> int:
    """0 once a connection was taken, 1 with one line after `seconds` without one."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 5).close()
        except OSError:
            time.sleep(pause)
        else:
            return 0
    sys.stderr.write(
        f"no code server answered on port {port} in {seconds:.0f} s: see the log of the container code\n"
    )
    return 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), *map(float, sys.argv[2:3])))
