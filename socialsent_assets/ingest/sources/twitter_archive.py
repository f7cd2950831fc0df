"""Archive that X/Twitter gives to the owner of an account: `data/tweets.js` and its neighbours.

The records do not name the owner, so all tweets are by one author. Likes and followed accounts have no time there.
Archives before 2020 hold each tweet bare, later ones as the one value of an object.

Not here: the API's tweets (twitter_v1.py, twitter_v2.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from socialsent_assets.domain.events.draft import Draft
from socialsent_assets.ingest.html_text import unescaped
from socialsent_assets.ingest.records import optional_id, present, required_id, required_text, required_time, tags_at
from socialsent_assets.ingest.source import JsonSource, Record
from socialsent_assets.ingest.values import language

_NAME = "twitter"
OWNER = "archive-owner"
_PARTS = ("tweet", "like", "following", "account")


def _recognises(record: Record) -> bool:
    if "full_text" in record and "id_str" in record and "user" not in record:
        return "created_at" in record
    return len(record) == 1 and isinstance(record.get(next(iter(record))), Mapping) and next(iter(record)) in _PARTS


def _drafts(record: Record) -> Iterator[Draft]:
    tweet = record if "full_text" in record else record.get("tweet")
    if not isinstance(tweet, Mapping):
        return
    tweet_id, time = required_id(tweet, "id_str", "id"), required_time(tweet, "created_at")
    raw = required_text(tweet, "full_text", "text")
    shared_from = optional_id(tweet, "entities.user_mentions.0.id_str")
    if raw.startswith("RT @"):
        if shared_from is not None:  # the archive does not name the tweet, but its author
            data = {"interaction_id": tweet_id, "action": "share", "actor_id": OWNER, "target_user_id": shared_from}
            yield Draft("interaction", time, _NAME, data)
        return
    text = unescaped(raw)
    common = present(author_id=OWNER, text=text, lang=language(tweet.get("lang")))
    parent = optional_id(tweet, "in_reply_to_status_id_str")
    if parent is not None:
        yield Draft("comment", time, _NAME, {"comment_id": tweet_id, "post_id": parent, **common})
    else:
        tags = tags_at(tweet, "entities.hashtags", "text")
        yield Draft("post", time, _NAME, present(post_id=tweet_id, hashtags=tags, **common))


SOURCES = (JsonSource("twitter-archive", "X/Twitter account archive", _recognises, _drafts),)
