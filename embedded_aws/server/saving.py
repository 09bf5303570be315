"""Save the state while the server runs, so that a kill costs only the last seconds.

A save is of one moment: on the event loop, where no request is half done, S3's files are linked and
the process forks; the child, a copy that nothing changes any more, writes the services' state at
its leisure and ends. The parent then puts the new folder in the place of the old one. Links are
enough, since MiniStack replaces files and never writes into one.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import gc
import logging
import os
import shutil
import signal
import sys
import threading
import time
import traceback
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ministack import app
from ministack.core import persistence
from ministack.services import lambda_svc

from embedded_aws.server.folders import CLEAN, link_tree

if TYPE_CHECKING:
    from collections.abc import Callable

SECONDS_VARIABLE = "EMBEDDED_AWS_SAVE_SECONDS"
"""Seconds between two saves; 0 for none but that of a stop."""

_DEFAULT_SECONDS = 5.0
_SHARE = 10
"""A save that takes long is followed by a pause of this many times its length."""
_PATIENCE_SECONDS = 300
_LOCKS = [(type(make()), make) for make in (threading.Lock, threading.RLock)]
_logger = logging.getLogger("saving")


class SaveErrors(logging.Handler):
    """Remembers errors: MiniStack reports a state that it could not save in its log alone."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Remember a message."""
        self.messages.append(record.getMessage())


def save_at_stop(state: Path) -> None:
    """Have the last state saved by a copy of the process too: threads may still change it."""

    def save_all(_: Any) -> None:
        child = _fork(state, priority=0)
        if (status := _ended(child)) != 0:
            _logger.error("the state was not saved: its process ended with %s", status)

    app.save_all = save_all


@dataclass
class Saver:
    """Saves the state again and again.

    Attributes:
        state: Where the services write and S3's files lie.
        saved: The folder of the last save.
        changes: Counts what may have changed something.
    """

    state: Path
    saved: Path
    changes: Callable[[], int]

    async def run(self) -> None:
        """Save after every pause in which something changed, and once more, until cancelled."""
        least = float(os.environ.get(SECONDS_VARIABLE) or _DEFAULT_SECONDS)
        if least <= 0:
            return
        pause, before, settled = least, self.changes(), True
        while True:
            await asyncio.sleep(pause)
            changes, begun = self.changes(), time.monotonic()
            if changes == before and settled:
                continue
            settled = changes == before  # an execution may go on after the last request
            if await self._save():
                before = changes
            pause = max(least, _SHARE * (time.monotonic() - begun))

    async def _save(self) -> bool:
        folder = self.saved.with_name(f"saving-{os.getpid()}")
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        try:
            status = await self._written(folder)
        except OSError as error:
            _logger.warning("the state was not saved: %s", error)
            return False
        if status != 0:
            _logger.warning("the state was not saved: its process ended with %s", status)
            return False
        old = self.saved.with_name(f"{folder.name}-old")
        with contextlib.suppress(FileNotFoundError):
            self.saved.rename(old)
        folder.rename(self.saved)
        await asyncio.to_thread(shutil.rmtree, old, ignore_errors=True)
        return True

    async def _written(self, folder: Path) -> int:
        """Write the state of this moment into a folder; the exit status of the process."""
        child = self._begin(folder)
        try:
            return await asyncio.to_thread(_ended, child)
        except asyncio.CancelledError:
            os.kill(child, signal.SIGKILL)
            raise

    def _begin(self, folder: Path) -> int:
        """Link S3's files and fork: on the event loop, where no request is half done."""
        folder.mkdir(mode=0o700)
        objects = self.state / "s3"
        if objects.is_dir():
            link_tree(objects, folder / "s3")
        return _fork(folder, priority=10)


def _fork(folder: Path, *, priority: int) -> int:
    """Begin to write the services' state of this moment; the process that does it."""
    parent = os.getpid()
    with warnings.catch_warnings():
        # Of locks that a thread may hold: they are renewed in the child.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        status = 1
        try:
            _close_all()
            _renew_locks()
            os.nice(priority)
            _write(folder, parent)
            status = 0
        except Exception:  # noqa: BLE001 - the process ends
            traceback.print_exc()
        finally:
            os._exit(status)
    return child


def _close_all() -> None:
    """Close connections and pipes: their other ends wait for the parent alone."""
    for descriptor in [int(each.name) for each in Path("/dev/fd").iterdir()]:
        if descriptor > 2:
            with contextlib.suppress(OSError):
                os.close(descriptor)


def _renew_locks() -> None:
    """Replace the locks of modules: a thread that the child does not have may hold one."""
    for module in list(sys.modules.values()):
        if not module.__name__.startswith(("ministack", "embedded_aws")):
            continue
        for name, value in list(vars(module).items()):
            for kind, make in _LOCKS:
                if isinstance(value, kind):
                    setattr(module, name, make())


def _write(folder: Path, parent: int) -> None:
    gc.disable()  # what is collected is copied
    copy.deepcopy = lambda value, *_: value  # nothing changes any more
    errors = SaveErrors()
    logging.getLogger("persistence").addHandler(errors)
    persistence.STATE_DIR = str(folder)
    lambda_svc.CODE_BLOB_DIR = str(folder / "lambda-blobs")
    for name, get_state in app._build_persistence_save_dict().items():
        if os.getppid() != parent:  # another server may have the folder by now
            raise ProcessLookupError
        persistence.save_all({name: get_state})
    (folder / CLEAN).write_text("\n".join(errors.messages), encoding="utf-8")


def _ended(child: int) -> int:
    """Wait for the end of a process; kill it when it takes too long. Its exit status."""
    end = time.monotonic() + _PATIENCE_SECONDS
    while True:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid == child:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > end:
            os.kill(child, signal.SIGKILL)
            end = float("inf")
        time.sleep(0.02)
