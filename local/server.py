"""Start, find and stop the embedded AWS: a process of its own that outlives its starter."""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING

from embedded_aws.core.self_check import SAVED_FORMAT
from embedded_aws.server import process
from local.data_folder import DataFolder, ProcessRecord
from local.endpoint import Endpoint
from local.errors import PortTaken, StartupFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

PROJECT = Path(__file__).resolve().parent.parent
DEFAULT_DATA = PROJECT / ".local" / "aws"
READY_SECONDS = 120.0
"""How long a start may take. 2 to 3 s is usual; a busy machine needs more.

A process that ends at its start is noticed at once.
"""
STOP_SECONDS = 60.0
"""How long a stop may take without any progress."""
_POLL_SECONDS = 0.05

# What the emulator, and with it every Lambda worker, sees of the user's environment. All else
# stays out: profiles and credentials of real accounts above all.
_INHERITED = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "TZ",
    "SYSTEMROOT",
    "EMBEDDED_AWS_ENDS_WITH",
    "EMBEDDED_AWS_LAMBDA_WORKERS",
    "EMBEDDED_AWS_SAVE_SECONDS",
    "LAMBDA_ACCOUNT_CONCURRENCY",
)


@dataclass(frozen=True)
class Server:
    """A running embedded AWS."""

    pid: int
    endpoint: Endpoint
    data: Path


@dataclass(frozen=True)
class Started:
    """The outcome of `start`: the server, whether it ran before, and what a crash had cost."""

    server: Server
    found_running: bool
    lost: str | None = None


def find(data: Path = DEFAULT_DATA) -> Server | None:
    """The server that runs on this data folder, if one does."""
    folder = DataFolder(data)
    record = folder.read_record()
    if record is None or not process.is_running(record.pid, record.started):
        return None
    return Server(record.pid, _endpoint(record.port, folder), data)


def start(
    data: Path = DEFAULT_DATA, *, port: int | None = None, settings: dict[str, str] | None = None
) -> Started:
    """Start the embedded AWS on 127.0.0.1 and wait until it answers, or find the running one.

    Its folder is made if absent; state saved there is loaded. Without a port it takes a free one; a
    running server keeps its own. `settings` are variables of the emulator's environment.

    Raises:
        NotAFolder, NotADataFolder, PortTaken, StateOfOtherVersion, StartupFailed
    """
    folder = DataFolder(data.resolve())
    with folder.lock():
        if running := find(folder.root):
            try:
                _wait_until_ready(running, folder)
            except StartupFailed:
                if find(folder.root):
                    raise
                # It was stopping when it was found: start another.
            else:
                return Started(running, found_running=True)
        installed = f"{importlib.metadata.version('ministack')}/{SAVED_FORMAT}"
        # The socket is bound here and handed over: a port that is taken is known before
        # anything else happens, and a free one cannot be lost to another program in between.
        with _listen(port, before=folder.read_record()) as listening:
            lost = folder.recover(installed=installed)
            folder.prepare()
            folder.snapshot()
            port = listening.getsockname()[1]
            pid = _spawn(folder, listening, settings or {})
        mark = process.start_mark(pid) or ""
        server = Server(pid, _endpoint(port, folder), folder.root)
        try:
            folder.write_record(ProcessRecord(pid, mark, port, installed))
            _wait_until_ready(server, folder)
        except BaseException:  # a Ctrl-C, too: the process must not be left behind
            process.terminate(pid, mark, timeout=STOP_SECONDS)
            folder.undo_snapshot()
            raise
        return Started(server, found_running=False, lost=lost)


@contextlib.contextmanager
def stopped_if_interrupted(started: Started) -> Iterator[None]:
    """Stop a server that was started for something that a Ctrl-C then ends."""
    try:
        yield
    except KeyboardInterrupt:
        if not started.found_running:
            stop(started.server.data)
        raise


