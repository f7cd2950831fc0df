"""Long waits report what they are for."""

import io
import re
import threading

from rich.console import Console

from socialsent_assets.cli import waiting


class Heard(io.StringIO):
    """Output that lets a test wait for a word in it."""

    def __init__(self):
        super().__init__()
        self.told = threading.Event()

    def write(self, text):
        if "so far" in text:
            self.told.set()
        return super().write(text)


def test_a_long_wait_speaks_up_and_says_how_long_it_took(monkeypatch):
    """Prevents a silent minute that looks like a hang."""
    monkeypatch.setattr(waiting, "REPORT_EVERY_S", 0.01)
    out = Heard()
    with waiting.waiting(Console(file=out, width=200), "Loading the graph", "5 to 30 s"):
        assert out.told.wait(10)
    assert re.search(r"Loading the graph … \d+ s so far, usually 5 to 30 s", out.getvalue())
    assert re.fullmatch(r"Loading the graph: \d+ s", out.getvalue().splitlines()[-1])


def test_a_short_wait_is_one_line_and_an_error_passes(monkeypatch):
    """Prevents a thread that goes on counting after a failure."""
    out = io.StringIO()
    try:
        with waiting.waiting(Console(file=out, width=200), "Starting", "1 s"):
            raise ValueError("no")
    except ValueError:
        pass
    assert out.getvalue() == ""
    assert all(thread.name != "waiting" for thread in threading.enumerate())
