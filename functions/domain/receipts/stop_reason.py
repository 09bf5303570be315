"""Stop reasons of each family of models.

Sources: the pages on inference parameters and responses that docs/contract.md names, section 1.6.
"""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from functions.domain.receipts.forms import output_of
from functions.domain.receipts.reject import RejectReason

_NAMES: Final = ("stop_reason", "stopReason", "finish_reason", "completionReason")
_LISTS: Final = ("choices", "outputs", "results", "generations")
_AT_TOKEN_LIMIT: Final = frozenset(
    ("max_tokens", "length", "model_length", "model_context_window_exceeded", "error_limit")
)
_REFUSED: Final = frozenset(
    ("refusal", "content_filter", "content_filtered", "guardrail_intervened", "error_toxic")
)
_GUARDRAIL: Final = "amazon-bedrock-guardrailAction"
_INTERVENED: Final = "intervened"


class Stop(NamedTuple):
    """How an answer ended.

    Attributes:
        reason: Of the reject, where no receipt could be read and this explains it.
        details: The stop reasons and refusals, as they are written.
    """

    reason: RejectReason | None
    details: list[str]


def stop_of(record: dict[str, Any]) -> Stop:
    """Every stop reason and refusal of a record's answer."""
    holders = list(_holders(record))
    reasons = list(dict.fromkeys(_stop_reasons(holders)))
    refusals = list(_refusals(holders))
    details = [*(f"stop reason: {reason}" for reason in reasons), *refusals]
    spelled = {reason.lower() for reason in reasons}
    if spelled & _AT_TOKEN_LIMIT:
        return Stop(RejectReason.TRUNCATED, details)
    return Stop(RejectReason.REFUSED if refusals or spelled & _REFUSED else None, details)


def _holders(record: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The objects that may hold a stop reason or a refusal."""
    output = output_of(record)
    for holder in (output, record.get("output")):
        if isinstance(holder, dict):
            yield holder
    if not isinstance(output, dict):
        return
    for name in _LISTS:
        elements = output.get(name)
        if isinstance(elements, list) and elements and isinstance(elements[0], dict):
            yield elements[0]
            if isinstance(message := elements[0].get("message"), dict):
                yield message
                parts = message.get("content")
                yield from (part for part in _list(parts) if isinstance(part, dict))


def _stop_reasons(holders: list[dict[str, Any]]) -> Iterator[str]:
    for holder in holders:
        for name in _NAMES:
            if isinstance(reason := holder.get(name), str) and reason:
                yield reason


def _refusals(holders: list[dict[str, Any]]) -> Iterator[str]:
    for holder in holders:
        if isinstance(refusal := holder.get("refusal"), str) and refusal:
            yield f"refusal: {refusal}"
        action = holder.get(_GUARDRAIL)
        if isinstance(action, str) and _INTERVENED in action.lower():
            yield f"{_GUARDRAIL}: {action}"


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
