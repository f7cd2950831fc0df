"""Files in memory, planned and landed as `socialsent ingest` does it, without a lake."""

import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path

from socialsent_assets.domain.events.draft import seal
from socialsent_assets.domain.events.event import Event, parse
from socialsent_assets.domain.events.landing import LandedBatch, SourceRecord, land
from socialsent_assets.domain.events.start import HISTORY_START
from socialsent_assets.ingest.input_file import InputFile
from socialsent_assets.ingest.options import Options
from socialsent_assets.ingest.plan import FilePlan, plan_file
from socialsent_assets.ingest.reading import records_of

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
FIXTURES = Path(__file__).parent / "fixtures"


def in_memory(content: str | bytes, name: str = "tweets.csv") -> InputFile:
    raw = content.encode() if isinstance(content, str) else content
    return InputFile(name, len(raw), lambda: io.BytesIO(raw))


def fixture(name: str) -> InputFile:
    return in_memory((FIXTURES / name).read_bytes(), name)


def plan(content: str | bytes, name: str = "tweets.csv", **options: object) -> FilePlan:
    return plan_file(in_memory(content, name), Options(**options))  # type: ignore[arg-type]


def records_by(made: FilePlan) -> list[SourceRecord]:
    with made.file.open() as handle:
        return list(records_of(made, handle))


def records(content: str | bytes, name: str = "tweets.csv", **options: object) -> list[SourceRecord]:
    return records_by(plan(content, name, **options))


def landed(content: str | bytes, name: str = "tweets.csv", **options: object) -> LandedBatch:
    return land(records(content, name, **options), NOW, HISTORY_START, "o")


def events_of(found: list[SourceRecord]) -> list[Event]:
    events: list[Event] = []
    for record in found:
        if record.drafts is None:
            answer = parse(record.raw, NOW, HISTORY_START)
            assert isinstance(answer, Event), answer
            events.append(answer)
        events += [seal(draft, NOW, HISTORY_START)[0] for draft in record.drafts or ()]
    return events


def only_event(content: str | bytes, name: str = "tweets.csv", **options: object) -> Event:
    (event,) = events_of(records(content, name, **options))
    return event


def workbook(rows: list[list[str]]) -> bytes:
    """The smallest workbook that a spreadsheet would open, its cells as inline text."""
    cell = '<c t="inlineStr"><is><t>{}</t></is></c>'
    cells = "".join(f"<row>{''.join(map(cell.format, row))}</row>" for row in rows)
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    relations = "http://schemas.openxmlformats.org/package/2006/relationships"
    document = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{relations}"><Relationship Id="r1" Type="{document}/officeDocument" '
            'Target="xl/workbook.xml"/></Relationships>',
        )
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{main}" xmlns:r="{document}">'
            '<sheets><sheet name="Posts" sheetId="1" r:id="r1"/></sheets></workbook>',
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{relations}"><Relationship Id="r1" Type="{document}/worksheet" '
            'Target="worksheets/sheet1.xml"/></Relationships>',
        )
        archive.writestr(
            "xl/worksheets/sheet1.xml", f'<worksheet xmlns="{main}"><sheetData>{cells}</sheetData></worksheet>'
        )
    return sink.getvalue()
