"""The fault matrix: where each fault is put, and what must come of it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from functions.domain.payloads.arrived import Arrival


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
    """Calls, each by its action, the words that it has (joined by ` & `), and in words."""
    return [
        Spot(state, function, action, tuple(words.split(" & ")) if words else (), what)
        for action, words, what in calls
    ]


_CLAIM = ("dynamodb:GetItem", "claim#", "read the claim")
_JOB = ("dynamodb:GetItem", "submitTime", "read the job's record")
_LEASE = (
    ("dynamodb:Query", "lease#", "read the leases of the write budget"),
    ("dynamodb:PutItem", "lease#", "take a lease of the write budget"),
    ("dynamodb:DeleteItem", "", "give the lease back"),
)
_LIST = ("s3:ListObjectsV2", "", "look for results objects and the manifest")
_EVIDENCE = (
    ("dynamodb:Query", '"job# & ":prefix": {"S": "claim#"}', "read the job's claims"),
    ("dynamodb:Query", '"unclaimed#', "read what failed before its claim"),
    ("dynamodb:Query", '"folder#"', "read the job's folders"),
    ("dynamodb:GetItem", '"bedrock"', "read how the job ended"),
    _LIST,
)
_WRITE_JOB = ("dynamodb:UpdateItem", "SET #resultStats", "write the job's record")
_ANNOUNCE = (
    ("events:PutEvents", "", "announce the status"),
    ("dynamodb:UpdateItem", "ingestState.unannounced", "forget what was to be announced"),
)

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
        ("dynamodb:Query", '":last"', "see whether it is the job's only object"),
        ("s3:PutObject", "", "write the list of ranges"),
        ("dynamodb:UpdateItem", "claim#", "note the ranges in the claim"),
        _JOB,
        *_EVIDENCE,
        _WRITE_JOB,
    ),
    *_spots(
        "LoadRanges",
        "LoadSegment",
        _CLAIM,
        _JOB,
        ("dynamodb:PutItem", "attribute_not_exists", "put the attempt on record"),
        ("dynamodb:GetItem", "attempt#", "see that no other attempt has begun"),
        ("dynamodb:PutItem", '"endsBy": {"N": "0"}', "state that the attempt is over"),
        ("dynamodb:Query", "claim#", "look for other claims of the job"),
        *_LEASE,
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
        ("dynamodb:UpdateItem", "ADD written", "note that the content was written"),
        ("dynamodb:UpdateItem", "SET #stats", "keep the counts in the claim"),
        ("s3:PutObject", "", "write the list of chunks"),
    ),
    *_spots(
        "MigrateImages",
        "MigrateImages",
        _CLAIM,
        _JOB,
        *_LEASE,
        ("s3:GetObject", "work/", "read the image list"),
        ("dynamodb:BatchGetItem", "imageId", "read pending images"),
        ("s3:HeadObject", "", "look at the image"),
        ("dynamodb:BatchGetItem", "transactionId", "see that the transaction is there"),
        ("s3:CopyObject", "", "copy the image"),
        ("dynamodb:BatchExecuteStatement", 'SET \\"s3Key', "point the transactions at the copies"),
        ("dynamodb:BatchExecuteStatement", "processedKey", "mark the pending images"),
        ("s3:DeleteObjects", "", "delete the sources"),
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
        *_EVIDENCE,
        ("dynamodb:Query", '"claim-retry#"', "look for retries of the job"),
        _WRITE_JOB,
        *_ANNOUNCE,
    ),
]
"""Each call of an execution of a results object belongs to exactly one of these."""

ENDED_SPOTS = [
    *_spots("ResolveJob", "ResolveJob", ("dynamodb:Query", "", "find the job")),
    *_spots(
        "SettleJob",
        "SettleJob",
        ("bedrock:GetModelInvocationJob", "", "ask Bedrock for the job"),
        ("dynamodb:UpdateItem", '"folder#', "note where its results are"),
        ("dynamodb:UpdateItem", ":endedAt", "note how it ended"),
        _JOB,
        _WRITE_JOB,
        *_ANNOUNCE,
    ),
]
"""What an execution of a job that ended at Bedrock calls, but for what it reads like any other."""

MANIFEST_SPOTS = _spots(
    "SettleJob",
    "SettleJob",
    ("dynamodb:UpdateItem", '"folder#', "note where its results are"),
    ("s3:GetObject", "manifest.json.out", "read the manifest"),
)
"""What an execution of a manifest alone calls."""


@dataclass(frozen=True)
class Case:
    """A fault that lasts until a person removes it.

    Attributes:
        fault: In words.
        where: In words.
        rule: Of the embedded AWS.
        state: Where the execution must fail.
        error: What the execution, or the map's child, must fail with.
        before: Further rules, that bring the execution to where the fault is.
        arrival: What starts the execution.
    """

    fault: str
    where: str
    rule: dict[str, Any] = field(repr=False)
    state: str
    error: str
    before: tuple[dict[str, Any], ...] = field(default=(), repr=False)
    arrival: Arrival = Arrival.RESULTS

    @property
    def id(self) -> str:
        return f"{self.fault} at {self.where}".replace(" ", "-").replace("'", "")

    @property
    def brief(self) -> bool:
        """Whether it is one of the representatives that every run has."""
        return (self.fault, self.where) in _BRIEF

    @property
    def heals(self) -> bool:
        """Whether the next attempt finds the work done, so that nothing fails."""
        return (self.fault, self.where.partition(": ")[2]) in _HEALED


_BRIEF = {
    ("access denied", "ResolveJob: find the job"),
    ("deleted object", "ResolveJob: look at the results object"),
    ("access denied", "ClaimObject: take the claim"),
    ("throttle storm", "ReadClaim: read whose claim it is"),
    ("exception", "PlanRanges: note the ranges in the claim"),
    ("lost responses", "LoadSegment: write transactions"),
    ("function time-out", "LoadSegment: read the range"),
    ("killed process", "LoadSegment: state the segment"),
    ("deleted object", "LoadSegment: read the range"),
    ("exception", "LoadRanges: write the map's results"),
    ("access denied", "VerifyLoad: read the segments"),
    ("task time-out", "VerifyLoad: call VerifyLoad"),
    ("lost responses", "MigrateImages: copy the image"),
    ("killed process", "MigrateImages: delete the sources"),
    ("throttle storm", "VerifyMigration: read the chunks"),
    ("lost responses", "SettleJob: close the claim"),
    ("throttle storm", "SettleJob: call SettleJob"),
    ("access denied", "SettleJob of a job that ended: ask Bedrock for the job"),
    ("lost responses", "SettleJob of a job that ended: note how it ended"),
}
_HEALED = {
    # A worker that cannot see whether it is alone writes conditionally, and the next attempt does
    # not look at all.
    *(
        (fault, "look for other claims of the job")
        for fault in (
            "exception",
            "throttle storm",
            "access denied",
            "lost responses",
            "function time-out",
            "killed process",
        )
    ),
    ("deleted object", "read the object's beginning"),
    # A lease that is not given back runs out.
    *(
        (fault, "give the lease back")
        for fault in ("exception", "throttle storm", "lost responses")
    ),
    # Who cannot see that it is alone writes conditionally. A successor that does not find that an
    # attempt is over waits until it must be.
    *(
        (fault, what)
        for fault in ("exception", "throttle storm", "access denied", "lost responses")
        for what in ("see that no other attempt has begun", "state that the attempt is over")
    ),
    ("lost responses", "note that the content was written"),
    ("lost responses", "mark the pending images"),
    ("lost responses", "delete the sources"),
    ("lost responses", "forget what was to be announced"),
}
"""What was lost was carried out: the next attempt sees that, and does not make it again. A results
object that is gone fails where its ranges are read, if it is still gone then."""


_OF_AN_IMAGE = {
    "read pending images",
    "look at the image",
    "see that the transaction is there",
    "copy the image",
    "point the transactions at the copies",
    "mark the pending images",
    "delete the sources",
}
"""Where a throttle is waited for: by the function, then by the state."""


@dataclass(frozen=True)
class _Service:
    """How a service says no.

    Attributes:
        fault: A code of its own fault, and the name that the SDK has for it.
        throttle: A code and status.
        denied: A code and status, and the name that the SDK has for it.
    """

    fault: tuple[str, str]
    throttle: tuple[str, int]
    denied: tuple[str, int, str]


_SERVICES = {
    "s3": _Service(
        ("InternalError", "ClientError"), ("SlowDown", 503), ("AccessDenied", 403, "AccessDenied")
    ),
    "dynamodb": _Service(
        ("InternalServerError", "InternalServerError"),
        ("ProvisionedThroughputExceededException", 400),
        ("AccessDeniedException", 400, "ClientError"),
    ),
    "events": _Service(
        ("InternalException", "InternalException"),
        ("ThrottlingException", 400),
        ("AccessDeniedException", 400, "AccessDeniedException"),
    ),
    "bedrock": _Service(
        ("InternalServerException", "InternalServerException"),
        ("ThrottlingException", 429),
        ("AccessDeniedException", 403, "AccessDeniedException"),
    ),
}


def _kinds(spot: Spot) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Fault, rule and error name of each fault that a call can meet."""
    service = _SERVICES[spot.action.partition(":")[0]]
    code, name = service.fault
    yield "exception", {"kind": "error", "code": code}, name
    code, status = service.throttle
    name = "ImagesThrottled" if spot.what in _OF_AN_IMAGE else "ServiceThrottled"
    if spot.what != "write transactions":  # its throttle is a case of its own
        yield "throttle storm", {"kind": "error", "code": code, "status": status}, name
    code, status, name = service.denied
    if spot.action == "s3:HeadObject":  # it has no body that could name the error
        name = "ClientError"
    yield "access denied", {"kind": "error", "code": code, "status": status}, name
    yield "function time-out", {"kind": "timeout"}, "Sandbox.Timedout"
    yield "lost responses", {"kind": "lost"}, "ConnectionClosedError"
    yield "killed process", {"kind": "kill"}, "Runtime.ExitError"
    if spot.action == "s3:GetObject" and spot.what != "read the manifest":
        yield (
            "deleted object",
            {"kind": "error", "code": "NoSuchKey", "status": 404},
            ("ResultsObjectMissing" if spot.what == "read the range" else "NoSuchKey"),
        )
    if spot.action == "s3:HeadObject" and spot.state == "ResolveJob":
        rule = {"kind": "error", "code": "404", "status": 404}
        yield "deleted object", rule, "ResultsObjectMissing"


