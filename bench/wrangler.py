"""`awswrangler.dynamodb.put_items`, fed with what naive boto3 reads.

Only where the group `bench` of the dependencies is installed.
"""

from importlib.util import find_spec
from pathlib import Path

from bench.naive import NaiveLoader
from bench.stubs import Stubs


def is_there() -> bool:
    """Whether it is installed."""
    return find_spec("awswrangler") is not None


class WranglerLoader:
    """Loads the head of a file of the stub's folder."""

    def __init__(self, stubs: Stubs) -> None:
        import awswrangler  # noqa: PLC0415  it may not be there

        self._wrangler = awswrangler
        self._wrangler.config.dynamodb_endpoint_url = stubs.dynamodb
        self._source = NaiveLoader(stubs)

    def load(self, path: Path, *, upto: int) -> int:
        """Load what lies before a position; returns how many records it was."""
        items = list(self._source.items(path, upto=upto))
        good = [item for item in items if item is not None]
        self._wrangler.dynamodb.put_items(items=good, table_name="transactions")
        return len(items)
