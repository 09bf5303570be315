"""The fault matrix: where each fault is put, and what must come of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Spot:
    """A call of a worker.

    Attributes:
        state: Where the execution fails with it.
        function: Which calls.
        action: What it calls.
        having: Words that tell the call from others of the same action.
        what: The call in words.
    """

    state: str
    function: str
    action: str
    having: tuple[str, ...]
    what: str


def _spots(state: str, function: str, *calls: tuple[str, str, str]) -> list[Spot]:
    return [
        Spot(state, function, action, (word,) if word else (), what) for action, word, what in calls
    ]


_CLAIM = ("dynamodb:GetItem", "claim#", "read the claim")
_JOB = ("dynamodb:GetItem", "submitTime", "read the job's record")
_CLAIMS = ("dynamodb:Query", "", "read the job's claims")
_LIST = ("s3:ListObjectsV2", "", "look for results objects and the manifest")
_WRITE_JOB = ("dynamodb:UpdateItem", "ingestState", "write the job's record")

_WRITES = "dynamodb:Batch[EW]*"
"""A segment that is tried again writes by BatchExecuteStatement instead of BatchWriteItem."""

SPOTS = [
    *_spots(
        "ResolveJob",
        "ResolveJob",
        ("dynamodb:Query", "", "find the job"),
        ("s3:HeadObject", "", "look at the results object"),
    ),
    *_spots(
        "PlanRanges",
        "PlanRanges",
        _CLAIM,
        ("s3:GetObject", "", "read the object's beginning"),
        ("s3:PutObject", "", "write the list of ranges"),
        ("dynamodb:UpdateItem", "claim#", "note the ranges in the claim"),
        _JOB,
        _CLAIMS,
        _LIST,
        _WRITE_JOB,
    ),
    *_spots(
        "LoadRanges",
        "LoadSegment",
        _CLAIM,
        _JOB,
        ("dynamodb:PutItem", "attempt#", "put the attempt on record"),
        ("dynamodb:Query", "", "look for other claims of the job"),
        ("s3:GetObject", "", "read the range"),
        ("dynamodb:BatchWriteItem", "", "write transactions"),
        ("s3:PutObject", "dead-letters/", "write dead letters"),
        ("s3:PutObject", "work/", "write the image list"),
        ("dynamodb:PutItem", "segment#", "state the segment"),
    ),
    *_spots(
        "VerifyLoad",
        "VerifyLoad",
        _CLAIM,
        ("dynamodb:Query", "", "read the segments"),
        ("dynamodb:UpdateItem", "claim#", "keep the counts in the claim"),
        ("s3:PutObject", "", "write the list of chunks"),
    ),
    *_spots(
        "MigrateImages",
        "MigrateImages",
        _CLAIM,
        _JOB,
        ("s3:GetObject", "work/", "read the image list"),
        ("dynamodb:BatchGetItem", "imageId", "read pending images"),
        ("s3:HeadObject", "", "look at the image"),
        ("dynamodb:BatchGetItem", "transactionId", "see that the transaction is there"),
        ("s3:CopyObject", "", "copy the image"),
        ("dynamodb:UpdateItem", "s3Key = :key", "point the transaction at the copy"),
        ("dynamodb:UpdateItem", "processedAt", "mark the pending image"),
        ("s3:DeleteObject", "", "delete the source"),
        ("dynamodb:PutItem", "chunk#", "state the chunk"),
    ),
    *_spots(
        "VerifyMigration",
        "VerifyMigration",
        _CLAIM,
        ("dynamodb:Query", "", "read the chunks"),
        ("s3:GetObject", "", "read the list of chunks"),
    ),
    *_spots(
        "SettleJob",
        "SettleJob",
        ("dynamodb:UpdateItem", "claim#", "close the claim"),
        _JOB,
        _CLAIMS,
        _LIST,
        _WRITE_JOB,
        ("events:PutEvents", "", "announce the status"),
    ),
]


@dataclass(frozen=True)
class Case:
    """A fault that lasts until somebody removes it.

    Attributes:
        fault: In words.
        where: In words.
        rule: Of the embedded AWS.
        before: Further rules, that bring the execution to where the fault is.
        state: Where the execution must fail.
        error: What the execution, or the map's child, must fail with.
        brief: Whether it is one of the representatives that every run has.
        heals: Whether the next attempt finds the work done, so that nothing fails.
    """

    fault: str
    where: str
    rule: dict[str, Any] = field(repr=False)
    state: str
    error: str
    before: tuple[dict[str, Any], ...] = field(default=(), repr=False)
    brief: bool = False
    heals: bool = False

    @property
    def id(self) -> str:
        return f"{self.fault} at {self.where}".replace(" ", "-").replace("'", "")


_OF_AN_IMAGE = {
    "read pending images",
    "look at the image",
    "see that the transaction is there",
    "copy the image",
    "point the transaction at the copy",
    "mark the pending image",
    "delete the source",
}
"""Where a throttle is waited for: by the function, then by the state."""


def _kinds(spot: Spot) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Fault, rule and error name of each fault that a call can meet."""
    is_s3, is_event = (spot.action.startswith(f"{each}:") for each in ("s3", "events"))
    # HEAD has no body that could name the error, and DynamoDB's SDK no class for each.
    named = is_s3 and spot.action != "s3:HeadObject"
    if is_s3:
        yield "exception", {"kind": "error", "code": "InternalError"}, "ClientError"
    else:
        code = "InternalException" if is_event else "InternalServerError"
        yield "exception", {"kind": "error", "code": code}, code
    throttle = (
        ({"code": "SlowDown", "status": 503}, "ClientError")
        if is_s3
        else (
            {"code": "ProvisionedThroughputExceededException", "status": 400},
            "ProvisionedThroughputExceededException",
        )
    )
    denied = (
        {"code": "AccessDenied", "status": 403}
        if is_s3
        else {
            "code": "AccessDeniedException",
            "status": 400,
        }
    )
    if is_event:
        throttle = ({"code": "ThrottlingException", "status": 400}, "ThrottlingException")
    if spot.what in _OF_AN_IMAGE:
        throttle = (throttle[0], "ImagesThrottled")
    if spot.what != "write transactions":  # its throttle is a case of its own
        yield "throttle storm", {"kind": "error", **throttle[0]}, throttle[1]
    name = "AccessDenied" if named else "AccessDeniedException" if is_event else "ClientError"
    yield "access denied", {"kind": "error", **denied}, name
    yield "function time-out", {"kind": "timeout"}, "Sandbox.Timedout"
    yield "lost responses", {"kind": "lost"}, "ConnectionClosedError"
    yield "killed process", {"kind": "kill"}, "Runtime.ExitError"
    if spot.action == "s3:GetObject":
        yield (
            "deleted object",
            {"kind": "error", "code": "NoSuchKey", "status": 404},
            ("ResultsObjectMissing" if spot.what == "read the range" else "NoSuchKey"),
        )
    if spot.action == "s3:HeadObject" and spot.state == "ResolveJob":
        rule = {"kind": "error", "code": "404", "status": 404}
        yield "deleted object", rule, "ResultsObjectMissing"