def stop(data: Path = DEFAULT_DATA, *, tell: Callable[[str], None] | None = None) -> Stopped | None:
    """Save the state and stop the server of this folder; None if none was running.

    A server that makes no progress for a minute is killed: what it last saved is kept. `tell` is
    called with a sentence for each step.
    """
    say = tell or (lambda _: None)
    folder = DataFolder(data.resolve())
    record = folder.read_record()
    if record is None or not process.is_running(record.pid, record.started):
        return None
    say(f"Asking process {record.pid} to save and stop.")
    steps = _Steps(folder.log)
    process.ask_to_end(record.pid, record.started)
    patience = time.monotonic() + STOP_SECONDS
    ended = False
    while not ended:
        ended = process.ended(record.pid, record.started, within=_POLL_SECONDS)
        # After the end, too: all may have been saved between two looks.
        if saved := steps.saved():
            say(f"Saved the state of {len(saved)} services.")
            patience = time.monotonic() + STOP_SECONDS
        if not ended and time.monotonic() > patience:
            say(f"It has made no progress for {STOP_SECONDS:.0f} s: killing it.")
            process.kill(record.pid, record.started)
    return Stopped(saved=folder.is_clean, last_saved=folder.last_saved_time())


@dataclass(frozen=True)
class Stopped:
    """How a stop went: whether all was saved; else when it last was."""

    saved: bool
    last_saved: datetime | None


class _Steps:
    """The services that a stopping server has saved, read off its log."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._read = log.stat().st_size if log.exists() else 0

    def saved(self) -> list[str]:
        """Those since the last look."""
        with self._log.open("rb") as log:
            log.seek(self._read)
            new = log.read()
        whole = new[: new.rfind(b"\n") + 1]
        self._read += len(whole)
        return re.findall(r"Persistence: saved (\w+) state", whole.decode(errors="replace"))


def _endpoint(port: int, folder: DataFolder) -> Endpoint:
    return Endpoint(f"http://127.0.0.1:{port}", folder.secret)


def _listen(port: int | None, *, before: ProcessRecord | None) -> socket.socket:
    """Listen on a port; on the one used before where none is asked for and that one is free.

    Addresses with the port in them are part of the state: those of queues, in the outputs.
    """
    if port is None and before is not None:
        try:
            return _bind(before.port)
        except PortTaken:
            pass
    return _bind(port or 0)


def _bind(port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    # A port whose last connections are still in TIME_WAIT is free all the same.
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
    except OSError as error:
        listening.close()
        raise PortTaken(port) from error
    listening.listen(128)
    return listening


def _spawn(folder: DataFolder, listening: socket.socket, settings: dict[str, str]) -> int:
    environment = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    environment |= {
        "TMPDIR": str(folder.tmp),
        "PYTHONUNBUFFERED": "1",
        "EMBEDDED_AWS_SECRET": folder.secret,
        **settings,
    }
    with folder.log.open("wb") as log:
        child = subprocess.Popen(  # noqa: S603 - our own module, by our own interpreter
            [
                sys.executable,
                "-m",
                "embedded_aws",
                f"--socket={listening.fileno()}",
                f"--port={listening.getsockname()[1]}",
                f"--state={folder.state}",
                f"--saved={folder.saved}",
            ],
            cwd=PROJECT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            pass_fds=[listening.fileno()],
            start_new_session=True,  # a Ctrl-C meant for the caller must not reach it
        )
    child.returncode = 0  # it is meant to outlive this object, which would warn of that
    return child.pid


def _wait_until_ready(server: Server, folder: DataFolder) -> None:
    mark = process.start_mark(server.pid)
    deadline = time.monotonic() + READY_SECONDS
    while not _answers(server.endpoint.url):
        process.reap(server.pid)
        if mark is None or not process.is_running(server.pid, mark):
            raise StartupFailed("ended at its start", log=folder.log, tail=folder.log_tail())
        if time.monotonic() > deadline:
            what = f"does not answer after {READY_SECONDS:.0f} s (process {server.pid})"
            raise StartupFailed(what, log=folder.log, tail=folder.log_tail())
        time.sleep(_POLL_SECONDS)


def _answers(url: str) -> bool:
    """Whether it serves: what is not signed is refused, and that is an answer."""
    try:
        with urllib.request.urlopen(url, timeout=1):  # noqa: S310 - on loopback
            return True
    except urllib.error.HTTPError:
        return True
    except (urllib.error.URLError, HTTPException, OSError):
        return False