_ARRIVES = {
    Arrival.RESULTS: "",
    Arrival.JOB_ENDED: " of a job that ended",
    Arrival.MANIFEST: " of a manifest",
}


def calls_of_workers(spots: list[Spot], arrival: Arrival) -> Iterator[Case]:
    """Every fault at every call of every worker."""
    for spot in spots:
        for fault, rule, error in _kinds(spot):
            call = {
                "caller": f"*Workers{spot.function}*",
                "action": _WRITES if spot.what == "write transactions" else spot.action,
                "having": spot.having,
            }
            where = f"{spot.function}{_ARRIVES[arrival]}: {spot.what}"
            yield Case(fault, where, {**call, **rule}, spot.state, error, arrival=arrival)


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

_OF_LAMBDA = {
    "exception": "Lambda.ServiceException",
    "throttle storm": "Lambda.TooManyRequestsException",
    "access denied": "Lambda.AWSLambdaException",
    "lost responses": "Lambda.SdkClientException",
    "task time-out": "States.Timeout",
}
_OF_DYNAMODB = {
    "exception": "DynamoDB.InternalServerErrorException",
    "throttle storm": "DynamoDB.ProvisionedThroughputExceededException",
    "access denied": "DynamoDB.AmazonDynamoDBException",
    "lost responses": "DynamoDB.SdkClientException",
    "task time-out": "States.Timeout",
}
"""What a call of a state fails with, by the fault."""


