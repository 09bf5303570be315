"""A process, identified by its pid and its start: the system reuses pids."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

_POLL_SECONDS = 0.02


def start_mark(pid: int) -> str | None:
    """A mark of the start of the running process `pid`; None if none runs.

    Linux: its start in clock ticks since boot, field 22 of /proc/PID/stat (proc(5)). Elsewhere
    an empty string, so that only the pid is compared.
    """
    if Path("/proc/self/stat").exists():
        try:
            stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
        except OSError:
            return None
        # The name, field 2, is in parentheses and may hold anything, spaces included.
        state, *fields = stat.rpartition(")")[2].split()
        return None if state == "Z" else fields[18]
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass
    return ""


def is_running(pid: int, mark: str) -> bool:
    """Whether the process with this pid and start mark still runs."""
    return start_mark(pid) == mark


def ask_to_end(pid: int, mark: str) -> None:
    """Send SIGTERM."""
    _send(pid, mark, signal.SIGTERM)


def kill(pid: int, mark: str) -> None:
    """Send SIGKILL."""
    _send(pid, mark, signal.SIGKILL)


def _send(pid: int, mark: str, number: int) -> None:
    if is_running(pid, mark):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def terminate(pid: int, mark: str, *, timeout: float) -> bool:
    """Ask the process to end and wait; return whether it is gone within `timeout` seconds."""
    ask_to_end(pid, mark)
    return ended(pid, mark, within=timeout)


def ended(pid: int, mark: str, *, within: float) -> bool:
    """Wait for the end of a process; return whether it is gone within this many seconds."""
    deadline = time.monotonic() + within
    while is_running(pid, mark):
        if time.monotonic() > deadline:
            return False
        reap(pid)
        time.sleep(_POLL_SECONDS)
    reap(pid)
    return True


def reap(pid: int) -> None:
    """Collect the process if it is our ended child, so that it does not stay a zombie."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
