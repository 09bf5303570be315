"""Factory of the settler of jobs, apart from `wiring`: workers import nothing of it."""

import time

from functions.aws.runtime import clients
from functions.aws.runtime.settings import SettleSettings
from functions.aws.runtime.telemetry import telemetry
from functions.aws.settlement import JobSettler
from functions.aws.status_events import StatusEvents
from functions.aws.wiring import batch_jobs, ledger, now


def job_settler(settings: SettleSettings, *, announces: bool = True) -> JobSettler:
    """Recomputes jobs, and announces changes of their status."""
    return JobSettler(
        jobs=batch_jobs(settings),
        ledger=ledger(settings),
        s3=clients.s3(),
        bucket=settings.bucket_name,
        grace=settings.grace,
        telemetry=telemetry(),
        events=StatusEvents(clients.eventbridge) if announces else None,
        now=now,
        sleep=time.sleep,
    )
