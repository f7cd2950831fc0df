"""Finding the column for each field of an event: by the user's options, by its name, by its values.

Not here: reading the rows (rows.py), names of columns that one known file has (sources/).
"""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.events.event import SOURCE
from socialsent_assets.domain.events.kinds import KINDS
from socialsent_assets.domain.events.rejection import RefusalError
from socialsent_assets.ingest.options import Options
from socialsent_assets.ingest.records import at
from socialsent_assets.ingest.source import Record, TableSource
from socialsent_assets.ingest.times import TimeSurvey, is_time_of_day, joined
from socialsent_assets.ingest.values import is_missing

_NAMES: dict[str, str] = {
    "event_id": "",
    "event_time": "created_at timestamp created_utc createdat created created_time datetime date_time posted_at "
    "published_at publishedat published tweet_created post_date posted_date date_posted date_created datecreated "
    "created_date creation_date submitted_at review_date reviewdate reviewtime unixreviewtime at date time "
    "snippet_publishedat updated_at datum zeit zeitstempel fecha fecha_hora data data_hora horodatage tijd",
    "text": "full_text fulltext tweet_text tweettext post_text comment_text review_text reviewtext message_text "
    "content body message tweet comment review reviews selftext caption sentence textoriginal textdisplay "
    "status_text post title kommentar nachricht beitrag bewertung texte commentaire avis texto mensaje comentario "
    "mensagem testo messaggio commento tekst bericht reactie",
    "author_id": "user_id userid user_id_str author_id_str author user username user_name screen_name handle "
    "account_id author_name reviewerid reviewername reviewer from_id user_screen_name name "
    "autor benutzer benutzername verfasser auteur utilisateur pseudo usuario autore utente gebruiker naam",
    "actor_id": "user_id author_id user username",
    "post_id": "id_str id tweet_id tweetid status_id statusid message_id messageid review_id reviewid uid uuid",
    "comment_id": "id_str id commentid reply_id",
    "parent_comment_id": "parent_id in_reply_to",
    "user_id": "id_str id userid",
    "user_name": "username screen_name handle name",
    "display_name": "name full_name",
    "interaction_id": "id_str id",
    "action": "type interaction",
    "target_user_id": "target target_id followed_id",
    "lang": "language language_code sprache langue idioma lingua taal",
    "topic": "subject category thema sujet tema onderwerp",
    "hashtags": "entities_hashtags tags",
    "place": "place_full_name location user_location",
    "deleted": "is_deleted",
}
_SYNONYMS = {name: (name, *words.split()) for name, words in _NAMES.items()}
_TIMES_OF_DAY = {
    "time",
    "time_of_day",
    "clock",
    "hour",
    "created_time",
    "posted_time",
    "uhrzeit",
    "hora",
    "heure",
    "ora",
    "tijd",
}
_LABEL_NAMES = {"sentiment", "label", "polarity", "airline_sentiment", "target"}
_MAX_SHOWN = 12


@dataclass(frozen=True)
class Columns:
    """Where the fields are.

    Attributes:
        of: field -> column; a nested name (`user.id`) in JSON records.
        surveys: of the column of event times, the formats of its values.
        snowflake: column of ids that contain the time, if there is no column of times; "" for none.
        hint: a sentence about something that was seen and not taken; "" for none.
        time_of_day: column of times of day, if that of event times holds days; "" for none.
    """

    of: Mapping[str, str]
    survey: TimeSurvey = field(default_factory=TimeSurvey)
    snowflake: str = ""
    hint: str = ""
    time_of_day: str = ""

    def time_in(self, record: Record) -> object:
        """The event time of a record as it was written, from one column or two; None if it is missing."""
        value = value_of(record, self.of["event_time"]) if "event_time" in self.of else None
        if is_missing(value):
            return None
        time_of_day = value_of(record, self.time_of_day) if self.time_of_day else None
        return value if is_missing(time_of_day) else joined(value, time_of_day)


