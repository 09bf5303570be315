"""S3's "Object Created" event: the input of an execution, from S3 or written by hand.

Anyone who may start executions can give them any input, so every member that is used is checked
here, once. What S3 itself says of the object is asked of S3 (`functions.aws.objects`).
"""

from typing import Annotated, Any, Final, Self

from pydantic import Field, field_validator, model_validator

from functions.domain.object_keys import MANIFEST_NAME, key_problem, parse_key
from functions.domain.received import EventTime, Received

OBJECT_CREATED: Final = "Object Created"
BEYOND_ALL_SEQUENCERS: Final = "~"
"""Greater than any: sequencers are hexadecimal."""

# ETags are used in conditions and in keys of dead letters: nothing that could end a header's value,
# list two of them, or name a folder.
_Tag = Annotated[str, Field(max_length=64, pattern=r"^[0-9A-Za-z._~+=-]*$")]
_Version = Annotated[str, Field(max_length=1024, pattern=r"^[0-9A-Za-z._~+=-]*$")]
_Sequencer = Annotated[str, Field(max_length=64, pattern=r"^[0-9A-Fa-f]*$")]


class _Object(Received):
    key: str = Field(min_length=1)
    etag: _Tag = ""
    version_id: _Version = Field(default="", alias="version-id")
    sequencer: _Sequencer = ""

    @field_validator("etag", mode="before")
    @classmethod
    def _unquoted(cls, value: Any) -> Any:
        return value.strip('"') if isinstance(value, str) else value

    @model_validator(mode="after")
    def _names_its_content(self) -> Self:
        """Results are read by their ETag: without one, it would seem that they have changed."""
        is_manifest = self.key.endswith(f"/{MANIFEST_NAME}")
        if not self.etag and not is_manifest and parse_key(self.key) is not None:
            raise ValueError("no etag, which says what content is meant")
        return self

    @field_validator("key")
    @classmethod
    def _leaves_room(cls, value: str) -> str:
        """Only the keys that this system handles are checked; others are ignored."""
        if problem := key_problem(value):
            raise ValueError(problem)
        return value


class _Bucket(Received):
    name: str


class _Detail(Received):
    bucket: _Bucket
    object: _Object


class _Replay(Received):
    reason: str = ""
    accept_rejects: bool = Field(default=False, alias="acceptRejects")


class ObjectCreated(Received):
    """The event, with `replay` if a person wants the work done again."""

    detail_type: str = Field(default=OBJECT_CREATED, alias="detail-type")
    time: EventTime
    detail: _Detail
    replay: _Replay | None = None

    @property
    def bucket(self) -> str:
        """Where the object is."""
        return self.detail.bucket.name

    @property
    def key(self) -> str:
        """The object's."""
        return self.detail.object.key

    @property
    def accepts_rejects(self) -> bool:
        """Whether a person accepts any share of rejects."""
        return self.replay is not None and self.replay.accept_rejects

    @property
    def displaces_up_to(self) -> str:
        """The newest event whose claim this one may displace.

        S3 orders the events of one key by `sequencer`, compared as text. A replay, and an
        event written by hand, is meant for the content that it names whatever came before.
        https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
        """
        if self.replay or not self.detail.object.sequencer:
            return BEYOND_ALL_SEQUENCERS
        return self.detail.object.sequencer
