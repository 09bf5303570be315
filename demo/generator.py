"""Makes batches. The same seed makes the same receipts; ids differ with every run."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain, repeat
from random import Random
from typing import TYPE_CHECKING

from demo import flaws
from demo.batch import Batch, FlawedRecord, Image, JobRecord, Question
from demo.flaws import Flaw
from demo.forms import HAND_MADE, NOVA, Form, Record
from demo.pictures import make_jpeg
from demo.receipts import Receipt, answer, make_receipt
from functions.domain.failures import ImageLeftReason
from functions.domain.timestamps import timestamp

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Near the object's start: which of two records wins is defined within one segment only.
_FIRST_REPEATED = 3
_TOOL_CALLS = 0.2
"""Of the answers, where the form has tool calls."""


@dataclass(frozen=True)
class Recipe:
    """The recipe of a batch.

    Attributes:
        records: Lines, flawed and repeated ones included.
        image_bytes: Least and greatest size of an image.
        flaws: How many records of each.
        left: Images of good records that cannot be moved, one a reason.
        duplicates: How many records answer an image that the line before answered.
    """

    user_id: str
    form: Form
    records: int
    image_bytes: tuple[int, int]
    flaws: Mapping[Flaw, int]
    left: Sequence[ImageLeftReason]
    duplicates: int


def account_recipe(run: str, *, records: int = 500) -> Recipe:
    """An account user's job: Nova's answers, each behind its echoed image."""
    return Recipe(
        user_id=f"user-{run}",
        form=NOVA,
        records=records,
        image_bytes=(30_000, 100_000),
        flaws={
            flaws.MODEL_ERROR: 6,
            flaws.UNKNOWN_FORM: 1,
            flaws.NAMELESS: 1,
            flaws.CUT_OFF: 1,
            flaws.REFUSAL: 3,
            flaws.SILENCE: 1,
            flaws.AMOUNT_AS_TEXT: 2,
            flaws.NO_SUCH_DAY: 2,
            flaws.NO_SUCH_CATEGORY: 3,
        },
        left=(
            ImageLeftReason.UNKNOWN,
            ImageLeftReason.OWNER_MISMATCH,
            ImageLeftReason.OUTSIDE_UPLOADS,
            ImageLeftReason.MISSING,
        ),
        duplicates=2,
    )


def guest_recipe(run: str, *, records: int = 140) -> Recipe:
    """A guest's job in the hand-made form."""
    return Recipe(
        user_id=f"device-{run}",
        form=HAND_MADE,
        records=records,
        image_bytes=(5_000, 20_000),
        flaws={flaws.CUT_OFF: 1, flaws.HALF_ANSWER: 2, flaws.NEGATIVE_AMOUNT: 2},
        left=(ImageLeftReason.MISSING,),
        duplicates=1,
    )


def make_batch(recipe: Recipe, *, run: str, now: datetime, seed: int) -> Batch:
    """Make a job; `run`, of lower-case letters and digits, is a part of every id."""
    return _Maker(recipe, run=run, now=now, seed=seed).make()


