"""Turns the tables that tomllib has read into the values of the schema, one option at a time.

msgspec stops at the first error; here each option is converted by itself, so that one reading
reports them all.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, get_args, get_origin

import msgspec
from msgspec.structs import FieldInfo

from signetd.daemon.config import schema
from signetd.daemon.config.address import TcpAddress
from signetd.daemon.config.errors import Findings, quoted
from signetd.daemon.config.hints import about_unknown
from signetd.daemon.config.locate import KeyPath
from signetd.daemon.config.postgres_url import PostgresUrl
from signetd.daemon.config.tsa_url import TsaUrl

INVALID: Final = object()
"""Stands for an option that is in the file with a value that was refused."""

TomlTable = dict[str, Any]


@dataclass
class Entry:
    """One table of the file: converted values by field name, and the struct they are for."""

    path: KeyPath
    kind: type[schema.Table] | None = None
    values: dict[str, Any] = field(default_factory=dict)

    def get(self, name: str) -> Any:
        """The value of an option, None when it is missing or was refused."""
        value = self.values.get(name)
        return None if value is INVALID else value


class Converter:
    """Converts tables. `folder` is where relative paths start; problems go to `findings`."""

    def __init__(self, findings: Findings, folder: Path) -> None:
        self._findings = findings
        self._parsers: dict[type, Callable[[str], object]] = {
            Path: lambda text: parse_path(text, folder),
            TcpAddress: TcpAddress.parse,
            PostgresUrl: PostgresUrl.parse,
            TsaUrl: TsaUrl.parse,
        }

    def table(self, raw: object, kind: type[schema.Table], path: KeyPath, heading: str) -> Entry:
        """Convert one table, which `heading` names in messages."""
        if not isinstance(raw, dict):
            self._findings.add(path, f"must be a table: write {heading}.")
            return Entry(path)
        entry = Entry(path, kind)
        known = schema.options(kind)
        self.refuse_unknown(raw, set(known), path, heading)
        for name, info in known.items():
            if name in raw:
                entry.values[name] = self._value(raw[name], info, (*path, name))
            elif info.required:
                self._findings.add((*path, name), f"is missing: {description(info.type)}.")
        return entry

    def refuse_unknown(self, raw: TomlTable, known: set[str], path: KeyPath, heading: str) -> None:
        """Report every key of `raw` that is not among the `known` ones."""
        for key in raw:
            if key not in known:
                self._findings.add((*path, key), about_unknown(key, known, heading))

    def _value(self, raw: object, info: FieldInfo, path: KeyPath) -> object:
        try:
            return self._converted(raw, info.type)
        except msgspec.ValidationError:
            message = f"must be {description(info.type)}, not {_shown(raw)}."
        except ValueError as error:
            message = f"{error}."
        self._findings.add(path, message)
        return INVALID

    def _converted(self, raw: object, kind: Any) -> object:
        plain = _plain(kind)
        if get_origin(plain) is dict:
            return _variables(raw, kind)
        if get_origin(plain) is tuple:
            return self._items(raw, kind)
        parser = self._parsers.get(plain)
        if parser is None:
            return msgspec.convert(raw, kind)
        if not isinstance(raw, str):
            raise ValueError(f"must be {description(kind)}, in quotes, not {_kind_name(raw)}")
        return parser(raw)

    def _items(self, raw: object, kind: Any) -> tuple[object, ...]:
        # None of them is shown: an address may have a password in it by mistake.
        if not isinstance(raw, list) or not all(isinstance(each, str) for each in raw):
            raise ValueError(f"must be {description(kind)}")
        return tuple(self._converted(each, get_args(_plain(kind))[0]) for each in raw)


def _variables(raw: object, kind: Any) -> TomlTable:
    # Names and values are checked together, by the rules. A value may be secret by mistake, so
    # that not even one of the wrong type is shown.
    if not isinstance(raw, dict):
        raise ValueError(f"must be {description(kind)}, not {_kind_name(raw)}")
    return raw


def parse_path(text: str, folder: Path) -> Path:
    """The absolute path that `text` means; raises ValueError with a sentence."""
    if not text:
        raise ValueError("must not be empty")
    if not text.isprintable():
        raise ValueError("must not contain control characters")
    if text.startswith("~"):
        raise ValueError("must have the home folder written out: ~ is not expanded")
    return folder / text


def description(kind: Any) -> str:
    """What an option must be, in the words of the schema."""
    for part in get_args(kind):
        text = part.description if isinstance(part, msgspec.Meta) else description(part)
        if text:
            return str(text)
    return ""


def _plain(kind: Any) -> Any:
    """The type without its limits, and without None."""
    while hasattr(kind, "__metadata__"):
        kind = get_args(kind)[0]
    parts = get_args(kind)
    if len(parts) == 2 and parts[1] is type(None):
        return _plain(parts[0])
    return kind


_KIND_NAMES = {
    bool: "true or false",
    int: "an integer",
    float: "a number",
    str: "a string",
    list: "an array",
    dict: "a table",
}
_MOST_SHOWN = 5
_LARGEST_SHOWN = 10**15


def _kind_name(raw: object) -> str:
    return _KIND_NAMES.get(type(raw), "a date or time")


def _shown(raw: object) -> str:
    """A refused value, short enough for a message."""
    match raw:
        case bool():
            return str(raw).lower()
        case str():
            return quoted(raw)
        case float():
            return str(raw)
        case int():
            return str(raw) if abs(raw) < _LARGEST_SHOWN else "so large a number"
        case list():
            return f"[{', '.join(map(_item_shown, raw[:_MOST_SHOWN]))}]"
    return _kind_name(raw)


def _item_shown(raw: object) -> str:
    return _kind_name(raw) if isinstance(raw, list) else _shown(raw)
