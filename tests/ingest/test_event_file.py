"""Files of events as people have them: gzipped, cut off, pretty-printed, without a last newline, far too long."""

import gzip
import io
import json

import pytest

from socialsent_assets.domain.events.landing import SourceRecord
from socialsent_assets.ingest import file_bytes
from socialsent_assets.ingest.event_file import event_records
from socialsent_assets.ingest.file_bytes import BrokenFileError

LINES = [json.dumps({"event_id": f"e{n}", "text": "😍 hello"}, ensure_ascii=False).encode() for n in range(2_000)]


def read(content: bytes) -> list[SourceRecord]:
    return list(event_records(io.BytesIO(content), "f"))


def raws(content: bytes) -> list[bytes]:
    return [record.raw for record in read(content)]


def read_broken(content: bytes) -> tuple[list[bytes], str]:
    found: list[bytes] = []
    with pytest.raises(BrokenFileError) as caught:
        found.extend(record.raw for record in event_records(io.BytesIO(content), "f"))
    return found, str(caught.value)


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n", b"\n\n \n"])
@pytest.mark.parametrize("newline", [b"\n", b"\r\n", b"\n\n"])
def test_lines_are_the_same_however_they_end(newline: bytes, end: bytes) -> None:
    """Prevents a file from Windows, or one without a last newline, that loses a line."""
    assert raws(newline.join(LINES) + end) == LINES


def test_a_position_names_the_line_that_an_editor_shows() -> None:
    """Prevents a rejected line that nobody finds because blank lines were not counted."""
    records = read(b"{}\n\n\n[1]\n")
    assert [record.position for record in records] == ["f line 1", "f line 4"]


def test_a_byte_order_mark_is_no_part_of_the_first_line() -> None:
    """Prevents one lost event per file that Excel or Notepad wrote."""
    assert raws(b"\xef\xbb\xbf" + b"\n".join(LINES)) == LINES


@pytest.mark.parametrize("members", [1, 3])
def test_gzip_is_known_by_its_bytes_and_may_have_several_members(members: int) -> None:
    """Prevents a concatenated .gz of which only the first part is read."""
    size = len(LINES) // members + 1
    parts = [LINES[at : at + size] for at in range(0, len(LINES), size)]
    assert (
        raws(b"".join(gzip.compress(b"".join(line + b"\n" for line in part)) for part in parts) + b"\0" * 9) == LINES
    )


@pytest.mark.parametrize("cut", [1, 4, 9, 200, 3_000])
def test_a_cut_gzip_yields_every_line_that_is_there(cut: int) -> None:
    """Prevents a truncated download that lands nothing, or that ends as if it were whole."""
    packed = gzip.compress(b"\n".join(LINES))
    found, message = read_broken(packed[:-cut])
    assert "cut off" in message
    assert found[:-1] == LINES[: len(found) - 1]
    assert LINES[len(found) - 1].startswith(found[-1])
    assert len(found) > 500


def test_a_gzip_cut_in_its_first_line_keeps_what_there_is() -> None:
    """Prevents a first line that is neither landed nor counted."""
    found, _ = read_broken(gzip.compress(b"{" + b" " * 3_000 + b"}\n")[:-9])
    assert len(found) == 1
    assert found[0].startswith(b"{ ")


def test_a_damaged_gzip_says_so() -> None:
    """Prevents silent garbage from a flipped bit."""
    packed = bytearray(gzip.compress(b"\n".join(LINES)))
    packed[-6] ^= 1  # in the checksum
    found, message = read_broken(bytes(packed))
    assert "damaged" in message
    assert 500 < len(found) < len(LINES)
    assert found[:-1] == LINES[: len(found) - 1]


def test_utf16_is_named_instead_of_thousands_of_bad_lines() -> None:
    """Prevents a quarantine full of lines because of one wrong choice in an export dialog."""
    assert read_broken("{}".encode("utf-16"))[1] == "it is UTF-16; save it as UTF-8"


def test_a_pretty_printed_array_is_read_element_by_element() -> None:
    """Prevents an export that is one array over many lines from being refused line by line."""
    text = json.dumps([json.loads(line) for line in LINES], indent=4, ensure_ascii=False).encode()
    records = read(b"\n" + text + b"\n")
    assert [json.loads(record.raw) for record in records] == [json.loads(line) for line in LINES]
    assert records[-1].position == "f element 2000"


def test_one_array_per_line_stays_one_record_per_line() -> None:
    """Prevents a second line that is taken for rubbish behind the first array."""
    assert raws(b"[1,2]\n[3]\n") == [b"[1,2]", b"[3]"]


def test_a_line_of_fifty_megabytes_is_one_record() -> None:
    """Prevents a file without newlines that is refused before anybody can see why."""
    content = b"x" * 50_000_000 + b"\n{}"
    assert [len(raw) for raw in raws(content)] == [50_000_000, 2]


def test_a_line_without_end_stops_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """Prevents a disk image, given by mistake, that is read into memory whole."""
    monkeypatch.setattr(file_bytes, "MAX_LINE_BYTES", 1_000_000)
    found, message = read_broken(b"{}\n" + b"x" * 2_000_000)
    assert found == [b"{}"]
    assert "longer than" in message


def test_an_empty_file_has_no_records() -> None:
    """Prevents a phantom record of nothing."""
    assert raws(b"") == raws(b"\n \n") == raws(gzip.compress(b"")) == []
