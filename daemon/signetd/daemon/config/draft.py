"""Reads a whole TOML document into converted tables, whatever state the document is in."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from signetd.daemon.config import schema
from signetd.daemon.config.convert import Converter, Entry, TomlTable
from signetd.daemon.config.errors import Findings
from signetd.daemon.config.locate import KeyPath

_ReadItem = Callable[[object, KeyPath], Entry]
_TABLES = {
    "daemon",
    "database",
    "log",
    "limits",
    "access",
    "audit",
    "seals",
    "timestamps",
    "listener",
    "token",
}


@dataclass
class Draft:
    """A configuration whose problems are not all known yet."""

    daemon: Entry
    database: Entry
    log: Entry
    limits: Entry
    access: Entry
    audit: Entry
    timestamps: Entry | None
    seals: Entry
    listeners: list[Entry]
    tokens: list[Entry]


class DraftReader:
    """Reads the tables of one document; problems go to `findings`."""

    def __init__(self, findings: Findings, folder: Path) -> None:
        self._findings = findings
        self._converter = Converter(findings, folder)

    def read(self, data: TomlTable) -> Draft:
        """Convert every table that the schema has, and report every one that it has not."""
        self._converter.refuse_unknown(data, _TABLES, (), "the configuration")
        table = self._converter.table
        return Draft(
            daemon=table(data.get("daemon", {}), schema.Daemon, ("daemon",), "[daemon]"),
            database=table(data.get("database", {}), schema.Database, ("database",), "[database]"),
            log=table(data.get("log", {}), schema.Log, ("log",), "[log]"),
            limits=table(data.get("limits", {}), schema.Limits, ("limits",), "[limits]"),
            access=table(data.get("access", {}), schema.Access, ("access",), "[access]"),
            audit=table(data.get("audit", {}), schema.Audit, ("audit",), "[audit]"),
            seals=table(data.get("seals", {}), schema.Seals, ("seals",), "[seals]"),
            timestamps=self._optional(data, "timestamps", schema.Timestamps),
            listeners=self._items(data, "listener", self._listener),
            tokens=self._items(data, "token", self._token),
        )

    def _optional(self, data: TomlTable, name: str, kind: type[schema.Table]) -> Entry | None:
        if name not in data:
            return None
        return self._converter.table(data[name], kind, (name,), f"[{name}]")

    def _items(self, data: TomlTable, name: str, read: _ReadItem) -> list[Entry]:
        raw = data.get(name, [])
        if not isinstance(raw, list):
            self._findings.add((name,), f"must be a list of tables: write [[{name}]].")
            return []
        return [read(item, (name, index)) for index, item in enumerate(raw)]

    def _token(self, raw: object, path: KeyPath) -> Entry:
        if isinstance(raw, dict):
            self._refuse_bare_pin(raw.get("pin_file"), (*path, "pin_file"))
        return self._converter.table(raw, schema.Token, path, "[[token]]")

    def _refuse_bare_pin(self, value: object, path: KeyPath) -> None:
        if isinstance(value, str) and value.isdigit():
            # The value may be a PIN, so neither this message nor a later one may show it.
            self._findings.add(
                path,
                "must name a file that holds the PIN, and looks like the PIN itself; a file "
                'whose name is digits is written with its folder, such as "./FILE".',
            )

    def _listener(self, raw: object, path: KeyPath) -> Entry:
        """A listener is of one of two kinds, and the key with its address tells which."""
        table = self._converter.table
        if not isinstance(raw, dict):
            return table(raw, schema.TcpListener, path, "[[listener]]")
        match "tcp" in raw, "unix" in raw:
            case True, False:
                return table(raw, schema.TcpListener, path, "[[listener]] with tcp")
            case False, True:
                return table(raw, schema.UnixListener, path, "[[listener]] with unix")
            case has_both, _:
                return self._unclear_listener(raw, path, "both" if has_both else "neither")

    def _unclear_listener(self, raw: TomlTable, path: KeyPath, found: str) -> Entry:
        self._findings.add(path, f"must have exactly one of tcp and unix; it has {found}.")
        known = set(schema.options(schema.TcpListener, schema.UnixListener))
        self._converter.refuse_unknown(raw, known, path, "[[listener]]")
        return Entry(path)
