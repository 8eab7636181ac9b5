"""Reads a configuration file: syntax, types, values and references, and nothing but that file."""

import re
import tomllib
from pathlib import Path
from typing import Any, TypeVar

from signetd.daemon.config import rules, schema
from signetd.daemon.config.convert import Entry
from signetd.daemon.config.draft import Draft, DraftReader
from signetd.daemon.config.errors import ConfigError, Findings, Problem, Source
from signetd.daemon.config.locate import locate

_Table = TypeVar("_Table", bound=schema.Table)

MAX_BYTES = 1024 * 1024
_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)\Z")


def load(path: Path) -> schema.Config:
    """Read the configuration in the file `path`, UTF-8 and at most 1 MiB.

    Relative paths in it start at the file's folder. Raises ConfigError with all problems found.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise _error(path, None, f"cannot be read: {reason}.") from None
    return load_text(_decode(raw, path), path.parent, str(path))


def load_text(text: str, folder: Path, filename: str = "configuration") -> schema.Config:
    """Read a configuration from `text`; relative paths start at `folder`, and messages name
    `filename`. Raises ConfigError with all problems found."""
    data = _parse(text, filename)
    findings = Findings(Source(filename, locate(text)))
    draft = DraftReader(findings, folder.absolute()).read(data)
    rules.check(draft, findings)
    findings.raise_if_any()
    return _build(draft, findings.source)


def _error(file: Path | str, line: int | None, message: str) -> ConfigError:
    return ConfigError((Problem(str(file), line, (), message),))


def _decode(raw: bytes, path: Path) -> str:
    if len(raw) > MAX_BYTES:
        raise _error(path, None, f"is larger than {MAX_BYTES} bytes; is it the right file?")
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise _error(path, line, "is not UTF-8; save the file in that encoding.") from None


def _parse(text: str, filename: str) -> dict[str, Any]:
    if text.startswith("\ufeff"):
        raise _error(filename, 1, "begins with a byte order mark; save the file without it.")
    try:
        text.encode()
        return tomllib.loads(text)
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        raise _error(filename, line, "has a character that UTF-8 cannot encode.") from None
    except RecursionError:
        raise _error(filename, None, "has values nested too deep.") from None
    except ValueError as error:
        # Besides TOMLDecodeError there is the interpreter's limit on an integer's digits.
        raise _syntax_error(str(error), text, filename) from None


def _syntax_error(reason: str, text: str, filename: str) -> ConfigError:
    place = _PLACE.search(reason)
    if place is None:
        return _error(filename, None, f"is not valid TOML: {reason}.")
    reason = reason[: place.start()]
    if place[1] is None:
        line = text.rstrip("\n").count("\n") + 1
        return _error(filename, line, f"is not valid TOML: {reason} at the end of the file.")
    return _error(filename, int(place[1]), f"is not valid TOML: {reason} (column {place[2]}).")


def _build(draft: Draft, source: Source) -> schema.Config:
    return schema.Config(
        daemon=_struct(draft.daemon, schema.Daemon),
        database=_struct(draft.database, schema.Database),
        log=_struct(draft.log, schema.Log),
        limits=_struct(draft.limits, schema.Limits),
        access=_struct(draft.access, schema.Access),
        audit=_struct(draft.audit, schema.Audit),
        timestamps=_timestamps(draft.timestamps),
        seals=_struct(draft.seals, schema.Seals),
        listeners=tuple(_listener(entry) for entry in draft.listeners),
        tokens=tuple(_struct(entry, schema.Token) for entry in draft.tokens),
        source=source,
    )


def _timestamps(entry: Entry | None) -> schema.Timestamps | None:
    return None if entry is None else _struct(entry, schema.Timestamps)


def _listener(entry: Entry) -> schema.Listener:
    if entry.kind is schema.UnixListener:
        return _struct(entry, schema.UnixListener)
    return _struct(entry, schema.TcpListener)


def _struct(entry: Entry, kind: type[_Table]) -> _Table:
    return kind(**entry.values)
