"""Files of events as people have them: gzipped, cut off, pretty-printed, without a last newline, far too long."""

import gzip
import io
import json

import pytest
import zstandard

from socialsent_assets.ingest import file_bytes, json_documents
from socialsent_assets.ingest.file_bytes import BrokenFileError, chunks
from socialsent_assets.ingest.json_documents import Document, documents

LINES = [json.dumps({"event_id": f"e{n}", "text": "😍 hello"}, ensure_ascii=False).encode() for n in range(2_000)]


def read(content: bytes) -> list[Document]:
    return list(documents(chunks(io.BytesIO(content)), "f"))


def raws(content: bytes) -> list[bytes]:
    return [record.raw for record in read(content)]


def read_broken(content: bytes) -> tuple[list[bytes], str]:
    found: list[bytes] = []
    with pytest.raises(BrokenFileError) as caught:
        found.extend(record.raw for record in documents(chunks(io.BytesIO(content)), "f"))
    return found, str(caught.value)


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n", b"\n\n \n"])
@pytest.mark.parametrize("newline", [b"\n", b"\r\n", b"\n\n"])
def test_lines_are_the_same_however_they_end(newline: bytes, end: bytes) -> None:
    """Prevents a file from Windows, or one without a last newline, that loses a line."""
    assert raws(newline.join(LINES) + end) == LINES


def test_a_position_names_the_line_that_an_editor_shows() -> None:
    """Prevents a wrong line number of a rejected line because blank lines were not counted."""
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


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_another_width_of_characters_is_known_by_its_mark(encoding: str) -> None:
    """Prevents a quarantine full of lines because of one choice in an export dialog."""
    assert raws(b"\n".join(LINES).decode().encode(encoding)) == LINES


def test_a_pretty_printed_array_is_read_element_by_element() -> None:
    """Prevents an export that is one array over many lines from being rejected line by line."""
    text = json.dumps([json.loads(line) for line in LINES], indent=4, ensure_ascii=False).encode()
    records = read(b"\n" + text + b"\n")
    assert [json.loads(record.raw) for record in records] == [json.loads(line) for line in LINES]
    assert records[-1].position == "f element 2000"


def test_one_array_per_line_stays_one_record_per_line() -> None:
    """Prevents a second line that is taken for rubbish behind the first array."""
    assert raws(b"[1,2]\n[3]\n") == [b"[1,2]", b"[3]"]


def test_a_line_of_fifty_megabytes_is_one_record() -> None:
    """Prevents a file without newlines that is rejected without a reason."""
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


def test_an_object_over_many_lines_is_one_document() -> None:
    """Prevents a pretty-printed page of an API that is rejected line by line."""
    text = json.dumps({"items": [1, {"a": "}"}]}, indent=2).encode()
    assert raws(text) == [text]
    assert raws(text + b"\n" + text) == [text, text]


def test_a_broken_first_line_does_not_take_the_others_along() -> None:
    """Prevents a file of which one cut line at the front makes one document of everything."""
    broken = LINES[0][:20]
    assert raws(b"\n".join([broken, *LINES[1:4]])) == [broken, *LINES[1:4]]


def test_the_part_of_an_archive_that_is_a_script_is_an_array() -> None:
    """Prevents tweets.js from being rejected for the assignment in front of it."""
    assert raws(b'window.YTD.tweets.part0 = [ {"a": 1},\n {"b": 2} ]') == [b'{"a": 1}', b'{"b": 2}']


def test_an_object_beyond_memory_is_cut_at_its_list(monkeypatch: pytest.MonkeyPatch) -> None:
    """Prevents an export of a gigabyte that is read whole; each element comes in the frame of its object."""
    monkeypatch.setattr(json_documents, "WHOLE_BYTES", 40)
    text = json.dumps({"name": "n", "tags": ["a"], "messages": [{"id": 1}, {"id": 2}], "end": [3]}, indent=1).encode()
    found = read(text + b" " * 100)
    assert [json.loads(document.raw) for document in found] == [{"id": 1}, {"id": 2}]
    whole = json.loads(found[1].frame[0] + found[1].raw + found[1].frame[1])
    assert whole == {"name": "n", "tags": ["a"], "messages": [{"id": 2}]}


def test_what_expands_beyond_reason_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Prevents a small file that fills the disk."""
    monkeypatch.setattr(file_bytes, "UNSUSPICIOUS_BYTES", 1_000_000)
    for packed in (gzip.compress(b"{}\n" * 4_000_000), zstandard.compress(b"{}\n" * 4_000_000)):
        found, message = read_broken(packed)
        assert "expands more than 250-fold" in message
        assert len(found) < 4_000_000


def test_an_object_that_is_cut_gives_the_elements_that_are_whole() -> None:
    """Prevents half a download of an account's export from landing nothing, and from passing for a whole file."""
    content = json.dumps({"name": "chat", "messages": [{"id": n, "tags": [{"a": 1}]} for n in range(9)]}, indent=1)
    found: list[Document] = []
    with pytest.raises(BrokenFileError, match="ends in the middle"):
        found.extend(documents(iter([content[:-40].encode()]), "x.json"))
    whole = [json.loads(one.frame[0] + one.raw + one.frame[1]) for one in found[:-1]]
    assert [(page["name"], page["messages"][0]["id"]) for page in whole] == [("chat", n) for n in range(8)]
    assert content[:-40].rstrip().endswith(found[-1].raw.decode().rstrip())
