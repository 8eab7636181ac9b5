"""Garbage of many kinds is refused with a ConfigError, and never ends in another exception."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signetd.daemon.config import ConfigError, load, load_text

SAMPLE = (Path(__file__).parents[4] / "deploy" / "signetd.toml").read_text()
CODE = [line for line in SAMPLE.splitlines() if line and not line.startswith("# ")]
CODE = [line.removeprefix("#") for line in CODE]

fuzzed = settings(derandomize=True, deadline=None, max_examples=300)

literals = [
    "1",
    "-1",
    "0",
    "0.5",
    "1e400",
    "nan",
    "true",
    "''",
    "'0600'",
    "'0606'",
    "'a:1'",
    "'[::1]:5'",
    "'/'",
    "'~'",
    "'x'",
    "'signer'",
    "'local-app'",
    "1970-01-01",
    "07:32:00",
    '"\\u0000"',
    '"\\U0010FFFF"',
]
values = st.recursive(
    st.sampled_from([*literals, "0x" + "F" * 400])
    | st.text(max_size=8).map(lambda text: f"'{text}'"),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
        | st.lists(inner, max_size=2, unique=True).map(
            lambda items: "{" + ", ".join(f"a{n} = {item}" for n, item in enumerate(items)) + "}"
        )
    ),
    max_leaves=6,
)
keys = st.sampled_from([line.split(" = ")[0] for line in CODE if " = " in line])
headers = st.sampled_from([line for line in CODE if line.startswith("[")] + ["[a.b]", "[[daemon]]"])
statements = headers | st.tuples(keys, values).map(" = ".join) | st.sampled_from(CODE)


def is_judged(text: str) -> bool:
    """Whether `text` is a configuration; when it is not, the reasons must be in order."""
    try:
        load_text(text, Path("/etc/signetd"), "f.toml")
    except ConfigError as error:
        assert error.problems
        lines = text.count("\n") + 1
        for problem in error.problems:
            assert str(problem).startswith("f.toml:")
            assert problem.line is None or 1 <= problem.line <= lines
            assert problem.message.endswith((".", "?"))
            assert str(problem).isprintable(), "a problem is one line, safe on a terminal"
        return False
    return True


@given(st.text())
@fuzzed
def test_any_text(text: str) -> None:
    is_judged(text)


@given(st.lists(statements, max_size=25))
@fuzzed
def test_any_order_of_known_statements(lines: list[str]) -> None:
    is_judged("\n".join(lines))


@given(st.lists(st.tuples(st.integers(0, len(CODE) - 1), statements), min_size=1, max_size=4))
@fuzzed
def test_the_sample_with_some_lines_replaced(changes: list[tuple[int, str]]) -> None:
    lines = CODE.copy()
    for place, line in changes:
        lines[place] = line
    is_judged("\n".join(lines))


def _cut(text: str, start: int, end: int, insert: str) -> str:
    return text[:start] + insert + text[end:]


def _repeat(text: str, start: int, end: int, insert: str) -> str:
    return text[:end] + text[start:end] + insert + text[end:]


@given(
    st.sampled_from([_cut, _repeat]),
    st.integers(0, len(SAMPLE)),
    st.integers(0, 60),
    st.text(alphabet="[]{}=.,'\"#\\\n\r\t\0 a0印\x7f", max_size=5),
)
@fuzzed
def test_the_sample_with_a_piece_changed(
    change: Callable[[str, int, int, str], str], start: int, size: int, insert: str
) -> None:
    is_judged(change(SAMPLE, start, start + size, insert))


@given(keys, values)
@fuzzed
def test_the_sample_with_one_value_changed(key: str, value: str) -> None:
    place = next(n for n, line in enumerate(CODE) if line.startswith(f"{key} = "))
    is_judged("\n".join([*CODE[:place], f"{key} = {value}", *CODE[place + 1 :]]))


def test_the_unchanged_statements_are_a_configuration() -> None:
    """Otherwise the changes above would test a text that is refused anyway."""
    assert is_judged("\n".join(CODE))


@given(st.binary(max_size=200))
@settings(fuzzed, max_examples=100)
def test_any_bytes_in_a_file(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    file = tmp_path_factory.getbasetemp() / "fuzzed.toml"
    file.write_bytes(raw)
    with pytest.raises(ConfigError):
        load(file)
