"""Puts the parts of RecordOutcome together, for one invocation."""

import time

from functions.aws import wiring
from functions.aws.runtime import clients
from functions.aws.runtime.deadline import LambdaContext
from functions.aws.runtime.telemetry import Telemetry
from functions.aws.settlement_wiring import job_settler
from functions.domain.hints import stack_options
from functions.record_outcome.announcements import Announcements
from functions.record_outcome.marking import OutcomeMarker
from functions.record_outcome.recorder import OutcomeRecorder
from functions.record_outcome.settings import OutcomeSettings
from functions.record_outcome.troubles import TroubleTeller


def recorder_of(
    settings: OutcomeSettings, context: LambdaContext, log: Telemetry
) -> OutcomeRecorder:
    """Records the outcome of an execution."""
    return OutcomeRecorder(
        step_functions=clients.step_functions(),
        sns=clients.sns(),
        topic=settings.alarm_topic_arn,
        stack=settings.stack_name,
        marker=OutcomeMarker(job_settler(settings), wiring.now),
        announcements=Announcements(
            clients.dynamodb(),
            settings.ledger_table,
            caller=context.aws_request_id,
            now=wiring.now,
        ),
        log=log,
        sleep=time.sleep,
    )


def teller_of(settings: OutcomeSettings, context: LambdaContext, log: Telemetry) -> TroubleTeller:
    """Says what is wrong with the data of a job."""
    recorder = recorder_of(settings, context, log)
    return TroubleTeller(
        jobs=wiring.batch_jobs(settings),
        ledger=wiring.ledger(settings),
        announcements=recorder.announcements,
        publish=recorder.publish,
        stack=settings.stack_name,
        options=stack_options(settings.stack_name, arn=settings.alarm_topic_arn),
        reject_percent=settings.reject_percent_alarm,
    )
