"""The line of every key and item, in texts that try to confuse a scanner."""

import tomllib
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signetd.daemon.config.locate import KeyPath, locate

CONFUSING = '''\
# [comment]
top = 1
[a.b]                    # brackets ] in a comment [
"quoted key" = 'x = [1'
'li.teral'.inner = "# no comment \\" ]"
multi = """
[not.a.header]
fake = "1"
\\""" still inside
"""
raw = \'\'\'
[[nor.this]]
''\'\'\'
after = [
  1, # one ]
  "],", { deep = 2, twice.nested = [
          3] },

  [
    4 ],
]
[[list]]
x = 1979-05-27 07:32:00
[list.sub]
y = 1.5
[[list]]
  [list.sub]
  z = { }
[[list.items]]
"\\u0041" = 1
[a]
last = true
quotes = ["""x"""", "]", \'\'\'y\'\'\'\', ',']
end = 0'''

EXPECTED = {
    ("top",): 2,
    ("a",): 31,
    ("a", "last"): 32,
    ("a", "quotes"): 33,
    ("a", "quotes", 0): 33,
    ("a", "quotes", 1): 33,
    ("a", "quotes", 2): 33,
    ("a", "quotes", 3): 33,
    ("a", "end"): 34,
    ("a", "b"): 3,
    ("a", "b", "quoted key"): 4,
    ("a", "b", "li.teral"): 5,
    ("a", "b", "li.teral", "inner"): 5,
    ("a", "b", "multi"): 6,
    ("a", "b", "raw"): 11,
    ("a", "b", "after"): 14,
    ("a", "b", "after", 0): 15,
    ("a", "b", "after", 1): 16,
    ("a", "b", "after", 2): 16,
    ("a", "b", "after", 2, "deep"): 16,
    ("a", "b", "after", 2, "twice"): 16,
    ("a", "b", "after", 2, "twice", "nested"): 16,
    ("a", "b", "after", 2, "twice", "nested", 0): 17,
    ("a", "b", "after", 3): 19,
    ("a", "b", "after", 3, 0): 20,
    ("list",): 22,
    ("list", 0): 22,
    ("list", 0, "x"): 23,
    ("list", 0, "sub"): 24,
    ("list", 0, "sub", "y"): 25,
    ("list", 1): 26,
    ("list", 1, "sub"): 27,
    ("list", 1, "sub", "z"): 28,
    ("list", 1, "items"): 29,
    ("list", 1, "items", 0): 29,
    ("list", 1, "items", 0, "A"): 30,
}


def test_every_key_of_a_confusing_text_has_its_line() -> None:
    assert set(EXPECTED) == set(_paths(tomllib.loads(CONFUSING)))
    assert locate(CONFUSING).lines == EXPECTED


def test_carriage_returns_do_not_count_as_lines() -> None:
    assert locate(CONFUSING.replace("\n", "\r\n")) == locate(CONFUSING)


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("a", "b", "absent"), 3),
        (("list", 1, "sub", "absent", 5), 27),
        (("list", 7, "x"), 22),
        (("absent", "x"), None),
        ((), None),
    ],
)
def test_an_unknown_path_has_the_line_of_its_enclosing_table(
    path: KeyPath, line: int | None
) -> None:
    assert locate(CONFUSING).line(path) == line


def test_values_nested_too_deep_leave_the_lines_before_them() -> None:
    text = "a = 1\nb = " + "[" * 20_000
    assert locate(text).line(("a",)) == 1
    assert locate(text).line(("b",)) == 2


@given(st.text(alphabet="ab01.=\"'\\[]{},# \n", max_size=60))
@settings(derandomize=True, deadline=None, max_examples=500)
def test_any_text_is_scanned_to_its_end(text: str) -> None:
    lines = locate(text).lines
    assert all(1 <= line <= text.count("\n") + 1 for line in lines.values())
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    assert set(lines) == set(_paths(data))


_STRINGS = st.sampled_from(
    [
        '"]"',
        "'[x]'",
        '"#"',
        "'\"'",
        '"\\"\\\\"',
        '""',
        '"""\n[t]\nk = "1"\n"""',
        "'''\n}'\n''''",
        '""" "" \\""" """""',
        "1979-05-27 07:32:00Z",
        "+inf",
    ]
)


@st.composite
def _documents(draw: st.DrawFn) -> str:
    """Valid TOML in which every number is unique, so that a line can be told by its number."""
    numbers = iter(range(1_000_000, 2_000_000))
    lines: list[str] = []

    def key() -> str:
        name = f"k{next(numbers)}"
        return draw(st.sampled_from([name, f'"{name} ]="', f"'{name}.#'", f'{name} . "x.y"']))

    def pair(depth: int) -> str:
        return f"{key()} = {value(depth)}"

    def value(depth: int) -> str:
        kind = draw(st.sampled_from("nnsai" if depth else "ns"))
        if kind == "n":
            return str(next(numbers))
        if kind == "s":
            return draw(_STRINGS)
        if kind == "i":
            return "{" + ", ".join(pair(depth - 1) for _ in range(draw(st.integers(0, 3)))) + "}"
        gap = draw(st.sampled_from([" ", "\n", " # ] ,\n\n"]))
        items = [value(depth - 1) + gap + "," + gap for _ in range(draw(st.integers(0, 3)))]
        return "[" + gap + "".join(items) + "]"

    for _ in range(draw(st.integers(0, 8))):
        header = draw(st.sampled_from(["", "[t{}]", "[t{}.sub]", "[[l]]", "[[l.m]]", "[l.s{}]"]))
        if header.startswith(("[[l.", "[l.")) and "[[l]]" not in lines:
            lines.append("[[l]]")
        lines.append(header.format(next(numbers)))
        lines += [pair(2) for _ in range(draw(st.integers(0, 3)))]
    return "\n".join(lines)


@given(_documents())
@settings(derandomize=True, deadline=None, max_examples=200)
def test_every_number_is_on_the_line_that_is_told_for_it(text: str) -> None:
    data, lines = tomllib.loads(text), locate(text).lines
    assert set(lines) == set(_paths(data))
    rows = text.split("\n")
    for path, value in _leaves(data):
        if isinstance(value, int):
            row = rows[lines[path] - 1]
            assert str(value) in row, f"{path} is said to be on line {lines[path]}: {row!r}"


def _leaves(value: object, path: KeyPath = ()) -> Iterator[tuple[KeyPath, object]]:
    yield path, value
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _leaves(item, (*path, index))


def _paths(data: dict[str, object]) -> Iterator[KeyPath]:
    return (path for path, _ in _leaves(data) if path)
