"""Requests to SageMaker: names and arguments of its calls, made from a model and the settings alone.

Names hold digests of what they name, so the same champion and settings give the same names, and whatever has the
right name already is what we want.

Limits of names and values: boto3's SageMaker API (`ModelName`, `CustomerMetadataValue`, `EntityDescription`).
Not here: the calls (resources/model_endpoint.py), the archive (ml/serving/archive.py).
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

from socialsent_assets.domain.learning.model_card import ModelCard
from socialsent_assets.ml.registry import RegisteredModel
from socialsent_assets.ml.serving.archive import MODEL_DIGEST, NAME
from socialsent_assets.ml.serving.payloads import FORMS

MEASURES = ("macro_recall", "macro_f1", "accuracy")
_NOT_ALLOWED = re.compile(r"[^\w .:/=+\-@]")
_LONGEST_METADATA = 256
_LONGEST_DESCRIPTION = 1024


@dataclass(frozen=True)
class Container:
    """What runs: an image, the archive that is unpacked for it, and the digest that it must find there."""

    image_uri: str
    archive_uri: str
    digest: str

    def request(self) -> dict[str, Any]:
        """As SageMaker wants it, for a model and for a model package alike."""
        return {
            "Image": self.image_uri,
            "ModelDataUrl": self.archive_uri,
            "Environment": {MODEL_DIGEST: self.digest},
        }


def archive_key(model: RegisteredModel) -> str:
    """Where the archive of a model lies below the root of archives."""
    return f"hosting/{model.card.kind}/{model.digest}/{NAME}"


def package_request(group: str, model: RegisteredModel, container: Container, *, approved: bool) -> dict[str, Any]:
    """Arguments of create_model_package."""
    return {
        "ModelPackageGroupName": group,
        "ModelPackageDescription": package_description(model),
        "ModelApprovalStatus": "Approved" if approved else "PendingManualApproval",
        "InferenceSpecification": {
            "Containers": [container.request()],
            "SupportedContentTypes": sorted(FORMS),
            "SupportedResponseMIMETypes": sorted(set(FORMS.values())),
        },
        "CustomerMetadataProperties": customer_metadata(model),
    }


def package_description(model: RegisteredModel) -> str:
    """The digest, by which a package is found again (listings show it, and it is immutable), and the figure."""
    return f"{model.digest} {model.card.headline}"[:_LONGEST_DESCRIPTION]


def customer_metadata(model: RegisteredModel) -> dict[str, str]:
    """The card's metrics, for reviewers of the package in SageMaker."""
    card = model.card
    told = {
        "digest": model.digest,
        "created_at": card.created_at,
        "label_source": card.label_source or "none",
        "held_out_posts": card.metrics["posts"],
        "text_version": card.text_version,
        "features_version": card.features_version,
        "scorer_version": card.scorer_version,
        **measures(card),
    }
    return {_allowed(name): _allowed(str(value)) for name, value in told.items()}


def measures(card: ModelCard) -> dict[str, float]:
    """The model's figures and, beside them, the macro recall of each baseline; shares of 1, four decimals."""
    own = {name: round(card.metrics[name]["value"], 4) for name in MEASURES}
    theirs = {f"macro_recall of {name}": round(b["macro_recall"]["value"], 4) for name, b in card.baselines.items()}
    return own | theirs


def model_request(endpoint: str, role_arn: str, container: Container) -> dict[str, Any]:
    """Arguments of create_model."""
    content = {"ExecutionRoleArn": role_arn, "PrimaryContainer": container.request()}
    return {"ModelName": f"{endpoint}-{container.digest[:12]}-{_short(content)}", **content}


def config_request(endpoint: str, model: dict[str, Any], memory_mb: int, max_concurrency: int) -> dict[str, Any]:
    """Arguments of create_endpoint_config, for the model that `model_request` describes."""
    variant = {
        "VariantName": "champion",
        "ModelName": model["ModelName"],
        "ServerlessConfig": {"MemorySizeInMB": memory_mb, "MaxConcurrency": max_concurrency},
    }
    digest = model["PrimaryContainer"]["Environment"][MODEL_DIGEST]
    return {"EndpointConfigName": f"{endpoint}-{digest[:12]}-{_short(variant)}", "ProductionVariants": [variant]}


def _short(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:8]


def _allowed(text: str) -> str:
    return _NOT_ALLOWED.sub("", text)[:_LONGEST_METADATA]
