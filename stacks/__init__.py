"""What CDK deploys; `BatchIngest` is all of it, for another CDK app as well.

from stacks import BatchIngest, Settings

BatchIngest(stack, "BatchIngest", settings=Settings(bucket_name="receipts-of-ours"))
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stacks.batch_ingest import BatchIngest
    from stacks.settings import Settings

__all__ = ["BatchIngest", "Settings"]


def __getattr__(name: str) -> Any:
    """Import late: what reads the settings alone needs no CDK, which starts Node."""
    if name == "BatchIngest":
        from stacks.batch_ingest import BatchIngest  # noqa: PLC0415

        return BatchIngest
    if name == "Settings":
        from stacks.settings import Settings  # noqa: PLC0415

        return Settings
    raise AttributeError(name)
