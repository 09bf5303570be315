"""The embedded AWS's private folder: what lies where, and what survives a crash.

    <data>/process.json   the process that owns the folder: pid, its start, port, version
    <data>/emulator.log   its output since its last start
    <data>/state/         services' state (JSON, written at a graceful stop) and S3 objects
                          (one file each, written as they come)
    <data>/state/clean    present when the last stop was graceful: the state is of one moment
    <data>/saved/         that state once more, as it was when it was last saved
    <data>/saving-*/      a save under way
    <data>/secret         the secret access key of the account's root, random
    <data>/tmp/           the process's TMPDIR, so that nothing is left in /tmp

S3 objects are written at once, tables only at a stop. After a kill, objects would be newer than the
tables, so `saved/` is restored. It costs no space: MiniStack replaces files and never writes into
one, so hard links keep the old content.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import secrets
import shutil
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from embedded_aws.server.folders import CLEAN, link_tree
from local.errors import NotADataFolder, NotAFolder, StateOfOtherVersion

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True)
class ProcessRecord:
    """The process that owns the folder; `started` distinguishes it from later ones of its pid."""

    pid: int
    started: str
    port: int
    version: str


class DataFolder:
    """A data folder and the names of what is in it.

    Raises:
        NotAFolder: a file has its name.
    """

    def __init__(self, root: Path) -> None:
        there = next(each for each in (root, *root.parents) if each.exists())
        if not there.is_dir():
            raise NotAFolder(there)
        self.root = root
        self.log = root / "emulator.log"
        self.state = root / "state"
        self.saved = root / "saved"
        self.tmp = root / "tmp"
        self._secret = root / "secret"
        self._record = root / "process.json"

    @property
    def secret(self) -> str:
        """The secret access key of the account's root: random, made at the first start."""
        return self._secret.read_text(encoding="ascii")

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Make the folder and lock it, so that of two concurrent starts the second finds the first.

        Only its owner can read it: logs and objects are the user's data.

        Raises:
            NotADataFolder: it holds files that are not ours.
        """
        self._refuse_if_not_ours()
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.root.chmod(0o700)
        with (self.root / "lock").open("w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            yield

    def _refuse_if_not_ours(self) -> None:
        """Refuse a folder with other files: a start restricts its mode and clears parts of it."""
        names = {each.name for each in self.root.iterdir()} if self.root.is_dir() else set()
        known = names <= _NAMES | {each.name for each in self._saving()}
        ours = "lock" in names and (known or self._record.name in names)
        if names and not ours:
            raise NotADataFolder(self.root)

    def prepare(self) -> None:
        """Make the folders that a process needs, and clear what a killed one's workers left."""
        if not self._secret.exists():
            self._secret.touch(mode=0o600)
            self._secret.write_text(secrets.token_urlsafe(30), encoding="ascii")
        self.state.mkdir(mode=0o700, exist_ok=True)
        for left in (self.tmp, *self._saving()):
            shutil.rmtree(left, ignore_errors=True)
        self.tmp.mkdir(mode=0o700)

    def read_record(self) -> ProcessRecord | None:
        """The process that last owned the folder, running or not; None if there was none."""
        try:
            return ProcessRecord(**json.loads(self._record.read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError, TypeError):
            return None

    def write_record(self, record: ProcessRecord) -> None:
        """Replace the record of the owning process, atomically."""
        temporary = self._record.with_suffix(".tmp")
        temporary.write_text(json.dumps(asdict(record)), encoding="utf-8")
        temporary.replace(self._record)

    def recover(self, *, installed: str) -> str | None:
        """Restore `state/` to a consistent moment; return a sentence on what was lost, or None.

        Raises:
            StateOfOtherVersion: the state was written by another MiniStack.
        """
        record = self.read_record()
        if record is None:
            return None
        if record.version != installed:
            raise StateOfOtherVersion(self.root, saved=record.version, installed=installed)
        if self.is_clean:
            unsaved = (self.state / CLEAN).read_text(encoding="utf-8")
            return f"Not all was saved at the last stop: {unsaved}" if unsaved else None
        shutil.rmtree(self.state, ignore_errors=True)
        saved = self._last_saved()
        if saved is None:
            self.state.mkdir(mode=0o700)
            return (
                f"The embedded AWS (process {record.pid}) ended without saving, and had never "
                "saved before: everything in it is lost, and it starts empty."
            )
        when = _time_of(saved)
        link_tree(saved, self.state)
        return (
            f"The embedded AWS (process {record.pid}) was killed: everything since it last "
            f"saved, {when:%Y-%m-%d %H:%M:%S} UTC, is lost."
        )

    @property
    def is_clean(self) -> bool:
        """Whether the last stop saved everything."""
        return (self.state / CLEAN).exists()

    def last_saved_time(self) -> datetime | None:
        """When a running or killed process last saved."""
        saved = self._last_saved()
        return None if saved is None else _time_of(saved)

    def _last_saved(self) -> Path | None:
        """The last save; a kill may have come before it had its name."""
        whole = [each for each in (self.saved, *self._saving()) if (each / CLEAN).exists()]
        return max(whole, key=lambda each: (each / CLEAN).stat().st_mtime, default=None)

    def _saving(self) -> list[Path]:
        return list(self.root.glob("saving-*"))

    def snapshot(self) -> None:
        """Keep `state/` as it is now, and mark it as in use until the next graceful stop."""
        shutil.rmtree(self.saved, ignore_errors=True)
        if (self.state / CLEAN).exists():
            link_tree(self.state, self.saved)
            (self.state / CLEAN).unlink()

    def undo_snapshot(self) -> None:
        """Put everything back as it was before a start that failed."""
        if (self.saved / CLEAN).exists():
            shutil.rmtree(self.state, ignore_errors=True)
            link_tree(self.saved, self.state)
        else:
            self._record.unlink(missing_ok=True)

    def log_tail(self, lines: int = 25) -> str:
        """The end of the log, for error messages."""
        try:
            text = self.log.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return ""
        return "\n".join(text.splitlines()[-lines:])


_NAMES = {"process.json", "process.tmp", "emulator.log", "lock", "state", "saved", "secret", "tmp"}


def _time_of(saved: Path) -> datetime:
    return datetime.fromtimestamp((saved / CLEAN).stat().st_mtime, UTC)
