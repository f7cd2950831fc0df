"""The champion on a SageMaker endpoint.

The asset is part of every graph, so that keys do not depend on the environment; without a configured endpoint it
reports that and makes nothing. It has its own group: `group:models` is what gets trained, and a training must not
fail because an endpoint does.

Not here: how a model is hosted (resources/model_endpoint.py), who becomes champion (`socialsent models promote`).
"""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from socialsent_assets.defs.metadata import OWNERS
from socialsent_assets.defs.ml.assets import CLASSIFIER
from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.resources.lake import LakeResource
from socialsent_assets.resources.model_endpoint import Hosted, Hosting, HostingError

ENDPOINT = dg.AssetKey(["models", "sentiment_endpoint"])
GROUP = "serving"


@dg.asset(
    key=ENDPOINT,
    deps=[CLASSIFIER],
    group_name=GROUP,
    kinds={"sagemaker", "python"},
    owners=OWNERS,
    code_version="1",
    output_required=False,
    pool="sagemaker",  # concurrent updates of one endpoint reject each other
)
def sentiment_endpoint(
    context: dg.AssetExecutionContext, lake: LakeResource, hosting: Hosting
) -> Iterator[dg.MaterializeResult[None]]:
    """The champion classifier in the SageMaker Model Registry and on a serverless endpoint. Safe to repeat."""
    from socialsent_assets.ml.registry import ModelRegistry

    try:
        hosted = hosting.host(ModelRegistry(lake.open().artifacts), context.log.info)
    except (UserError, HostingError) as error:
        raise dg.Failure(str(error), allow_retries=False) from error
    if hosted is not None:
        yield dg.MaterializeResult(metadata=_metadata(hosted), data_version=dg.DataVersion(hosted.model.digest))


def _metadata(hosted: Hosted) -> dict[str, Any]:
    from socialsent_assets.ml.serving.sagemaker_requests import measures

    return {
        "digest": hosted.model.digest,
        "headline": hosted.model.card.headline,
        "endpoint_arn": hosted.endpoint_arn,
        "endpoint_config": hosted.endpoint_config,
        "model_package_arn": hosted.package_arn,
        "archive": dg.MetadataValue.path(hosted.archive_uri),
        "is_changed": hosted.is_changed,
        **measures(hosted.model.card),
    }
