"""Metrics in functions' logs: the embedded metric format.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from ministack.services import cloudwatch, lambda_svc

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_emit_logs = lambda_svc._emit_lambda_logs
_logger = logging.getLogger("emf")


def install() -> None:
    """Read what functions log."""
    lambda_svc._emit_lambda_logs = _emit


def _emit(
    func: dict[str, Any],
    request_id: str,
    log_text: str,
    error: bool,  # noqa: FBT001 - MiniStack's
    duration_ms: int,
    **kwargs: Any,
) -> None:
    _emit_logs(func, request_id, log_text, error, duration_ms, **kwargs)
    for line in (log_text or "").splitlines():
        for document in _documents(line):
            _publish(document)


def _documents(line: str) -> Iterator[dict[str, Any]]:
    start = line.find("{")
    if start < 0 or '"_aws"' not in line:
        return
    try:
        document = json.loads(line[start:])
    except ValueError:
        return
    if isinstance(document, dict) and isinstance(document.get("_aws"), dict):
        yield document


def _publish(document: Mapping[str, Any]) -> None:
    """Publish each metric under each of its dimension sets.

    CloudWatch drops a document that is not in the format; so does this.
    """
    try:
        data = list(_data(document))
    except (KeyError, TypeError, ValueError) as error:
        _logger.warning("a log line is not in the embedded metric format: %r", error)
        return
    for namespace, name, dimensions, timestamp, unit, values in data:
        cloudwatch._store_datum(
            namespace, name, dimensions, timestamp, unit, None, values, None, None
        )


_Datum = tuple[str, str, dict[str, str], float, str, list[float]]


def _data(document: Mapping[str, Any]) -> Iterator[_Datum]:
    timestamp = document["_aws"]["Timestamp"] / 1000
    for directive in document["_aws"]["CloudWatchMetrics"]:
        for names in directive.get("Dimensions") or [[]]:
            dimensions = {name: str(document[name]) for name in names}
            for metric in directive["Metrics"]:
                value = document[metric["Name"]]
                values = [float(each) for each in (value if isinstance(value, list) else [value])]
                unit = metric.get("Unit", "None")
                yield directive["Namespace"], metric["Name"], dimensions, timestamp, unit, values
