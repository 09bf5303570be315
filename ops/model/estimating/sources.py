"""Workloads of files and of objects in the bucket."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from functions.domain.attribute_values import to_item
from ops.model.estimating.workload import Workload, read_workload

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ops.model.deployment import Deployment

_LOOKED_INTO: Final = 12
"""How many objects are read at most; the others are assumed to be like them."""


def of_file(path: Path) -> Workload:
    """What a file holds."""
    with path.open("rb") as file:

        def read(start: int, length: int) -> bytes:
            file.seek(start)
            return file.read(length)

        return read_workload(path.stat().st_size, read)


def of_object(deployed: Deployment, key: str, size: int) -> Workload:
    """What an object holds, and which of its images the application has on record."""

    def read(start: int, length: int) -> bytes:
        answer = deployed.s3.get_object(
            Bucket=deployed.bucket, Key=key, Range=f"bytes={start}-{start + length - 1}"
        )
        return answer["Body"].read()

    return with_known_images(deployed, read_workload(size, read))


def of_objects(deployed: Deployment, objects: Sequence[tuple[str, int]]) -> list[Workload]:
    """What many objects hold, by their keys and sizes: some are read, evenly among them."""
    step = max(1, len(objects) // _LOOKED_INTO)
    read = {key: of_object(deployed, key, size) for key, size in objects[::step]}
    folders, found = set[str](), []
    for key, size in objects:
        workload = read.get(key) or _like(list(read.values()), size)
        folder = key.rpartition("/")[0]
        found.append(replace(workload, is_conditional=folder in folders))
        folders.add(folder)
    return found


def _like(read: Sequence[Workload], size: int) -> Workload:
    """An object of a size that is otherwise like those that were read."""
    total = sum(each.size for each in read) or 1
    share = size / total
    return Workload(
        size=size,
        line_bytes=total / max(1.0, sum(each.records for each in read)),
        records=share * sum(each.records for each in read),
        transactions=share * sum(each.transactions for each in read),
        item_units=sum(each.item_units for each in read) / len(read),
        images=share * sum(each.images for each in read),
        is_sampled=True,
    )


def with_known_images(deployed: Deployment, workload: Workload) -> Workload:
    """Count only images that pending-images has: asked for a sample of at most 100."""
    if not (ids := list(dict.fromkeys(workload.sampled_ids))):
        return workload
    table = deployed.outputs["PendingImagesTableName"]
    keys = [to_item({"imageId": each}) for each in ids]
    answer = deployed.dynamodb.batch_get_item(
        RequestItems={table: {"Keys": keys, "ProjectionExpression": "imageId"}}
    )
    known = len(answer["Responses"].get(table, []))
    unread = answer["UnprocessedKeys"].get(table)
    asked = len(ids) - (len(unread["Keys"]) if unread else 0)
    return replace(workload, images=workload.transactions * known / max(1, asked))