def find_columns(
    name: str, header: Sequence[str], sample: Sequence[Record], options: Options, preset: TableSource | None
) -> Columns:
    """The columns of a file.

    Args:
        name: of the file, for messages.
        header: its columns, or the nested names in its first records.
        sample: its first records.
        options: the user's, which take precedence.
        preset: the known file that it is, if it is one.

    Raises:
        UserError: a column that was named is not there, or one that is needed cannot be found.
    """
    found = _named(name, header, options)
    closed = {*options.constants, *options.columns}
    if preset is not None:
        for wanted, columns in preset.fields.items():
            choices = (columns,) if isinstance(columns, str) else columns
            if wanted not in closed and (column := _one_of(choices, header)):
                found[wanted] = column
        closed |= set(preset.constants)
    kind = KINDS["post" if preset is None else preset.event_type] if preset else KINDS[options.event_type]
    free = [column for column in header if column not in found.values()]
    wanted_fields = ["event_id", "event_type", "event_time", "source", *(f.name for f in kind.fields)]
    if preset is not None and "event_time" not in preset.fields:
        wanted_fields.remove("event_time")
    for wanted in wanted_fields:
        if wanted in found or wanted in closed:
            continue
        column = _by_name(wanted, free, sample)
        if column is not None:
            found[wanted] = column
            free.remove(column)
    if "event_time" not in found and "event_time" not in closed and preset is None:
        found |= {"event_time": column} if (column := _only_times(free, sample)) else {}
    snowflake = preset.snowflake if preset is not None and "event_time" not in {*found, *options.constants} else ""
    _require(name, header, found, options, preset, sample)
    made = Columns(found, snowflake=snowflake, hint=_label_hint(header, options, preset))
    if preset is None and "event_time" in found and "event_time" not in options.columns:
        made = replace(made, time_of_day=_time_of_day(free, sample, made))
    values = [made.time_in(record) for record in sample] if "event_time" in found else []
    return replace(made, survey=TimeSurvey().look(values))


def nested_names(records: Iterable[Record], depth: int = 3) -> list[str]:
    """Names of the values in JSON records, nested ones with dots, in order of appearance."""
    names: dict[str, None] = {}

    def walk(record: Mapping[str, object], before: str, left: int) -> None:
        for name, value in record.items():
            if isinstance(value, Mapping) and value and left:
                walk(value, f"{before}{name}.", left - 1)
            else:
                names[f"{before}{name}"] = None

    for record in records:
        walk(record, "", depth)
    return list(names)


def longest_list(records: Iterable[Record], depth: int = 3) -> str:
    """Nested name of the list that holds most objects in these records; "" if there is none, or are two such."""
    sizes: Counter[str] = Counter()

    def walk(record: Mapping[str, object], before: str, left: int) -> None:
        for name, value in record.items():
            if isinstance(value, Mapping) and left:
                walk(value, f"{before}{name}.", left - 1)
            elif isinstance(value, list) and value and isinstance(value[0], Mapping):
                sizes[f"{before}{name}"] += len(value)

    for record in records:
        walk(record, "", depth)
    first, second = (*sizes.most_common(2), ("", 0), ("", 0))[:2]
    return first[0] if first[1] > second[1] else ""


def records_in(page: Record, place: str) -> list[Record] | None:
    """The objects in the list at a nested name of a page; None if there is no list."""
    found = at(page, place) if place else None
    return [entry for entry in found if isinstance(entry, Mapping)] if isinstance(found, list) else None


def value_of(record: Record, column: str) -> object:
    """The value of a column; a name with dots is first taken as it is."""
    value = record.get(column)
    return at(record, column) if value is None and "." in column else value


def plain(name: str) -> str:
    """A column's name without case and signs.

    >>> plain("Created At (UTC)"), plain("user.id_str")
    ('created_at_utc', 'user_id_str')
    """
    return re.sub(r"[^a-z0-9]+", "_", name.strip().lower()).strip("_")


def _named(name: str, header: Sequence[str], options: Options) -> dict[str, str]:
    named: dict[str, str] = {}
    for wanted, column in options.columns.items():
        if not column:
            continue
        match = _one_of((column,), header)
        if match is None:
            close = difflib.get_close_matches(column, header, n=1)
            hint = f" Did you mean --map {wanted}={close[0]}?" if close else ""
            raise UserError(f"{name} has no column {column} (found: {_listed(header)}).{hint}")
        named[wanted] = match
    return named


def _one_of(names: Sequence[str], header: Sequence[str]) -> str | None:
    for name in names:
        if name in header:
            return name
        lower = {column.strip().lower(): column for column in reversed(header)}
        if name.lower() in lower:
            return lower[name.lower()]
    return None


def _by_name(wanted: str, free: Sequence[str], sample: Sequence[Record]) -> str | None:
    by_plain = {plain(column): column for column in reversed(free)}
    for name in _SYNONYMS.get(wanted, (wanted,)):
        column = by_plain.get(name)
        if column is not None and _fits(wanted, column, sample):
            return column
    return None