_BRIEF = {
    ("access denied", "find the job"),
    ("deleted object", "look at the results object"),
    ("throttle storm", "note the ranges in the claim"),
    ("lost responses", "write transactions"),
    ("function time-out", "read the range"),
    ("killed process", "state the segment"),
    ("deleted object", "read the range"),
    ("access denied", "read the segments"),
    ("lost responses", "copy the image"),
    ("killed process", "delete the source"),
    ("throttle storm", "read the chunks"),
    ("lost responses", "close the claim"),
}


_SEEN_AS_OTHERS = (
    "exception",
    "throttle storm",
    "access denied",
    "lost responses",
    "function time-out",
    "killed process",
)
"""A worker that cannot see whether it is alone writes conditionally, and the next attempt does not
look at all."""

_HEALED = {
    *((fault, "look for other claims of the job") for fault in _SEEN_AS_OTHERS),
    ("lost responses", "mark the pending image"),
    ("lost responses", "delete the source"),
}
"""What was lost was carried out: the next attempt sees that, and does not make it again."""


def calls() -> Iterator[Case]:
    """Every fault at every call of every worker."""
    for spot in SPOTS:
        for fault, rule, error in _kinds(spot):
            yield Case(
                fault,
                f"{spot.function}: {spot.what}",
                {
                    "caller": f"*Workers{spot.function}*",
                    "action": _WRITES if spot.what == "write transactions" else spot.action,
                    "having": spot.having,
                    **rule,
                },
                spot.state,
                error,
                brief=(fault, spot.what) in _BRIEF,
                heals=(fault, spot.what) in _HEALED,
            )


