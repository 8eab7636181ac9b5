"""Watching the tokens of a real daemon: with the client, with signetctl, and while it stops."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from signetd.client import Client, NotFound, Unavailable
from tests.integration.daemon.running import Running

LOCKED, READY = 2, 3  # TokenState of the API


def _pin(running: Running) -> str:
    return (running.folder / "token" / "user.pin").read_text().strip()


@contextmanager
def signetctl(running: Running, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """Run signetctl meanwhile."""
    command = [str(Path(sys.executable).parent / "signetctl"), "--endpoint", running.endpoint]
    pipe = subprocess.PIPE
    with subprocess.Popen([*command, *arguments], stdout=pipe, stderr=pipe, text=True) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def until(client: Client, state: int) -> None:
    """Watch until the token is in a state."""
    for change in client.watch_tokens():
        if change.token.state == state:
            return


def test_locking_and_unlocking_are_seen_by_all_watchers(running: Running) -> None:
    running.start()
    with running.client() as watching, running.client() as client:
        until(client, READY)
        watch = watching.watch_tokens(["t"])
        first = next(watch)
        assert (first.token.name, first.token.state, first.previous_state) == ("tokens/t", READY, 0)
        with (
            signetctl(running, "token", "watch") as text,
            signetctl(running, "--output", "json", "token", "watch", "t") as lines,
        ):
            assert line(text).split()[1:] == ["tokens/t", "READY"]
            assert json.loads(line(lines))["previous_state"] == "UNSPECIFIED"
            client.lock_token("t")
            locked = next(watch)
            assert (locked.previous_state, locked.token.state) == (READY, LOCKED)
            assert line(text).split(maxsplit=3)[1:] == [
                *("tokens/t", "LOCKED", f"{locked.token.state_reason}\n")
            ]
            told = json.loads(line(lines))
            assert (told["token"]["state"], told["previous_state"]) == ("LOCKED", "READY")
            client.unlock_token("t", _pin(running))
            assert next(watch).token.state == READY
            assert line(text).split()[1:] == ["tokens/t", "READY"]
            for process in (text, lines):
                process.send_signal(signal.SIGINT)
                assert process.wait(20) == 0, process.stderr and process.stderr.read()
                assert process.stderr is not None
                assert process.stderr.read() == ""


def test_a_stop_does_not_wait_for_watchers(running: Running) -> None:
    running.start(drain=60.0)
    with running.client() as client, signetctl(running, "token", "watch") as process:
        watch = client.watch_tokens()
        next(watch)
        assert line(process)
        running.signal(signal.SIGTERM)
        assert running.wait(20) == 0
        with pytest.raises(Unavailable) as caught:
            for _ in watch:
                continue
        assert (caught.value.reason, caught.value.retryable) == ("SHUTTING_DOWN", True)
        assert process.wait(20) == 1
        assert process.stderr is not None
        assert "[SHUTTING_DOWN]" in process.stderr.read()


def test_an_unknown_token_cannot_be_watched(running: Running) -> None:
    running.start()
    with running.client() as client, pytest.raises(NotFound):
        next(client.watch_tokens(["none"]))
    with signetctl(running, "token", "watch", "none") as process:
        assert process.wait(20) == 1
        assert process.stderr is not None
        assert "[TOKEN_NOT_FOUND]" in process.stderr.read()


def test_an_unlocking_may_be_allowed_the_final_try(running: Running) -> None:
    running.start()
    pin = str(running.folder / "token" / "user.pin")
    arguments = ("token", "unlock", "t", "--pin-file", pin, "--final-try")
    with signetctl(running, *arguments) as process:
        assert process.wait(20) == 0
