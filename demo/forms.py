"""The two forms of results that the demo uploads: Bedrock's with Nova, and the hand-made one."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_PROMPT = (
    "Read the receipt. Answer with one JSON object with amount, type, date, merchant, category "
    "and description, and with nothing else."
)

Record = dict[str, Any]


@dataclass(frozen=True)
class Form:
    """How a results object is written.

    Attributes:
        name: Of the object, below the job's folder.
        record: Makes a record of image id, the model's text and the image.
        tool_call: Makes one whose answer is a call of a tool with this input; None where the form
            has none.
        answer: The record's member that holds the model's answer.
        line_end: Behind every line but the last.
        head: In front of the first line.
        closed: Whether the last line ends like the others.
        ascii_only: Whether other letters are written as escapes.
        compact: Whether members are written without blanks between them.
    """

    name: str
    record: Callable[[str, str, bytes], Record]
    answer: str
    line_end: bytes = b"\n"
    head: bytes = b""
    closed: bool = True
    ascii_only: bool = False
    compact: bool = False
    tool_call: Callable[[str, Record, bytes], Record] | None = None

    def line(self, record: Record) -> bytes:
        """One line, without its end."""
        separators = (",", ":") if self.compact else None
        return json.dumps(record, ensure_ascii=self.ascii_only, separators=separators).encode()


def _nova(image_id: str, text: str, image: bytes) -> Record:
    return _nova_answer(image_id, [{"text": text}], image, stop_reason="end_turn")


def _nova_tool_call(image_id: str, given: Record, image: bytes) -> Record:
    """https://docs.aws.amazon.com/nova/latest/userguide/tool-use-definition.html."""
    use = {"toolUseId": f"tooluse_{image_id}", "name": "record_receipt", "input": given}
    said = {"text": "<thinking>It is a receipt.</thinking>"}
    return _nova_answer(image_id, [said, {"toolUse": use}], image, stop_reason="tool_use")


def _nova_answer(
    image_id: str, answered: list[Record], image: bytes, *, stop_reason: str
) -> Record:
    source = {"bytes": base64.b64encode(image).decode()}
    content = [{"image": {"format": "jpeg", "source": source}}, {"text": _PROMPT}]
    return {
        "modelInput": {
            "schemaVersion": "messages-v1",
            "messages": [{"role": "user", "content": content}],
            "inferenceConfig": {"maxTokens": 512, "temperature": 0},
        },
        "modelOutput": {
            "output": {"message": {"content": answered, "role": "assistant"}},
            "stopReason": stop_reason,
            "usage": {"inputTokens": 1703, "outputTokens": 81, "totalTokens": 1784},
        },
        "recordId": image_id,
    }


def _hand_made(image_id: str, text: str, _image: bytes) -> Record:
    return {"customData": image_id, "output": {"text": text}}


NOVA = Form(
    name="receipts-0001.jsonl.out",
    record=_nova,
    answer="modelOutput",
    compact=True,
    tool_call=_nova_tool_call,
)
"""As Bedrock writes it: each line echoes its input, the whole image included."""

HAND_MADE = Form(
    name="output.jsonl",
    record=_hand_made,
    answer="output",
    line_end=b"\r\n",
    head=b"\xef\xbb\xbf",
    closed=False,
    ascii_only=True,
)
"""As an editor on Windows saves it: a byte-order mark, CR LF, and no end to the last line."""