def _fits(wanted: str, column: str, sample: Sequence[Record]) -> bool:
    values = [value for value in _values(sample, column) if not is_missing(value)]
    if wanted == "event_time":
        return not sample or _are_times(values)
    if wanted == "event_type":
        return all(value in KINDS for value in values)
    if wanted == "source":
        return bool(values) and all(_is_slug(value) for value in values)
    if wanted in ("text", "author_id"):
        return not any(isinstance(value, (Mapping, list)) for value in values)
    return True


def _are_times(values: Sequence[object]) -> bool:
    survey = TimeSurvey().look(values)
    return bool(values) and survey.unreadable * 2 <= len(values)


def _only_times(free: Sequence[str], sample: Sequence[Record]) -> str | None:
    """The one column of which all values are times in words; plain numbers are ambiguous."""
    found = []
    for column in free:
        values = [v for v in _values(sample, column) if not is_missing(v)]
        survey = TimeSurvey().look(values[:50])
        if values and not survey.unreadable and not any(n.startswith(("epoch", "spread")) for n in survey.spellings):
            found.append(column)
    return found[0] if len(found) == 1 else None


def _time_of_day(free: Sequence[str], sample: Sequence[Record], columns: Columns) -> str:
    """The column that has times of day alone, where that of event times has days alone; "" for none."""
    for column in free:
        values = [value for value in _values(sample, column) if not is_missing(value)]
        if plain(column) in _TIMES_OF_DAY and values and all(is_time_of_day(value) for value in values):
            both = replace(columns, time_of_day=column)
            if _are_times([both.time_in(record) for record in sample]):
                return column
    return ""


def _is_slug(value: object) -> bool:
    try:
        SOURCE.normalise(value)
    except RefusalError:
        return False
    return True


def _values(sample: Sequence[Record], column: str) -> list[object]:
    return [value_of(record, column) for record in sample] if column else []


def _require(
    name: str,
    header: Sequence[str],
    found: Mapping[str, str],
    options: Options,
    preset: TableSource | None,
    sample: Sequence[Record],
) -> None:
    if "event_type" in found:
        return
    kind = KINDS[options.event_type] if preset is None else KINDS[preset.event_type]
    made_up = {kind.identity, "author_id"} - ({"user_id"} if kind.name == "user" else set())
    needed = [f.name for f in kind.fields if f.required and f.name not in made_up]
    needed = [*sorted(needed, key=lambda field_name: field_name != "text"), "event_time"]
    have = {*found, *options.constants, *(preset.constants if preset else ())}
    if preset is not None and (preset.joined_text or preset.label):
        have |= {"text"} if preset.joined_text else set()
        have |= {"event_time"} if preset.label else set()
    missing = [f for f in needed if f not in have]
    if not missing:
        return
    free = [column for column in header if column not in found.values()]
    first = missing[0]
    proposal = _closest(first, free, sample)
    constant = "" if first == "text" else f", or give all rows one value: --set {first}={_example(first)}"
    raise UserError(
        f"{name} has no column that is surely {first} (found: {_listed(header)}). Name it: "
        f"--map {first}={proposal or 'COLUMN'}{constant}"
    )


def _closest(wanted: str, free: Sequence[str], sample: Sequence[Record]) -> str | None:
    if wanted == "text":
        lengths = {column: sum(len(str(v)) for v in _values(sample, column) if isinstance(v, str)) for column in free}
        return max(lengths, key=lengths.__getitem__) if any(lengths.values()) else None
    by_plain = {plain(column): column for column in free}
    close = difflib.get_close_matches(wanted, by_plain, n=1, cutoff=0.5)
    return by_plain[close[0]] if close else None


def _example(name: str) -> str:
    return "2024-05-31T00:00Z" if name == "event_time" else "VALUE"


def _label_hint(header: Sequence[str], options: Options, preset: TableSource | None) -> str:
    if options.label or (preset is not None and preset.label):
        return ""
    column = next((column for column in header if plain(column) in _LABEL_NAMES), None)
    return f"column {column} looks like labels; if people gave them: --label {column}" if column else ""


def _listed(header: Sequence[str]) -> str:
    more = f" and {len(header) - _MAX_SHOWN} more" if len(header) > _MAX_SHOWN else ""
    return ", ".join(column[:60] for column in header[:_MAX_SHOWN]) + more if header else "nothing"
