"""Watching the tokens of a real daemon: with the client, with signetctl, and while it stops."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from signetd.api.v1.token_service_pb2 import WatchTokensResponse as Change
from signetd.client import NotFound, Unavailable
from tests.integration.daemon.running import Running

LOCKED, READY = 2, 3  # TokenState of the API


def _pin(running: Running) -> str:
    return (running.folder / "token" / "user.pin").read_text().strip()


@contextmanager
def signetctl(running: Running, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """Run signetctl meanwhile."""
    command = [
        str(Path(sys.executable).parent / "signetctl"),
        "--endpoint",
        running.system_endpoint,
    ]
    pipe = subprocess.PIPE
    with subprocess.Popen([*command, *arguments], stdout=pipe, stderr=pipe, text=True) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def line(process: "subprocess.Popen[str]", word: str = "") -> str:
    """Read lines up to one with *word* in it."""
    assert process.stdout is not None
    for text in process.stdout:
        if word in text:
            return text
    raise AssertionError(f"it ended before it said {word}")


def reach(watch: Iterator[Change], state: int) -> Change:
    """Watch until the token is in a state; it may pass through others."""
    return next(change for change in watch if change.token.state == state)


def test_locking_and_unlocking_are_seen_by_all_watchers(running: Running) -> None:
    running.start()
    with running.client() as watching, running.system() as client:
        reach(client.watch_tokens(), READY)
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
            locked = reach(watch, LOCKED)
            assert line(text, "LOCKED").rstrip().endswith(locked.token.state_reason)
            assert json.loads(line(lines, '"LOCKED"'))["token"]["name"] == "tokens/t"
            client.unlock_token("t", _pin(running))
            reach(watch, READY)
            assert line(text, "READY").split()[1:] == ["tokens/t", "READY"]
            for process in (text, lines):
                process.send_signal(signal.SIGINT)
                assert process.wait(20) == 0
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
