"""Texts in, JSON lines out: how `score` (and any command like it) reads stdin and writes stdout.

A pipe is answered in batches of whatever has arrived, so that a person who types gets an answer per line
and a file of a million lines is scored in large batches. Memory holds one batch, or one line if that is longer.

Not here: what is computed for a text (ask.py), records with a schema (ingest/).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO

CHUNK = 1 << 20
"""Bytes of one read: about 10,000 posts. A pipe returns less, namely what it holds."""


def text_of(raw: bytes) -> str:
    """One line as text: bytes that are no UTF-8 become U+FFFD, so every line gets an answer. A final CR goes."""
    return raw.removesuffix(b"\r").decode("utf-8", "replace")


def argument_text(argument: str) -> str:
    """A text from the command line, where Python hides bytes that are no UTF-8 as lone surrogates."""
    return os.fsencode(argument).decode("utf-8", "replace")


def arriving(stream: BinaryIO, chunk: int = CHUNK) -> Iterator[list[str]]:
    """Batches of lines as they arrive; a line ends at LF only, the last one also at the end of the stream."""
    read = getattr(stream, "read1", stream.read)
    unfinished: list[bytes] = []  # pieces, because joining at each read would be quadratic in a long line
    while piece := read(chunk):
        *lines, rest = piece.split(b"\n")
        if lines:
            lines[0] = b"".join((*unfinished, lines[0]))
            unfinished.clear()
            yield [text_of(line) for line in lines]
        if rest:
            unfinished.append(rest)
    if unfinished:
        yield [text_of(b"".join(unfinished))]


def answer(batches: Iterable[list[str]], answers: Callable[[list[str]], Iterable[str]]) -> None:
    """Write one line per text, in order, and flush after each batch; stop quietly when the reader goes away."""
    out = sys.stdout.buffer
    try:
        for texts in batches:
            out.write("".join(f"{line}\n" for line in answers(texts)).encode())
            out.flush()
    except BrokenPipeError:
        close_stdout()


def close_stdout() -> None:
    """After a broken pipe: let the interpreter's last flush go nowhere instead of printing a traceback."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
