"""Settings of alerting: destinations besides the log of this machine, and the one limit that a promise sets.

Not here: what is worth an alert (domain/monitoring/), how it is sent (resources/).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.settings.values import number_of


@dataclass(frozen=True)
class AlertSettings:
    """Everything is optional: on one machine alerts go to the log and to `socialsent alerts`.

    Attributes:
        topic_arn: SNS topic that gets every alert; None: none does.
        metrics_namespace: CloudWatch namespace of the pipeline's numbers; None: they are not sent.
        deletion_minutes: how long a deletion may take from its landing to its absence in the marts.
        ui_url: address of the Dagster UI, for the links in messages; None: messages carry no link.
    """

    topic_arn: str | None = None
    metrics_namespace: str | None = None
    ui_url: str | None = None
    deletion_minutes: int = 120

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> AlertSettings:
        """Raises UserError for an ARN, a namespace or an address that cannot be one."""
        return cls(
            topic_arn=_matching(
                env, "SOCIALSENT_ALERTS_TOPIC_ARN", r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:\S+", "arn:aws:sns:…"
            ),
            metrics_namespace=_matching(
                env, "SOCIALSENT_METRICS_NAMESPACE", r"(?!AWS/)[\w./#:-]{1,255}", "a name without spaces"
            ),
            ui_url=_matching(env, "SOCIALSENT_UI_URL", r"https?://\S+", "http://… or https://…"),
            deletion_minutes=number_of(
                env, "SOCIALSENT_DELETION_MINUTES", 120, range(1, 43_201), "1 to 43200 minutes"
            ),
        )


def _matching(env: Mapping[str, str], setting: str, pattern: str, words: str) -> str | None:
    value = env.get(setting)
    if not value:
        return None
    if not re.fullmatch(pattern, value):
        raise UserError(f"{setting}={value}: use {words}")
    return value
