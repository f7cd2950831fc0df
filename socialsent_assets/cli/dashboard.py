"""`socialsent dashboard`: the marts as a live page, served until Ctrl-C.

Not here: what the page shows (dashboard/), the report to mail (ask.py), Dagster's own UI (ui.py).
"""

from __future__ import annotations

import contextlib
import socket
from typing import TYPE_CHECKING, Annotated

import typer

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.settings import DASHBOARD_PORT

if TYPE_CHECKING:
    from types import FrameType

    from socialsent_assets.settings import Settings

LOOPBACK = ("127.0.0.1", "localhost", "::1")
SHORTEST_PASSWORD = 8


def register(app: typer.Typer) -> None:
    """Add this module's command to the application."""
    app.command(name="dashboard")(dashboard)


def dashboard(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to serve on; 0 picks a free one.")
    ] = DASHBOARD_PORT,
    host: Annotated[
        str, typer.Option(help="Address to serve on; all but the default need a password.")
    ] = "127.0.0.1",
    password: Annotated[
        str | None,
        typer.Option(
            envvar="SOCIALSENT_DASHBOARD_PASSWORD",
            help="Ask for it, with any user name. Better set in the environment: others can see a command line.",
            show_default=False,
        ),
    ] = None,
    login_in_front: Annotated[
        bool,
        typer.Option(
            "--login-in-front", help="Serve other hosts without a password: a load balancer logs people in."
        ),
    ] = False,
    show: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
) -> None:
    """Serve the live dashboard: filter, drill down to posts, compare, download; until Ctrl-C.

    It only reads, works offline, and shows new data within seconds of a build. Times are UTC.

    Try:

        socialsent dashboard --open

        SOCIALSENT_DASHBOARD_PASSWORD=… socialsent dashboard --host 0.0.0.0 --port 8080
    """
    from socialsent_assets.settings import Settings

    settings = Settings.from_env()
    _check_access(host, password, login_in_front=login_in_front)
    if settings.dbt_target != "local":
        raise UserError(
            f"the dashboard reads the DuckDB warehouse, and these marts are built with the dbt target "
            f"{settings.dbt_target}; on AWS use QuickSight, or build the local target beside it"
        )
    listener = _listen(host, port)
    url = f"http://{'[::1]' if host == '::1' else host}:{listener.getsockname()[1]}/"
    typer.echo(f"Dashboard: {url} (Ctrl-C stops it)")
    if not settings.warehouse.is_file():
        typer.echo(
            "There are no marts yet: the page shows data as soon as socialsent run or materialize has built them."
        )
    if show:
        typer.launch(url)
    with contextlib.suppress(KeyboardInterrupt):  # Ctrl-C is how it is meant to end
        _serve(settings, listener, [] if host not in LOOPBACK else ["127.0.0.1", "localhost", "[::1]"], password)
    typer.echo("Stopped.")


def _check_access(host: str, password: str | None, *, login_in_front: bool) -> None:
    if password is not None and len(password) < SHORTEST_PASSWORD:
        raise UserError(f"the password needs at least {SHORTEST_PASSWORD} characters")
    if host not in LOOPBACK and password is None and not login_in_front:
        raise UserError(
            f"--host {host} lets others read every text: set SOCIALSENT_DASHBOARD_PASSWORD, or --login-in-front "
            "where a load balancer requires a login"
        )


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(2048)  # now: a browser that is opened at this moment waits instead of failing to connect
    except OSError as error:
        listener.close()
        raise UserError(f"cannot serve on {host} port {port} ({error.strerror}); write --port {port + 1}") from error
    return listener


def _serve(settings: Settings, listener: socket.socket, hosts: list[str], password: str | None) -> None:
    import uvicorn

    from socialsent_assets.dashboard.live import LiveMarts
    from socialsent_assets.dashboard.server import application
    from socialsent_assets.lake.lake import Lake

    marts = LiveMarts(settings.warehouse, Lake.of(settings))

    class Server(uvicorn.Server):
        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            marts.stop_soon()  # pages hold streams open, and a server waits for its streams
            super().handle_exit(sig, frame)

    config = uvicorn.Config(
        application(marts, hosts, password), log_level="warning", timeout_graceful_shutdown=2, server_header=False
    )
    Server(config).run(sockets=[listener])
