"""The account and Region in which background work acts; a request brings its own."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from ministack.core import responses

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def acting_in(account: str, region: str) -> Iterator[None]:
    """Act in an account and Region until the block ends."""
    before = responses.get_account_id(), responses.get_region()
    responses.set_request_account_id(account)
    responses.set_request_region(region)
    try:
        yield
    finally:
        responses.set_request_account_id(before[0])
        responses.set_request_region(before[1])
