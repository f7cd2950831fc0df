"""Reference of every mart for a set of events, in plain Python and without increments; the SQL is compared to it.

Written from the contract, not from the SQL. It takes all events together, so it cannot know about windows, order
or what was there before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from tests.marts.lake_folder import Row, scored

Marts = dict[str, list[Row]]
MOODS = ("positive", "neutral", "negative")


def marts_of(events: Iterable[Row]) -> Marts:
    """{mart: rows} with the columns that this oracle covers, in no particular order."""
    kinds: dict[str, list[Row]] = defaultdict(list)
    for event in events:
        kinds[event["kind"]].append(event)
    profiles = {user: _profile(versions) for user, versions in _by(kinds["user"], "user_id").items()}
    posts = {key: _text(v) for key, v in _by(kinds["post"], "post_id").items() if not _newest(v)["deleted"]}
    comments = {key: _text(v) for key, v in _by(kinds["comment"], "comment_id").items() if not _newest(v)["deleted"]}
    interactions = [_interaction(_newest(v)) for v in _by(kinds["interaction"], "interaction_id").values()]
    deleted = _deleted(kinds["deletion"]) | _taken_down(kinds["moderation_label"])
    gone = {user for kind, user in deleted if kind == "user"}
    profiles = {user: row for user, row in profiles.items() if user not in gone}
    posts = {k: p for k, p in posts.items() if ("post", k) not in deleted and p["author_id"] not in gone}
    comments = {k: c for k, c in comments.items() if ("comment", k) not in deleted and c["author_id"] not in gone}
    interactions = [
        one
        for one in interactions
        if ("interaction", one["interaction_id"]) not in deleted
        and one["actor_id"] not in gone
        and one["target_user_id"] not in gone
    ]
    for comment in comments.values():
        comment["topic"] = posts.get(comment["post_id"], {}).get("topic")
    texts = [{"kind": "post", **p} for p in posts.values()] + [{"kind": "comment", **c} for c in comments.values()]
    return {
        "dim_users": list(profiles.values()),
        "fct_posts": [{"post_id": key, **row} for key, row in posts.items()],
        "fct_comments": [{"comment_id": key, **row} for key, row in comments.items()],
        "fct_interactions": interactions,
        "agg_sentiment_hourly": _moods(texts, lambda t: {"event_hour": t["event_hour"]}),
        "agg_sentiment_daily": _moods(texts, lambda t: {"event_day": t["event_hour"].date()}),
        "agg_topic_sentiment_daily": _moods(
            texts, lambda t: {"event_day": t["event_hour"].date(), "topic": t["topic"] or "(none)"}
        ),
        "agg_user_engagement": _engagement(profiles, posts, comments, interactions),
        "user_profile_history": _histories(kinds["user"], gone),
    }


def _deleted(deletions: list[Row]) -> set[tuple[str, str]]:
    """Kind and id of all that is deleted: the newest deletion of each subject decides."""
    subjects: dict[tuple[str, str | None], list[Row]] = defaultdict(list)
    for deletion in deletions:
        subjects[deletion["subject_id"], deletion["subject_kind"]].append(deletion)
    return {
        (kind, subject)
        for (subject, named), versions in subjects.items()
        if not _newest(versions)["restored"]
        for kind in ([named] if named else ["post", "comment", "interaction"])
    }


def _taken_down(labels: list[Row]) -> set[tuple[str, str]]:
    """Kind and id of what a labeler takes down, or hides, and has not shown again since."""
    names = ("subject_id", "subject_kind", "labeler_id", "label_value")
    by_label: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for label in labels:
        by_label[tuple(label[name] for name in names)].append(label)
    return {
        (kind, subject)
        for (subject, named, _, value), versions in by_label.items()
        if value in ("!takedown", "!hide") and not _newest(versions)["withdrawn"]
        for kind in ([named] if named else ["post", "comment", "interaction"])
    }


def _by(events: list[Row], key: str) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = defaultdict(list)
    for event in events:
        groups[event[key]].append(event)
    return groups


def _newest(versions: list[Row]) -> Row:
    return max(versions, key=lambda version: (version["event_time"], version["event_id"]))


def _naive(time: datetime) -> datetime:
    return time.replace(tzinfo=None)


def _hour(time: datetime) -> datetime:
    return _naive(time).replace(minute=0, second=0, microsecond=0)


def _profile(versions: list[Row]) -> Row:
    newest = _newest(versions)
    return {
        "user_id": newest["user_id"],
        "user_name": newest["user_name"],
        "event_id": newest["event_id"],
        "event_hour": _hour(newest["event_time"]),
        "first_seen_at": _naive(min(version["event_time"] for version in versions)),
        "version_count": len(versions),
    }


def _histories(versions: list[Row], gone: set[str]) -> list[Row]:
    rows: list[Row] = []
    for user, of_user in _by(versions, "user_id").items():
        if user in gone:
            continue
        moments: dict[datetime, list[Row]] = defaultdict(list)
        for version in of_user:
            moments[version["event_time"]].append(version)
        times = sorted(moments)
        for since, until in zip(times, [*times[1:], None], strict=True):
            newest = _newest(moments[since])
            row = {name: newest[name] for name in ("user_id", "user_name", "event_id")}
            rows.append({**row, "valid_from": _naive(since), "valid_to": until and _naive(until)})
    return rows


def _text(versions: list[Row]) -> Row:
    newest = _newest(versions)
    edited = len(versions) > 1
    return {
        "post_id": newest["post_id"],
        "event_id": newest["event_id"],
        "event_time": _naive(newest["event_time"]),
        "event_hour": _hour(newest["event_time"]),
        "created_at": _naive(min(version["event_time"] for version in versions)),
        "edited_at": _naive(newest["event_time"]) if edited else None,
        "is_edited": edited,
        "version_count": len(versions),
        "author_id": newest["author_id"],
        "text": newest["text"],
        "topic": newest.get("topic"),
        "hashtags": None if newest["hashtags"] is None else " ".join(newest["hashtags"]),
        "polarity": scored(newest)["polarity"],
        "sentiment": scored(newest)["sentiment"],
        "predicted_sentiment": scored(newest).get("predicted_sentiment"),
        "predicted_polarity": scored(newest).get("predicted_polarity"),
    }


def _interaction(event: Row) -> Row:
    names = ("interaction_id", "event_id", "action", "actor_id")
    optional = {name: event.get(name) for name in ("post_id", "target_user_id")}
    return {**{n: event[n] for n in names}, **optional, "event_time": _naive(event["event_time"])}


def _mean(polarities: list[float | None]) -> float | None:
    known = [polarity for polarity in polarities if polarity is not None]
    if not known:
        return None
    return float(sum(Decimal(str(polarity)) for polarity in known)) / len(known)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _moods(texts: list[Row], group: Any) -> list[Row]:
    groups: dict[tuple[tuple[str, Any], ...], list[Row]] = defaultdict(list)
    for text in texts:
        groups[tuple(group(text).items())].append(text)
    return [{**dict(key), **_mood(members)} for key, members in groups.items()]


def _mood(texts: list[Row]) -> Row:
    count = {mood: sum(text["sentiment"] == mood for text in texts) for mood in MOODS}
    predicted = {mood: sum(text["predicted_sentiment"] == mood for text in texts) for mood in MOODS}
    scored_count, predicted_count = sum(count.values()), sum(predicted.values())
    return {
        "text_count": len(texts),
        "post_count": sum(text["kind"] == "post" for text in texts),
        "comment_count": sum(text["kind"] == "comment" for text in texts),
        "author_count": len({text["author_id"] for text in texts}),
        **{f"{mood}_count": count[mood] for mood in MOODS},
        "scored_count": scored_count,
        "unscored_count": len(texts) - scored_count,
        "scored_share": scored_count / len(texts),
        **{f"{mood}_share": _share(count[mood], scored_count) for mood in MOODS},
        "mean_polarity": _mean([text["polarity"] for text in texts]),
        "predicted_count": predicted_count,
        **{f"predicted_{mood}_count": predicted[mood] for mood in MOODS},
        **{f"predicted_{mood}_share": _share(predicted[mood], predicted_count) for mood in MOODS},
        "mean_predicted_polarity": _mean([text["predicted_polarity"] for text in texts]),
    }


def _engagement(
    profiles: dict[str, Row], posts: dict[str, Row], comments: dict[str, Row], interactions: list[Row]
) -> list[Row]:
    given = {"like": "likes_given", "share": "shares_given", "follow": "follows_given"}
    received = {"like": "likes_received", "share": "shares_received", "follow": "followers_gained"}
    names = ("post_count", "comment_count", *given.values(), *received.values(), "comments_received")
    users: dict[str, Row] = {user: dict.fromkeys(names, 0) for user in profiles}
    polarities: dict[str, list[float | None]] = defaultdict(list)
    times: dict[str, list[datetime]] = defaultdict(list)

    def add(user: str | None, name: str | None) -> None:
        if user is not None:
            row = users.setdefault(user, dict.fromkeys(names, 0))
            if name is not None:
                row[name] += 1

    for texts, name in ((posts, "post_count"), (comments, "comment_count")):
        for text in texts.values():
            add(text["author_id"], name)
            polarities[text["author_id"]].append(text["polarity"])
            times[text["author_id"]].append(text["event_time"])
    for comment in comments.values():
        author = posts.get(comment["post_id"], {}).get("author_id")
        if author != comment["author_id"]:
            add(author, "comments_received")
    for one in interactions:
        add(one["actor_id"], given.get(one["action"]))
        times[one["actor_id"]].append(one["event_time"])
        of_user = one["action"] == "follow" or one["post_id"] is None
        receiver = one["target_user_id"] if of_user else posts.get(one["post_id"], {}).get("author_id")
        if receiver != one["actor_id"]:
            add(receiver, received.get(one["action"]))
    return [
        {
            "user_id": user,
            "user_name": profiles.get(user, {}).get("user_name"),
            **row,
            "mean_polarity": _mean(polarities[user]),
            "first_active_at": min(times[user], default=None),
            "last_active_at": max(times[user], default=None),
        }
        for user, row in users.items()
    ]
