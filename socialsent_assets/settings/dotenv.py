"""`.env` files: NAME=value lines.

Not here: what the names mean (the modules beside this one).
"""

from __future__ import annotations

from pathlib import Path

from socialsent_assets.domain.events.errors import UserError


def read_dotenv(path: Path) -> dict[str, str]:
    """`NAME=value` lines of a .env file, without expansion; {} if there is no such file.

    Raises:
        UserError: a line that is neither empty, a comment nor an assignment.
    """
    if not path.is_file():
        return {}
    values: dict[str, str] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        text = line.strip().removeprefix("export ")
        if not text or text.startswith("#"):
            continue
        name, equals, value = text.partition("=")
        if not equals:
            raise UserError(f"{path}:{number} is not NAME=value; correct it or start it with #")
        values[name.strip()] = value.strip().strip("\"'")
    return values
