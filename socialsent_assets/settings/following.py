"""Setting of the followed source: one network, written like `bluesky?match=tram,train&lang=en`.

Not here: tokens of the networks (cli/follow.py reads them), what is followed and how (ingest/live/).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs

from socialsent_assets.domain.events.errors import UserError

NETWORKS = ("bluesky", "mastodon", "reddit", "hackernews")
VARIABLE = "SOCIALSENT_FOLLOW"
_OPTIONS = {"match", "lang", "server"}
_FORM = re.compile(r"(?P<network>[a-z]+)(?:/(?P<place>[\w.:-]+))?(?:\?(?P<query>[^\s#]*))?", re.ASCII)


@dataclass(frozen=True)
class FollowSettings:
    """A public network that is followed all the time.

    Attributes:
        network: one of `NETWORKS`.
        place: server of mastodon, subreddit of reddit; "" elsewhere.
        match, lang: words and languages of the texts that are kept, separated by commas; "" for all.
        server: address of another Jetstream, of Bluesky alone; "" for the public one.
    """

    network: str
    place: str = ""
    match: str = ""
    lang: str = ""
    server: str = ""

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> FollowSettings | None:
        """From SOCIALSENT_FOLLOW; None if nothing is followed. Raises UserError for a text of another form.

        >>> FollowSettings.from_env({"SOCIALSENT_FOLLOW": "bluesky?match=tram,train&lang=en"}).match
        'tram,train'
        """
        text = env.get(VARIABLE, "")
        if not text:
            return None
        found = _FORM.fullmatch(text)
        query = parse_qs((found and found["query"]) or "", keep_blank_values=True)
        if found is None or found["network"] not in NETWORKS or not set(query) <= _OPTIONS:
            known = ", ".join(NETWORKS)
            raise UserError(f"{VARIABLE}={text}: write bluesky?match=tram,train&lang=en; the networks are {known}")
        if "server" in query and found["network"] != "bluesky":
            raise UserError(
                f"{VARIABLE}={text}: server= is for bluesky alone; write bluesky?server=wss://HOST/subscribe"
            )
        if (found["network"] in ("mastodon", "reddit")) != bool(found["place"]):
            raise UserError(
                f"{VARIABLE}={text}: write mastodon/mastodon.social or reddit/askscience; others have no /"
            )
        one = {name: ",".join(values) for name, values in query.items()}
        return cls(found["network"], found["place"] or "", **one)

    def arguments(self) -> list[str]:
        """The equivalent arguments of `socialsent follow`."""
        options = [("--match", self.match), ("--lang", self.lang), ("--server", self.server)]
        return [
            self.network, *([self.place] if self.place else []),
            *(part for name, value in options if value for part in (name, value)),
        ]  # fmt: skip
