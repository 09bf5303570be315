"""The life of the embedded AWS: its process, its folder, and what is kept of its state."""

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from embedded_aws.server import process, saving
from embedded_aws.tests.conftest import Aws, eventually
from local import server
from local.errors import NotADataFolder, NotAFolder, PortTaken, StartupFailed, StateOfOtherVersion


def put(started: server.Started, key: str) -> None:
    s3 = started.server.endpoint.client("s3")
    s3.create_bucket(Bucket="kept")
    s3.put_object(Bucket="kept", Key=key, Body=b"1")


def keys(started: server.Started) -> list[str]:
    s3 = started.server.endpoint.client("s3")
    names = [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
    listed = s3.list_objects_v2(Bucket="kept").get("Contents", []) if "kept" in names else []
    return [each["Key"] for each in listed]


def kill(running: server.Server) -> None:
    mark = process.start_mark(running.pid)
    os.kill(running.pid, signal.SIGKILL)
    eventually(lambda: not process.is_running(running.pid, mark or ""), "it is gone")


def test_a_second_start_finds_the_first(data: Path) -> None:
    first = server.start(data)
    second = server.start(data)
    assert not first.found_running
    assert second.found_running
    assert second.server == first.server == server.find(data)


def test_it_listens_on_loopback_alone_and_keeps_its_folder_private(data: Path) -> None:
    running = server.start(data).server
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    assert running.endpoint.url == f"http://127.0.0.1:{running.endpoint.port}"
    # The same port of every other loopback address is free: nothing is bound to 0.0.0.0.
    with socket.socket() as other:
        other.bind(("127.0.0.2", running.endpoint.port))


def test_state_survives_a_stop(data: Path) -> None:
    first = server.start(data)
    put(first, "a+b é")
    assert server.stop(data)
    assert server.find(data) is None
    again = server.start(data)
    assert again.lost is None
    assert again.server.endpoint == first.server.endpoint  # addresses in the state stay valid
    assert keys(again) == ["a+b é"]


def has_saved(data: Path, key: str) -> bool:
    """Whether the last save has an object; none is there for the moment in which it is replaced."""
    return any(each.is_file() for each in data.glob(f"saved/s3/*/kept/{key}"))


def saved_text(data: Path, service: str) -> str:
    try:
        return (data / "saved" / f"{service}.json").read_text()
    except FileNotFoundError:
        return ""


# Saves one after the other; or none but those of a stop.
SAVED, UNSAVED = ({saving.SECONDS_VARIABLE: seconds} for seconds in ("0.05", "0"))


def started_and_saved(data: Path) -> server.Server:
    """A server that has saved the object `kept`."""
    started = server.start(data, settings=SAVED)
    put(started, "kept")
    eventually(lambda: has_saved(data, "kept"), "a save has the object")
    return started.server


def test_what_is_saved_while_it_runs_survives_a_kill(data: Path) -> None:
    running = started_and_saved(data)
    running.endpoint.client("sqs").create_queue(QueueName="kept")
    eventually(lambda: "kept" in saved_text(data, "sqs"), "a save has the queue")
    kill(running)
    again = server.start(data, settings=UNSAVED)
    assert again.lost is not None
    assert "since it last saved" in again.lost
    assert keys(again) == ["kept"]
    (queue,) = again.server.endpoint.client("sqs").list_queues()["QueueUrls"]
    assert queue.endswith("/kept")
    assert not list(data.glob("saving-*"))


def test_functions_run_after_a_kill(data: Path) -> None:
    started = server.start(data, settings=SAVED)
    aws = Aws(started.server)
    function = aws.function().rpartition(":")[2]
    eventually(lambda: function in saved_text(data, "lambda"), "it is saved")
    kill(started.server)
    again = Aws(server.start(data).server)
    answer = again.functions.invoke(FunctionName=function, Payload=b'{"id": "here"}')
    assert json.loads(answer["Payload"].read())["id"] == "here"


def test_a_save_that_a_kill_kept_from_its_name_counts(data: Path) -> None:
    kill(started_and_saved(data))
    (data / "saved").rename(data / "saving-1")
    again = server.start(data)
    assert keys(again) == ["kept"]


def test_a_stop_says_what_it_saves(data: Path) -> None:
    put(server.start(data), "kept")
    steps: list[str] = []
    stopped = server.stop(data, tell=steps.append)
    assert stopped is not None
    assert stopped.saved
    assert steps[0].startswith("Asking process")
    assert steps[1:]
    assert all(re.fullmatch(r"Saved the state of \d+ services\.", each) for each in steps[1:])


def test_a_server_that_does_not_stop_is_killed_and_keeps_its_last_save(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.kill(started_and_saved(data).pid, signal.SIGSTOP)
    monkeypatch.setattr(server, "STOP_SECONDS", 0.1)
    steps: list[str] = []
    stopped = server.stop(data, tell=steps.append)
    assert stopped is not None
    assert not stopped.saved
    assert stopped.last_saved is not None
    assert "killing it" in steps[-1]
    assert keys(server.start(data)) == ["kept"]


def test_after_a_kill_it_starts_from_what_was_saved_and_says_what_is_lost(data: Path) -> None:
    put(server.start(data), "saved")
    server.stop(data)
    second = server.start(data, settings=UNSAVED)
    put(second, "lost")
    kill(second.server)
    third = server.start(data)
    assert third.lost is not None
    assert "everything since" in third.lost
    assert keys(third) == ["saved"]


def test_after_a_kill_without_a_save_it_starts_empty_and_says_so(data: Path) -> None:
    first = server.start(data, settings=UNSAVED)
    put(first, "lost")
    kill(first.server)
    again = server.start(data)
    assert "starts empty" in (again.lost or "")
    assert keys(again) == []


def test_a_taken_port_is_named(data: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PortTaken, match=f"Port {port} .* --port"):
            server.start(data, port=port)


def test_a_folder_with_other_files_is_refused_and_left_alone(tmp_path: Path) -> None:
    home = tmp_path / "home"
    for name in ("tmp", "saved", "state"):
        (home / name).mkdir(parents=True)
        (home / name / "theirs").touch()
    home.chmod(0o755)
    with pytest.raises(NotADataFolder, match="holds other files"):
        server.start(home)
    assert stat.S_IMODE(home.stat().st_mode) == 0o755
    assert len(list(home.glob("*/theirs"))) == 3
    assert len(list(home.iterdir())) == 3


def test_a_file_is_not_taken_for_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NotAFolder):
        server.start(tmp_path / "file" / "aws")


def test_a_start_that_is_interrupted_leaves_no_process(data: Path) -> None:
    # A shell may have had its background jobs, and so this test, ignore the signal.
    code = f"""if True:
        import pathlib, signal
        from local import server
        signal.signal(signal.SIGINT, signal.default_int_handler)
        server._answers = lambda _: False  # so that the start does not end before the signal
        server.start(pathlib.Path({str(data)!r}))
    """
    with subprocess.Popen([sys.executable, "-c", code], cwd=server.PROJECT) as starter:
        eventually(lambda: server.find(data), "it has started a process")
        running = server.find(data)
        starter.send_signal(signal.SIGINT)
    assert starter.returncode != 0
    assert running is not None
    assert process.start_mark(running.pid) is None


def test_an_interruption_stops_what_was_started_for_it_and_nothing_else(data: Path) -> None:
    first = server.start(data)
    with pytest.raises(KeyboardInterrupt), server.stopped_if_interrupted(server.start(data)):
        raise KeyboardInterrupt
    assert server.find(data) == first.server
    with pytest.raises(KeyboardInterrupt), server.stopped_if_interrupted(first):
        raise KeyboardInterrupt
    assert server.find(data) is None


def test_it_ends_with_the_process_that_is_named_at_its_start(data: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as starter:
        settings = {"EMBEDDED_AWS_ENDS_WITH": str(starter.pid)}
        assert server.start(data, settings=settings).server == server.find(data)
        starter.kill()
    eventually(lambda: server.find(data) is None, "it has ended too")


def test_the_state_of_another_version_is_refused_and_left_alone(data: Path) -> None:
    put(server.start(data), "kept")
    server.stop(data)
    record = data / "process.json"
    mine = record.read_text()
    record.write_text(json.dumps({**json.loads(mine), "version": "0.0.1"}))
    with pytest.raises(StateOfOtherVersion, match=r"state of MiniStack 0\.0\.1"):
        server.start(data)
    record.write_text(mine)
    assert keys(server.start(data)) == ["kept"]


def test_a_start_that_fails_shows_the_log_and_costs_no_state(data: Path) -> None:
    put(server.start(data), "kept")
    server.stop(data)
    with pytest.raises(StartupFailed, match="No module named 'encodings'"):
        server.start(data, settings={"PYTHONHOME": "/nowhere"})
    again = server.start(data)
    assert again.lost is None
    assert keys(again) == ["kept"]


def test_a_process_that_took_over_the_pid_is_not_stopped(data: Path) -> None:
    running = server.start(data).server
    record = data / "process.json"
    mine = record.read_text()
    record.write_text(json.dumps({**json.loads(mine), "started": "another"}))
    assert server.find(data) is None
    assert not server.stop(data)
    record.write_text(mine)
    assert server.find(data) == running
