"""Processor time from the start of Python to the first call ready, by processes of their own."""

import os
import resource
import subprocess
import sys
from typing import Final

OURS: Final = """
from functions.load_segment import handler
from functions.aws import clients
from functions.aws.telemetry import telemetry
telemetry(); clients.s3(); clients.dynamodb(); clients.transaction_writes()
"""
TYPICAL: Final = """
import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from pydantic import BaseModel
from typing import Literal

class Receipt(BaseModel):
    amount: int
    type: Literal["income", "expense"]
    date: str
    merchant: str
    category: str

boto3.client("s3"); boto3.resource("dynamodb").Table("transactions")
Logger(); Metrics(); Tracer(disabled={tracer_disabled})
"""
_ENVIRONMENT: Final = {
    "POWERTOOLS_SERVICE_NAME": "bench",
    "POWERTOOLS_METRICS_NAMESPACE": "bench",
    "AWS_LAMBDA_FUNCTION_NAME": "bench",
}


def has_tracer() -> bool:
    """Whether the X-Ray SDK is installed, without which there is no Tracer to measure."""
    command = [sys.executable, "-c", "import aws_xray_sdk"]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def typical() -> str:
    """The handler that we are measured against; without Tracer where it is not installed."""
    if has_tracer():
        return TYPICAL.format(tracer_disabled=False)
    return TYPICAL.replace(", Tracer", "").replace(" Tracer(disabled={tracer_disabled})", "")


def cpu(program: str) -> float:
    """Seconds of processor time of a Python process that runs this and ends."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", program], env={**os.environ, **_ENVIRONMENT}, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
