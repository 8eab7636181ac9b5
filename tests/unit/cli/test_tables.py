"""Tables: names and hashes stay whole, however narrow the terminal is."""

import io
import sys
from collections.abc import Callable

import pytest

from signetd.cli import show
from signetd.cli.session import Output

HASH = "ab" * 32
LONG = "spiffe://example/a-name-that-is-rather-long/" + "x" * 40
Print = Callable[..., list[str]]


class Terminal(io.StringIO):
    """Standard output that is a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@pytest.fixture(params=["xterm", "dumb"])
def on_terminal(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Print:
    """Prints with 60 columns, 80 on a dumb terminal; returns the lines."""
    kind: str = request.param

    def run(function: Callable[..., None], *arguments: object) -> list[str]:
        monkeypatch.setenv("COLUMNS", "60")
        monkeypatch.setenv("TERM", kind)
        monkeypatch.setenv("NO_COLOR", "1")
        terminal = Terminal()
        monkeypatch.setattr(sys, "stdout", terminal)
        function(Output.TABLE, *arguments)
        return terminal.getvalue().splitlines()

    return run


def test_what_is_one_word_is_never_broken(on_terminal: Print) -> None:
    shown = on_terminal(show.one, {"name": LONG, "public_key_fingerprint": HASH})
    assert [line.split()[-1] for line in shown] == [LONG, HASH]
    rows = [{"name": LONG, "state": "ENABLED"}, {"name": "a", "state": "DISABLED"}]
    shown = on_terminal(show.many, ("name", "state"), rows)
    assert [line.split() for line in shown[2:]] == [[LONG, "ENABLED"], ["a", "DISABLED"]]


def test_texts_are_wrapped_between_words_on_a_terminal(on_terminal: Print) -> None:
    words = "what was found " * 20
    shown = on_terminal(show.many, ("name", "found"), [{"name": "a", "found": words}])
    assert len(shown) > 3
    assert all(len(line) <= 80 for line in shown[1:])
    assert set(" ".join(shown[2:]).split()) == {"a", "what", "was", "found"}


def test_a_program_gets_a_line_for_each_thing(capsys: pytest.CaptureFixture[str]) -> None:
    words = "what was found " * 20
    show.many(Output.TABLE, ("name", "found"), [{"name": LONG, "found": words}])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert lines[2] == f"{LONG}   {words}".rstrip()


def test_what_a_token_does_not_tell_and_the_names_of_attributes(on_terminal: Print) -> None:
    fields = {"max_sessions": 0, "sessions": None, "CKA_LOCAL": True}
    lines = [line.split(maxsplit=2) for line in on_terminal(show.one, fields)]
    assert lines == [["max", "sessions", "0"], ["sessions", "not", "told"], ["CKA_LOCAL", "True"]]
