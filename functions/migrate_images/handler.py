"""The Lambda function behind the state MigrateChunk of the map MigrateImages."""

from typing import Any

from functions.aws.runtime.deadline import LambdaContext
from functions.aws.runtime.telemetry import telemetry
from functions.domain.payloads.chunk_work import ChunkWork
from functions.migrate_images.call import migrate_images
from functions.migrate_images.settings import MigrateSettings


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Migrate images; `ChunkWork` in, `ChunkWork` with what is left of the chunk out."""
    settings = MigrateSettings.read()
    work = ChunkWork.read(event)
    with telemetry().invocation(
        execution=work.execution, job=work.job, chunk=str(work.chunk.number)
    ) as log:
        return migrate_images(work, context=context, settings=settings, log=log).as_json()
