"""`socialsent docs`: the dbt documentation site, built from the current warehouse, and served.

One offline HTML file, `$SOCIALSENT_HOME/docs/index.html`; it can be copied anywhere.

Not here: the content of the documentation (dbt_project/), starting processes of the graph (ui.py).
"""

from __future__ import annotations

import functools
import http.server
import os
import shutil
import subprocess
from pathlib import Path
from typing import Annotated

import typer

from socialsent_assets.settings import Settings, UserError

_SITE = "static_index.html"  # what `dbt docs generate --static` writes into its target folder


def register(app: typer.Typer) -> None:
    """Add this module's command to the application."""
    app.command(name="docs")(docs)


def docs(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to serve on; 0 picks a free one.")] = 3000,
    build_only: Annotated[bool, typer.Option("--build-only", help="Write the page and stop.")] = False,
) -> None:
    """Build the dbt docs site (models, columns, tests, lineage) and serve it until Ctrl-C.

    [bold]Examples[/bold]

      socialsent docs
      socialsent docs --build-only
    """
    settings = Settings.from_env()
    page = build_site(settings)
    typer.echo(f"dbt docs: {page}")
    if not build_only:
        serve(page.parent, port)


def build_site(settings: Settings) -> Path:
    """Run `dbt docs generate --static`; returns the page.

    Raises:
        UserError: there is no warehouse to document yet.
        RuntimeError: dbt failed; the message holds its last words.
    """
    # Imported here: the module pulls in dagster, which the other commands do not pay for.
    from socialsent_assets.warehouse.dbt.environment import dbt_executable
    from socialsent_assets.warehouse.dbt.manifest import DBT_PROJECT, parse_environment

    if settings.dbt_target == "local" and not settings.warehouse.is_file():
        raise UserError(f"no warehouse at {settings.warehouse} yet; build it with: socialsent materialize")
    target = settings.home / "docs" / "target"
    environment = {
        **parse_environment(DBT_PROJECT, settings),
        "SOCIALSENT_WAREHOUSE": str(settings.warehouse.absolute()),
        "DBT_TARGET_PATH": str(target),
        "DBT_LOG_PATH": str(target),
    }
    command = [dbt_executable(), "docs", "generate", "--static", "--quiet", "--target", settings.dbt_target]
    done = subprocess.run(command, cwd=DBT_PROJECT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"dbt docs generate failed: {(done.stdout + done.stderr).strip()[-2000:]}")
    page = settings.home / "docs" / "index.html"
    staged = page.with_suffix(".writing")
    shutil.copyfile(target / _SITE, staged)
    os.replace(staged, page)
    return page


def serve(folder: Path, port: int) -> None:
    """Serve a folder on this machine only, until Ctrl-C. Raises UserError if the port is taken."""
    handler = functools.partial(_QuietHandler, directory=str(folder))
    try:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)
    except OSError as error:
        raise UserError(
            f"port {port} is taken ({error.strerror}); choose another: socialsent docs --port 3001"
        ) from error
    with server:
        typer.echo(f"open http://127.0.0.1:{server.server_address[1]}  (Ctrl-C stops)")
        server.serve_forever()


class _QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
        """Log no requests."""
