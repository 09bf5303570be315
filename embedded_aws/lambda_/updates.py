"""An update of a function does not affect its running invocations.

AWS (Lambda guide, "configuration-function-zip", "lambda-runtime-environment"): after an update of
code or configuration new invocations get new execution environments; running ones end in their old
ones. MiniStack kills busy workers, too, which fails their invocations.
"""

from __future__ import annotations

from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

_invalidate = lambda_runtime.invalidate_worker
_release = lambda_runtime.release_worker


def install() -> None:
    """Replace the invalidation and the release of workers."""
    for module in (lambda_runtime, lambda_svc):
        module.invalidate_worker = invalidate_worker
        module.release_worker = release_worker


def invalidate_worker(name: str, qualifier: str | None = None, **scope: Any) -> None:
    """Kill a function's idle workers; busy ones when they are released."""
    with lambda_runtime._lock:
        for key, workers in lambda_runtime._workers.items():
            _, _, of_function, of_qualifier = key.split(":")
            if of_function != name or qualifier not in (None, of_qualifier):
                continue
            for worker in [each for each in workers if each.in_use]:
                worker.retired = True
                workers.remove(worker)
    _invalidate(name, qualifier, **scope)


def release_worker(worker: Any) -> None:
    """Return a worker to its pool, or end it when its function was updated meanwhile."""
    _release(worker)
    if getattr(worker, "retired", False):
        lambda_runtime.kill_workers([worker])