def calls_of_states() -> Iterator[Case]:
    """Every fault at every call that a state makes itself."""
    for state, function in WORKERS.items():
        invoke = {"action": "lambda:Invoke", "having": (f"Workers{function}",)}
        yield from _at(state, f"call {function}", invoke, _OF_LAMBDA)
    take, read = {"action": "dynamodb:UpdateItem"}, {"action": "dynamodb:GetItem"}
    yield from _at("ClaimObject", "take the claim", take, _OF_DYNAMODB)
    # An execution that took the claim and did not get the answer reads whose it is.
    unheard = {"caller": "states", **take, "kind": "lost", "times": 1}
    yield from _at("ReadClaim", "read whose claim it is", read, _OF_DYNAMODB, unheard)


def _at(
    state: str, what: str, call: dict[str, Any], errors: dict[str, str], *before: dict[str, Any]
) -> Iterator[Case]:
    kinds = {"lost responses": "lost", "task time-out": "timeout"}
    for fault, error in errors.items():
        rule = {"kind": kinds[fault]} if fault in kinds else {"kind": "error", "code": error}
        call_fails = {"caller": "states", **call, **rule}
        yield Case(fault, f"{state}: {what}", call_fails, state, error, before)


def files_of_maps() -> Iterator[Case]:
    """Every fault at what the maps read and write themselves."""
    read, write = "s3:GetObject", "s3:PutObject"
    for state, items in (("LoadRanges", "ranges"), ("MigrateImages", "chunks")):
        for fault, code, status in (
            ("exception", "InternalError", 500),
            ("throttle storm", "SlowDown", 503),
            ("access denied", "AccessDenied", 403),
            ("deleted object", "NoSuchKey", 404),
        ):
            for what, action, error in (
                (f"read the list of {items}", read, "States.ItemReaderFailed"),
                ("write the map's results", write, "States.ResultWriterFailed"),
            ):
                if (fault, action) == ("deleted object", write):
                    continue
                call = {"caller": "states", "action": action, "having": (f"/{items}-",)}
                rule = {**call, "kind": "error", "code": code, "status": status}
                yield Case(fault, f"{state}: {what}", rule, state, error)


def _taking_turns(cases: list[Case]) -> list[Case]:
    """State by state in turn: an alarm needs time to fall silent before it can ring again."""
    by_state: dict[str, list[Case]] = {}
    for case in cases:
        by_state.setdefault(case.state, []).append(case)
    rounds = zip_longest(*by_state.values())
    return [case for turn in rounds for case in turn if case is not None]


CASES = _taking_turns(
    [
        *calls_of_workers(SPOTS, Arrival.RESULTS),
        *calls_of_states(),
        *files_of_maps(),
        *calls_of_workers(ENDED_SPOTS, Arrival.JOB_ENDED),
        *calls_of_workers(MANIFEST_SPOTS, Arrival.MANIFEST),
    ]
)
