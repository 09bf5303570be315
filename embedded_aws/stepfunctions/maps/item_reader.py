"""ItemReader and ItemSelector: the items of a Distributed Map.

AWS (Step Functions guide, "input-output-itemreader", "input-output-itemselector"): with InputType
JSON the S3 object is one array, read with the machine's role; `$$.Map.Item.Index` and
`$$.Map.Item.Value` are the item's, other paths of ItemSelector select from the state's input. What
cannot be read is States.ItemReaderFailed; a child's input is at most 256 KiB.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from embedded_aws.s3 import objects
from embedded_aws.stepfunctions.engine import authorization
from embedded_aws.stepfunctions.errors import ITEM_READER_FAILED, StateError
from embedded_aws.stepfunctions.language import paths
from embedded_aws.stepfunctions.limits import payload

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedded_aws.stepfunctions.engine.frames import Frame, Json, State

read_object: Callable[[str, str], bytes] = objects.read
"""An object's content by bucket and key; a test server injects failures here."""


def read_inputs(frame: Frame, state: State, data: Json) -> list[str]:
    """The input of every child, as JSON.

    Raises:
        StateError: States.ItemReaderFailed, or an item is over 256 KiB.
    """
    selector = state.get("ItemSelector")
    inputs = []
    for index, item in enumerate(_read(frame, state, data)):
        selected = item
        if selector is not None:
            context = {**frame.context, "Map": {"Item": {"Index": index, "Value": item}}}
            selected = paths.fill(selector, data, context)
        inputs.append(payload(selected, f"The item {index} became an input"))
    return inputs


def _read(frame: Frame, state: State, data: Json) -> list[Any]:
    where = paths.fill(state["ItemReader"]["Parameters"], data, frame.context)
    bucket, key = where["Bucket"], where["Key"]
    authorization.require(
        frame.role, "s3:GetObject", f"arn:aws:s3:::{bucket}/{key}", error=ITEM_READER_FAILED
    )
    try:
        items = json.loads(read_object(bucket, key))
    except objects.NotDone as error:
        why = "The specified key does not exist." if error.status == 404 else error.answer
        message = f"{why} (Bucket: {bucket}, Key: {key})"
        raise StateError(ITEM_READER_FAILED, message) from None
    except ValueError as error:
        message = f"The file is not JSON: {error}. (Bucket: {bucket}, Key: {key})"
        raise StateError(ITEM_READER_FAILED, message) from None
    if not isinstance(items, list):
        raise StateError(ITEM_READER_FAILED, "Attempting to map over non-iterable node.")
    return items