WORKERS = {
    "ResolveJob": "ResolveJob",
    "PlanRanges": "PlanRanges",
    "LoadRanges": "LoadSegment",
    "VerifyLoad": "VerifyLoad",
    "MigrateImages": "MigrateImages",
    "VerifyMigration": "VerifyMigration",
    "SettleJob": "SettleJob",
}
"""The function of each state that has one."""


def invocations() -> Iterator[Case]:
    """Every fault at every call of Lambda."""
    for state, function in WORKERS.items():
        here = {"caller": "states", "action": "lambda:Invoke", "having": (f"Workers{function}",)}
        for fault, rule, error in (
            (
                "exception",
                {"kind": "error", "code": "Lambda.ServiceException"},
                "Lambda.ServiceException",
            ),
            (
                "throttle storm",
                {"kind": "error", "code": "Lambda.TooManyRequestsException"},
                "Lambda.TooManyRequestsException",
            ),
            ("lost responses", {"kind": "lost"}, "Lambda.SdkClientException"),
            ("task time-out", {"kind": "timeout"}, "States.Timeout"),
            (
                "access denied",
                {"kind": "error", "code": "Lambda.AWSLambdaException"},
                "Lambda.AWSLambdaException",
            ),
        ):
            yield Case(
                fault,
                f"{state}: call {function}",
                {**here, **rule},
                state,
                error,
                brief=(state, fault)
                in {("VerifyLoad", "task time-out"), ("SettleJob", "throttle storm")},
            )


def claims() -> Iterator[Case]:
    """Every fault at the states that call DynamoDB themselves."""
    take = {"caller": "states", "action": "dynamodb:UpdateItem"}
    read = {"caller": "states", "action": "dynamodb:GetItem"}
    # Whose claim was taken but who was not told so reads whose it is.
    unheard = ({**take, "kind": "lost", "times": 1},)
    for state, what, call, before in (
        ("ClaimObject", "take the claim", take, ()),
        ("ReadClaim", "read whose claim it is", read, unheard),
    ):
        for fault, rule, error in (
            ("exception", "DynamoDB.InternalServerErrorException", ""),
            ("throttle storm", "DynamoDB.ProvisionedThroughputExceededException", ""),
            ("access denied", "DynamoDB.AmazonDynamoDBException", ""),
            ("task time-out", "timeout", "States.Timeout"),
            ("lost responses", "lost", "DynamoDB.SdkClientException"),
        ):
            yield Case(
                fault,
                f"{state}: {what}",
                {**call, "kind": rule} if error else {**call, "kind": "error", "code": rule},
                state,
                error or rule,
                before=before,
                brief=(state, fault)
                in {("ClaimObject", "access denied"), ("ReadClaim", "throttle storm")},
            )


def map_files() -> Iterator[Case]:
    """Every fault at what the maps read and write themselves."""
    read = {"caller": "states", "action": "s3:GetObject"}
    write = {"caller": "states", "action": "s3:PutObject"}
    for state, items in (("LoadRanges", "ranges"), ("MigrateImages", "chunks")):
        for fault, code, status in (
            ("exception", "InternalError", 500),
            ("throttle storm", "SlowDown", 503),
            ("access denied", "AccessDenied", 403),
            ("deleted object", "NoSuchKey", 404),
        ):
            for what, call, error in (
                (f"read the list of {items}", read, "States.ItemReaderFailed"),
                ("write the map's results", write, "States.ResultWriterFailed"),
            ):
                if (fault, call) == ("deleted object", write):
                    continue
                rule = {**call, "kind": "error", "code": code, "status": status}
                yield Case(
                    fault,
                    f"{state}: {what}",
                    {**rule, "having": (f"/{items}-",)},
                    state,
                    error,
                    brief=(state, fault, call) == ("LoadRanges", "exception", write),
                )


def _taking_turns(cases: list[Case]) -> list[Case]:
    """State by state in turn: an alarm needs time to fall silent before it can ring again."""
    by_state: dict[str, list[Case]] = {}
    for case in cases:
        by_state.setdefault(case.state, []).append(case)
    rounds = zip_longest(*by_state.values())
    return [case for turn in rounds for case in turn if case is not None]


CASES = _taking_turns([*claims(), *calls(), *invocations(), *map_files()])
