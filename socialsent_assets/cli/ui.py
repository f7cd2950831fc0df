"""`socialsent ui`: Dagster and a live feed on this machine, until Ctrl-C.

It supervises `dagster dev` (web server, daemon, code server), the dashboard, and the simulated feed or the public
network that SOCIALSENT_FOLLOW names.

Not here: starting and stopping processes (supervisor.py), what the daemon does (defs/sensors.py).
"""

from __future__ import annotations

import os
import re
import signal
import sys
import threading
import urllib.error
import urllib.request
from typing import Annotated

import typer
from rich.console import Console

from socialsent_assets.cli.dagster_home import prepare_dagster_home
from socialsent_assets.cli.supervisor import Child, start, stop_all
from socialsent_assets.cli.waiting import waiting
from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.lake.storage.file_lock import BusyError, exclusive
from socialsent_assets.settings import DASHBOARD_PORT, PROJECT_ROOT, FollowSettings, Settings

READY_WITHIN_S = 300.0
_LOOK_EVERY_S = 1.0
DASHBOARD_BESIDE = 10
"""The dashboard's port is the UI's and so many more."""
OPEN_IN_LINEAGE = ("cleansed", "models", "analytics", "marts")
"""Groups whose assets the lineage shows. The others stay boxes: with staging or landing open too, it is larger than a
laptop's screen, and Dagster then shows a part of it."""
# Lines of Dagster that the terminal shows; the log has all of them.
_NEWS = re.compile(r"- (ERROR|CRITICAL)|Launching run for|RUN_SUCCESS|RUN_FAILURE|STEP_FAILURE")
Port = Annotated[int, typer.Option(min=1, max=65535, help="Port of the web server, on 127.0.0.1.")]


def register(app: typer.Typer) -> None:
    """Add this module's commands to the application."""
    app.command(name="ui")(ui)


def ui(
    port: Port = 3000,
    feed: Annotated[bool, typer.Option(help="Simulate a network, or follow SOCIALSENT_FOLLOW.")] = True,
    per_minute: Annotated[int, typer.Option(help="Events of the feed per minute.")] = 60,
) -> None:
    """Start Dagster's UI and daemon, a continuous feed and the sensors, until Ctrl-C.

    Try:

        socialsent ui

        socialsent ui --port 3001 --no-feed
    """
    settings = Settings.from_env()
    console = Console()
    prepare_dagster_home(settings)
    if _answers(port):
        raise UserError(f"port {port} is taken; write --port {port + 1}")
    try:
        with exclusive(settings.home / "locks" / "ui.lock") as lock:
            with waiting(console, "Looking for runs that ended with their process", "3 to 20 s"):
                _fail_orphans()
            _supervise(settings, port, per_minute if feed else None, console, lock)
    except BusyError as error:
        raise BusyError(f"a UI is already running on {settings.home} ({error})") from None


def _supervise(settings: Settings, port: int, per_minute: int | None, console: Console, lock: int) -> None:
    """Start everything, wait for a signal or for a child to end, stop everything. The children inherit `lock`."""
    stopping = threading.Event()
    before = {number: signal.signal(number, lambda *_: stopping.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    limit = settings.log_bytes
    children: list[Child] = []
    beside: list[Child] = []  # what may end without ending the rest
    _link_dashboard(settings, port + DASHBOARD_BESIDE)
    try:
        console.print("Starting Dagster; Ctrl-C stops everything.")
        children.append(
            start(
                "dagster", dagster_command(port), settings.home / "logs" / "dagster.log", console, _NEWS, lock, limit
            )
        )
        with waiting(console, "Starting web server, daemon and code server", "15 to 60 s"):
            ready = _wait_until_ready(port, children, stopping)
        if ready:
            console.print(f"Dagster UI: [bold]http://127.0.0.1:{port}[/bold]  logs: {settings.home / 'logs'}")
            console.print(f"Lineage: {lineage_address(port)}", soft_wrap=True)
            beside += _start_dashboard(settings, port + DASHBOARD_BESIDE, console)
            if per_minute is not None:
                feed_log = settings.home / "logs" / "feed.log"
                command = feed_command(per_minute, settings.follow)
                children.append(start("feed", command, feed_log, console, lock=lock, log_bytes=limit))
                if settings.follow is not None:
                    console.print(f"Following {settings.follow.network}; its log is {feed_log}")
        while not stopping.wait(_LOOK_EVERY_S) and all(child.is_alive for child in children):
            pass
        ended = [child for child in children if not child.is_alive]
    finally:
        console.print("Stopping …")
        stop_all([*children, *beside])
        for number, handler in before.items():
            signal.signal(number, handler)
    if ended and not stopping.is_set():
        raise RuntimeError(
            f"{ended[0].name} ended with code {ended[0].process.returncode}; its log is {ended[0].log}"
        )
    console.print("Stopped.")


def _link_dashboard(settings: Settings, port: int) -> None:
    """Let the assets in Dagster link to the page on that port, where no other address was set."""
    if settings.dashboard_url == f"http://127.0.0.1:{DASHBOARD_PORT}/":
        os.environ["SOCIALSENT_DASHBOARD_URL"] = f"http://127.0.0.1:{port}/"


def _start_dashboard(settings: Settings, port: int, console: Console) -> list[Child]:
    """The marts as a live page, on a port of its own; none where something else has that port."""
    if _answers(port) or settings.dbt_target != "local":
        return []
    log = settings.home / "logs" / "dashboard.log"
    console.print(f"Dashboard: [bold]http://127.0.0.1:{port}[/bold]")
    command = own_command("dashboard", "--port", str(port))
    return [start("dashboard", command, log, console, _NEWS, log_bytes=settings.log_bytes)]


def lineage_address(port: int) -> str:
    """Address of the whole lineage. Dagster opens those groups alone that the address names."""
    groups = ",".join(f"global@global:{group}" for group in OPEN_IN_LINEAGE)
    return f"http://127.0.0.1:{port}/asset-groups?expanded={groups}"


def dagster_command(port: int) -> list[str]:
    """`dagster dev` of this very Python: web server, daemon and one code server."""
    workspace = str(PROJECT_ROOT / "workspace.yaml")
    return [sys.executable, "-m", "dagster", "dev", "-w", workspace, "-h", "127.0.0.1", "-p", str(port)]


def feed_command(per_minute: int, follow: FollowSettings | None) -> list[str]:
    """The continuous feed: a public network if one is to be followed, else the simulated one."""
    if follow is not None:
        return own_command("follow", *follow.arguments())
    return own_command("simulate", "--follow", "--per-minute", str(per_minute))


def own_command(*arguments: str) -> list[str]:
    """A command of ours in a process of its own, with this very Python."""
    return [sys.executable, "-c", "import sys; from socialsent_assets.cli.main import run; run()", *arguments]


def _wait_until_ready(port: int, children: list[Child], stopping: threading.Event) -> bool:
    looks = int(READY_WITHIN_S / _LOOK_EVERY_S)
    for _ in range(looks):
        if _answers(port):
            return True
        if stopping.wait(_LOOK_EVERY_S) or not all(child.is_alive for child in children):
            return False
    raise RuntimeError(f"the web server did not answer within {READY_WITHIN_S:.0f} s; its log is {children[0].log}")


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/server_info", timeout=2):
            return True
    except urllib.error.HTTPError:
        return True
    except (OSError, ValueError):
        return False


def _fail_orphans() -> None:
    import dagster as dg

    from socialsent_assets.cli.dead_runs import fail_orphans

    with dg.DagsterInstance.get() as instance:
        fail_orphans(instance)
