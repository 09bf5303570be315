"""What an execution has asked of the services: counted by the embedded AWS."""

from collections import Counter
from typing import Final

from local.decisions import Decisions
from local.endpoint import Endpoint
from ops.model import history
from ops.model.deployment import Deployment
from ops.model.estimating.prices import Requests
from ops.model.estimating.workload import Workload
from ops.model.history import History

_STATES: Final = "Workflow"
_WORKERS: Final = "Workers"
_OF_OTHERS: Final = ("RecordOutcome", "FindStuckJobs", "ResubmitRejects")
"""Workers that no execution waits for: they may still be at work on an earlier one."""
_TABLES: Final = {
    "ledger": "LedgerTableName",
    "jobs": "BatchJobsTableName",
}


def counted(
    deployed: Deployment, endpoint: Endpoint, case: str, run: History, workload: Workload
) -> Requests:
    """The billed requests of one execution that ran alone; of compute and logs nothing is known.

    Batches count as one call each: what they write and read is known of the workload.
    """
    calls: Counter[tuple[str, str]] = Counter()
    for use, count in Decisions(endpoint).calls(case):
        if _is_of_an_execution(use.principal):
            calls[use.action, _table(deployed, use.resource)] += count
    images = workload.images
    return Requests(
        transitions=_transitions(deployed, run),
        calls=calls["lambda:InvokeFunction", ""],
        write_units=(
            2 * workload.transactions * workload.item_units
            + 3 * images
            + _writes(calls, "ledger")
            + 2 * _writes(calls, "jobs")
        ),
        read_units=(
            calls["dynamodb:GetItem", "ledger"]
            + calls["dynamodb:GetItem", "jobs"]
            + calls["dynamodb:Query", "ledger"]
            + 0.5 * calls["dynamodb:Query", "jobs"]
            + 0.5 * workload.transactions
            + 0.5 * images
        ),
        s3_writes=calls["s3:PutObject", ""] + calls["s3:ListBucket", ""],
        # To copy an image, and to delete it by its ETag, are allowed by s3:GetObject as well.
        s3_reads=calls["s3:GetObject", ""] - 2 * images,
    )


def _is_of_an_execution(principal: str) -> bool:
    is_other = any(each in principal for each in _OF_OTHERS)
    return _STATES in principal or (_WORKERS in principal and not is_other)


def _writes(calls: Counter[tuple[str, str]], table: str) -> int:
    return sum(calls[f"dynamodb:{each}Item", table] for each in ("Put", "Update", "Delete"))


def _table(deployed: Deployment, resource: str) -> str:
    for name, output in _TABLES.items():
        if deployed.outputs[output] in resource:
            return name
    return ""


def _transitions(deployed: Deployment, run: History) -> int:
    """Of the execution and of all children of its maps; each start is one as well."""
    client = deployed.step_functions
    entered = len(run.states) + 1
    for map_run in client.list_map_runs(executionArn=run.arn)["mapRuns"]:
        for page in client.get_paginator("list_executions").paginate(
            mapRunArn=map_run["mapRunArn"]
        ):
            for child in page["executions"]:
                entered += len(history.read(client, child["executionArn"]).states) + 1
    return entered
