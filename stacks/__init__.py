"""The CDK app. `BatchIngest` is the whole product as a construct, for other CDK apps, too.

from stacks import BatchIngest, Settings

BatchIngest(stack, "BatchIngest", settings=Settings(bucket_name="receipts-of-ours"))
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stacks.batch_ingest import BatchIngest
    from stacks.settings import Settings

__all__ = ["BatchIngest", "Settings"]


def __getattr__(name: str) -> Any:
    """Import on first use: reading settings needs no CDK, and CDK starts Node."""
    if name == "BatchIngest":
        from stacks.batch_ingest import BatchIngest  # noqa: PLC0415

        return BatchIngest
    if name == "Settings":
        from stacks.settings import Settings  # noqa: PLC0415

        return Settings
    raise AttributeError(name)
