"""Answer the records of a job by its rule, and write them as lines of output.

https://docs.aws.amazon.com/bedrock/latest/userguide/batch-inference-results.html: an `error`
object replaces the `modelOutput`; a record without an id gets one; the order is not the input's.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any

from embedded_aws.bedrock import model_outputs, models
from embedded_aws.bedrock.model_outputs import Generation

if TYPE_CHECKING:
    from embedded_aws.bedrock.input_files import InputRecord
    from embedded_aws.bedrock.jobs import Job
    from embedded_aws.bedrock.rules import Answer, Rule

_ERROR = {"errorCode": 400, "errorMessage": "bad request"}  # the documentation's sample
_ID_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ID_LENGTH = 11  # of the documentation's samples
_TOKEN_LETTERS = 4


@dataclass
class Totals:
    """What the manifest counts."""

    total: int
    success: int = 0
    error: int = 0
    input_tokens: int = 0
    output_tokens: int = 0

    def counts(self) -> dict[str, int]:
        """The record counts, as GetModelInvocationJob has them too."""
        return {
            "totalRecordCount": self.total,
            "processedRecordCount": self.success + self.error,
            "successRecordCount": self.success,
            "errorRecordCount": self.error,
        }

    def manifest(self) -> dict[str, int]:
        """The content of manifest.json.out."""
        return {
            **self.counts(),
            "inputTokenCount": self.input_tokens,
            "outputTokenCount": self.output_tokens,
        }


@dataclass
class Answerer:
    """Answers the records of one job, numbered over all its files."""

    job: Job
    rule: Rule
    totals: Totals
    _errors: frozenset[int] = field(init=False)
    _truncated: frozenset[int] = field(init=False)
    _given_before: Counter[str] = field(default_factory=Counter, init=False)

    def __post_init__(self) -> None:
        numbers = list(range(self.totals.total))
        Random(self.rule.seed).shuffle(numbers)  # noqa: S311 - guards nothing
        errors = round(self.rule.error_share * len(numbers))
        truncated = round(self.rule.truncated_share * len(numbers))
        self._errors = frozenset(numbers[:errors])
        self._truncated = frozenset(numbers[errors : errors + truncated])

    def line(self, number: int, record: InputRecord) -> bytes:
        """The line of output for a record; counted."""
        record_id = record.record_id or self._made_up_id(number)
        answer = self._answer(number, record_id, record)
        self.totals.input_tokens += _tokens(json.dumps(record.model_input))
        if "error" in answer:
            self.totals.error += 1
        else:
            self.totals.success += 1
            self.totals.output_tokens += _tokens(json.dumps(answer, ensure_ascii=False))
        if (whole := answer.get("line")) is not None:
            return str(whole).encode("utf-8", "surrogateescape")
        output = {"modelInput": record.model_input, **answer, "recordId": record_id}
        return json.dumps(output, ensure_ascii=False, separators=(",", ":")).encode()

    def _answer(self, number: int, record_id: str, record: InputRecord) -> Answer:
        if number in self._errors:
            return {"error": _ERROR}
        answer = self._given(record_id)
        truncated = number in self._truncated
        if "text" not in answer and not truncated:
            return answer
        text = str(answer.get("text", self.rule.text))
        if truncated:
            text = text[: len(text) // 2]
        return {"modelOutput": self._model_output(text, record, truncated=truncated)}

    def _given(self, record_id: str) -> Answer:
        given = self.rule.answers.get(record_id, {"text": self.rule.text})
        if isinstance(given, Mapping):
            return given
        place = self._given_before[record_id]
        self._given_before[record_id] += 1
        return given[min(place, len(given) - 1)]

    def _model_output(self, text: str, record: InputRecord, *, truncated: bool) -> dict[str, Any]:
        provider, model = models.provider_and_name(self.job["modelId"])
        tokens = _tokens(json.dumps(record.model_input))
        generation = Generation(text, truncated, tokens, _tokens(text))
        converse = self.job["modelInvocationType"] == "Converse"
        return model_outputs.body_of(generation, provider=provider, model=model, converse=converse)

    def _made_up_id(self, number: int) -> str:
        chance = Random(f"{self.rule.seed}#{number}")  # noqa: S311 - guards nothing
        return "".join(chance.choices(_ID_LETTERS, k=_ID_LENGTH))


def _tokens(text: str) -> int:
    return -(-len(text) // _TOKEN_LETTERS)
