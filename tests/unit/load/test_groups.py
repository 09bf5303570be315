"""What a record becomes, at the limit."""

import pytest

from functions.domain.payloads.payload import ObjectRef
from functions.domain.receipts.record import GoodRecord
from functions.domain.transactions import MAX_ITEM_BYTES
from functions.load_segment.groups import RecordSorter
from tests.lines import line_of, read
from tests.unit.load.segment_loading import KEY, builder, good, interpreter

RESULTS = ObjectRef(bucket="b", key=KEY, name="a.jsonl", etag="e", size=1)


@pytest.mark.parametrize(("beyond", "rejects"), [(-1, {}), (0, {}), (1, {"ItemTooLarge": 1})])
def test_an_item_of_just_the_limit_still_fits(beyond: int, rejects: dict[str, int]) -> None:
    smallest = read(good("image", description=""))
    assert isinstance(smallest, GoodRecord)
    room = MAX_ITEM_BYTES - builder().build(smallest.image_id, smallest.receipt).size
    content = good("image", description="x" * (room + beyond))
    sorter = RecordSorter(RESULTS, interpreter(line_bytes_limit=len(content)))
    (group,) = sorter.groups([line_of(content)])
    assert dict(group.rejects) == rejects
    assert group.image_ids == ([] if rejects else ["image"])
