"""Where each key of a TOML text is written, because tomllib reports values without their lines."""

import re
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple

KeyPath = tuple[str | int, ...]
"""The way to a value: table keys as str, places in an array as int from 0."""


@dataclass(frozen=True)
class Locations:
    """The lines of a text's tables, keys and array items."""

    lines: dict[KeyPath, int] = field(default_factory=dict)

    def line(self, path: KeyPath) -> int | None:
        """The line of `path`, counted from 1; for an unknown path the line of the nearest
        enclosing table that is written in the text; None when there is none."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path)


def locate(text: str) -> Locations:
    """Find the line of every key in `text`, which tomllib has accepted.

    Raises nothing: in a text that is not TOML, or one nested too deep, what could not be placed
    is missing from the result.
    """
    scanner = _Scanner(text)
    # The lines found until then are right; a deeper value gets its parent's line.
    with suppress(RecursionError):
        scanner.document()
    return Locations(scanner.lines)


class _Token(NamedTuple):
    kind: str
    text: str
    line: int


# Strings come first: brackets, commas, # and line ends inside them mean nothing. A multi-line
# string may end in up to five quotes, of which the last three close it.
_TOKENS = re.compile(
    r"""
    (?P<text>   \"{3} (?: \\. | [^\\] )*? \"{3,5} | '{3} .*? '{3,5} )
  | (?P<string> " (?: \\. | [^"\\\n] )* " | ' [^'\n]* ' )
  | (?P<newline> \n )
  | (?P<skip>   [ \t\r]+ | \# [^\n]* )
  | (?P<mark>   [\[\]{},=.] )
  | (?P<bare>   [^ \t\r\n\[\]{},=."'\#]+ | . )
    """,
    re.VERBOSE | re.DOTALL,
)
_KEY_KINDS = {"bare", "string"}


def _tokens(text: str) -> Iterator[_Token]:
    line = 1
    for match in _TOKENS.finditer(text):
        kind = match.lastgroup or ""
        if kind != "skip":
            yield _Token(kind, match.group(), line)
        line += match.group().count("\n")
    yield _Token("end", "", line)


def _unquote(token: _Token) -> str:
    if token.kind == "bare":
        return token.text
    try:
        return str(tomllib.loads(f"key = {token.text}")["key"])
    except tomllib.TOMLDecodeError:
        return token.text


class _Scanner:
    """Follows the structure of a TOML text and steps over its values."""

    def __init__(self, text: str) -> None:
        self.lines: dict[KeyPath, int] = {}
        self._rest = _tokens(text)
        self._token = next(self._rest)
        self._items: dict[KeyPath, int] = {}  # how many [[path]] headers were seen

    def document(self) -> None:
        table: KeyPath = ()
        while self._token.kind != "end":
            if self._token.kind == "newline":
                self._take()
            elif self._skip("["):
                table = self._header()
            else:
                self._pair(table)

    def _header(self) -> KeyPath:
        line, is_item = self._token.line, self._skip("[")
        path: KeyPath = ()
        keys = self._key()
        for key in keys[:-1]:
            path = self._latest((*path, key), line)
        path = (*path, *keys[-1:])
        if is_item:
            self._items[path] = self._items.get(path, 0) + 1
            self.lines.setdefault(path, line)
            path = (*path, self._items[path] - 1)
        self.lines[path] = line
        while self._skip("]"):
            pass
        return path

    def _latest(self, path: KeyPath, line: int) -> KeyPath:
        """`path`, or its last item when it is an array of tables, as a sub-table's header means."""
        self.lines.setdefault(path, line)
        return (*path, self._items[path] - 1) if path in self._items else path

    def _pair(self, table: KeyPath) -> None:
        line, before = self._token.line, self._token
        path = table
        for key in self._key():
            path = (*path, key)
            self.lines.setdefault(path, line)
        if self._skip("="):
            self._value(path)
        elif self._token is before:
            self._take()  # Not TOML: go on, so that the scan always ends.

    def _key(self) -> list[str]:
        keys = []
        while self._token.kind in _KEY_KINDS:
            keys.append(_unquote(self._take()))
            if not self._skip("."):
                break
        return keys

    def _value(self, path: KeyPath) -> None:
        if self._skip("["):
            self._array(path)
        elif self._skip("{"):
            self._inline_table(path)
        else:
            while self._token.kind not in ("newline", "end") and self._token.text not in ",]}":
                self._take()

    def _array(self, path: KeyPath) -> None:
        index = 0
        while not self._closes("]"):
            if self._skip(","):
                index += 1
                continue
            before = self._token
            self.lines[(*path, index)] = before.line
            self._value((*path, index))
            if self._token is before:
                self._take()

    def _inline_table(self, path: KeyPath) -> None:
        while not self._closes("}"):
            if not self._skip(","):
                self._pair(path)

    def _closes(self, mark: str) -> bool:
        """Step over line ends; True at the closing `mark`, which is taken, and at the end."""
        while self._token.kind == "newline":
            self._take()
        return self._token.kind == "end" or self._skip(mark)

    def _skip(self, mark: str) -> bool:
        if self._token.kind != "mark" or self._token.text != mark:
            return False
        self._take()
        return True

    def _take(self) -> _Token:
        taken, self._token = self._token, next(self._rest, self._token)
        return taken