class _Maker:
    def __init__(self, recipe: Recipe, *, run: str, now: datetime, seed: int) -> None:
        self._recipe = recipe
        self._random = Random(f"{seed} {recipe.form.name}")  # noqa: S311 - receipts, no secrets
        self._prefix = recipe.user_id
        self._run = run
        self._now = now
        self._body = bytearray(recipe.form.head)
        self._receipts: dict[str, Receipt] = {}
        self._images: list[Image] = []
        self._flawed: list[FlawedRecord] = []
        self._questions: list[Question] = []

    def make(self) -> Batch:
        recipe = self._recipe
        kind = recipe.user_id.partition("-")[0]
        job = JobRecord(
            job_id=f"{kind}{self._run}",
            intent_id=f"intent-{recipe.user_id}",
            submit_time=timestamp(self._now - timedelta(hours=2)),
            user_id=recipe.user_id,
            model_id="apac.amazon.nova-pro-v1:0",
            pending_image_count=recipe.records,
            trace_id=f"trace-{recipe.user_id}",
        )
        for number, plan in enumerate(self._plans()):
            self._add(f"{self._prefix}-{number:05d}", plan)
        if not recipe.form.closed:
            del self._body[-len(recipe.form.line_end) :]
        return Batch(
            job=job,
            name=recipe.form.name,
            body=bytes(self._body),
            receipts=self._receipts,
            images=tuple(self._images),
            flawed=tuple(self._flawed),
            duplicates=recipe.duplicates,
            questions=tuple(self._questions),
        )

    def _plans(self) -> list[Flaw | ImageLeftReason | int | None]:
        """One for each image: its flaw, why it is left, or how often it is repeated."""
        recipe = self._recipe
        special: list[Flaw | ImageLeftReason | int | None] = [
            *chain.from_iterable(repeat(flaw, count) for flaw, count in recipe.flaws.items()),
            *recipe.left,
        ]
        plain = recipe.records - len(special) - 2 * recipe.duplicates - _FIRST_REPEATED
        rest = special + [None] * plain
        self._random.shuffle(rest)
        return [None] * _FIRST_REPEATED + [1] * recipe.duplicates + rest

    def _add(self, image_id: str, plan: Flaw | ImageLeftReason | int | None) -> None:
        content = make_jpeg(self._random, self._random.randint(*self._recipe.image_bytes))
        left = plan if isinstance(plan, ImageLeftReason) else None
        self._images.append(self._image(image_id, content, left))
        if isinstance(plan, Flaw):
            self._write_flawed(image_id, content, plan)
            return
        for _ in range(1 + (plan if isinstance(plan, int) else 0)):
            # Of records of one image the last counts.
            receipt = self._receipts[image_id] = make_receipt(self._random)
            record = self._answered(image_id, receipt, content)
            self._write(image_id, record, self._recipe.form.line(record))

    def _answered(self, image_id: str, receipt: Receipt, content: bytes) -> Record:
        """A record that the model answers well, by a tool call now and then."""
        form = self._recipe.form
        text = answer(receipt, self._random)
        if form.tool_call is not None and self._random.random() < _TOOL_CALLS:
            return form.tool_call(image_id, json.loads(receipt.text()), content)
        return form.record(image_id, text, content)

    def _image(self, image_id: str, content: bytes, left: ImageLeftReason | None) -> Image:
        folder = "archive" if left is ImageLeftReason.OUTSIDE_UPLOADS else "uploads"
        owner: str | None = self._recipe.user_id
        if left is ImageLeftReason.UNKNOWN:
            owner = None
        elif left is ImageLeftReason.OWNER_MISMATCH:
            owner = f"somebody-else-{self._run}"
        return Image(
            image_id=image_id,
            # Keys as phones make them: blanks, plus signs and other scripts.
            key=f"{folder}/{self._recipe.user_id}/レシート 1+1 {image_id}.jpg",
            content=None if left is ImageLeftReason.MISSING else content,
            owner=owner,
            left=left,
        )

    def _write_flawed(self, image_id: str, content: bytes, flaw: Flaw) -> None:
        form = self._recipe.form
        offset = len(self._body)
        record = form.record(image_id, "{}" if flaw.text is None else flaw.text, content)
        line = flaw.spoil(form, record)
        self._write(image_id, record, line)
        known = image_id if image_id.encode() in line else None
        self._flawed.append(FlawedRecord(offset, len(line), known, flaw))

    def _write(self, image_id: str, record: Record, line: bytes) -> None:
        if (model_input := record.get("modelInput")) is not None:
            self._questions.append(Question(image_id, model_input, line))
        self._body += line + self._recipe.form.line_end


def rejects_by_reason(batch: Batch) -> dict[str, int]:
    """How many records of each reason a batch holds."""
    return dict(sorted(Counter(each.flaw.reason.value for each in batch.flawed).items()))


def make_demo(*, run: str, seed: int = 2026, now: datetime | None = None) -> tuple[Batch, Batch]:
    """The demo's two jobs: an account user's and a guest's."""
    moment = now or datetime.now(UTC)
    account, guest = (
        make_batch(recipe, run=run, now=moment, seed=seed)
        for recipe in (account_recipe(run), guest_recipe(run))
    )
    return account, guest
