"""Bluesky moderation labels: frames of com.atproto.label.subscribeLabels and answers of queryLabels, as JSON.

A label of an account names its DID, one of a text the record's address. Labels of other records (profiles, lists,
feeds) have no subject in the contract and are counted as filtered. Signatures
are not kept, nor the expiry of a label: it is in force until it is withdrawn.

Not here: events of the network itself (bluesky.py), the binary frames of a labeler's server.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from socialsent_assets.domain.events.draft import Draft
from socialsent_assets.ingest.records import present, required_text, required_time
from socialsent_assets.ingest.source import JsonSource, Record
from socialsent_assets.ingest.sources.bluesky import NAME
from socialsent_assets.ingest.values import short_id


def _recognises(record: Record) -> bool:
    labels = record.get("labels")
    if isinstance(labels, list):
        return bool(labels) and all(isinstance(label, dict) and _is_label(label) for label in labels[:3])
    return _is_label(record)


def _is_label(record: Record) -> bool:
    names = ("src", "uri", "val", "cts")
    return all(isinstance(record.get(name), str) for name in names) and str(record["src"]).startswith("did:")


def _unfold(record: Record) -> Iterable[Record] | None:
    labels = record.get("labels")
    return labels if isinstance(labels, list) else None


def _drafts(record: Record) -> Iterator[Draft]:
    uri = required_text(record, "uri")
    if uri.startswith("did:"):
        kind = "user"
    elif "/app.bsky.feed.post/" in uri:
        kind = None  # a post or a reply: the address does not show which
    else:
        return
    data = present(
        subject_id=short_id(uri),
        subject_kind=kind,
        labeler_id=required_text(record, "src"),
        label_value=required_text(record, "val"),
        withdrawn=True if record.get("neg") is True else None,
    )
    yield Draft("moderation_label", required_time(record, "cts"), NAME, data)


SOURCES = (JsonSource("bluesky-labels", "Bluesky moderation labels", _recognises, _drafts, _unfold),)
