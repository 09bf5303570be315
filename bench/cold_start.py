"""Processor time from the start of Python to the first call ready, in processes of their own."""

import os
import shutil
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import botocore

from stacks.packaging.pruning import prune_data
from stacks.packaging.service_models import SERVICES

OURS: Final = """
from functions.load_segment import handler
from functions.aws.runtime import clients
from functions.aws.runtime.telemetry import telemetry
telemetry(); clients.s3(); clients.dynamodb(); clients.transaction_writes()
"""
TYPICAL: Final = """
import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer

boto3.resource("dynamodb").Table("transactions")
Logger(); Metrics(); Tracer()
"""
WITH_MODEL: Final = f"""
from typing import Literal
from pydantic import BaseModel
{TYPICAL}
class Receipt(BaseModel):
    amount: int
    type: Literal["income", "expense"]
    date: str
    merchant: str
    category: str

boto3.client("s3")
"""
_READY: Final = """
import os, time
print(time.process_time(), flush=True)
os._exit(0)
"""
_BYTE_CODE: Final = Path("build/bench/byte-code")
_LAYER: Final = Path("build/bench/layer")
_ENVIRONMENT: Final = {
    "POWERTOOLS_SERVICE_NAME": "bench",
    "POWERTOOLS_METRICS_NAMESPACE": "bench",
    "AWS_LAMBDA_FUNCTION_NAME": "bench",
    "LAMBDA_TASK_ROOT": "/var/task",  # without it Tracer thinks that it is not on Lambda
}


def programs() -> dict[str, str]:
    """Ours, and the handlers that it is measured against, by name.

    The typical one has boto3's resource, Logger, Metrics and Tracer; the other one also what
    our work takes, a pydantic model and S3. Without the X-Ray SDK neither has a Tracer.
    """
    if find_spec("aws_xray_sdk"):
        return {"ours": OURS, "typical handler": TYPICAL, "with model and S3": WITH_MODEL}
    return {
        "ours": OURS,
        "typical handler without Tracer": _without_tracer(TYPICAL),
        "with model and S3, without Tracer": _without_tracer(WITH_MODEL),
    }


def _without_tracer(program: str) -> str:
    return program.replace(", Tracer", "").replace(" Tracer()", "")


def cpu(program: str) -> float:
    """Seconds of processor time until a new Python process has run this."""
    command = [sys.executable, "-c", program + _READY]
    environment = {**os.environ, **_ENVIRONMENT}
    # Byte code is kept, as in a package that has it: to compile would be most of what is measured.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    environment["PYTHONPYCACHEPREFIX"] = str(_BYTE_CODE.resolve())
    if program == OURS:
        environment["PYTHONPATH"] = str(_layer().resolve())
    answer = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return float(answer.stdout.splitlines()[-1])


@cache
def _layer() -> Path:
    """A folder with the SDK as it is in our layer, which has no data of other services."""
    installed = Path(botocore.__file__).parent
    shutil.rmtree(_LAYER, ignore_errors=True)
    shutil.copytree(installed, _LAYER / "botocore", ignore=_other_services)
    prune_data(_LAYER / "botocore" / "data")
    return _LAYER


def _other_services(folder: str, names: list[str]) -> list[str]:
    data = Path(folder)
    if data.name != "data":
        return []
    return [name for name in names if name not in SERVICES and (data / name).is_dir()]
