"""The daemon's configuration: read from TOML, checked, and unchangeable afterwards."""

from signetd.daemon.config.address import TcpAddress
from signetd.daemon.config.errors import ConfigError, Problem, Source
from signetd.daemon.config.files import check_files, group_id, user_id
from signetd.daemon.config.load import load, load_text
from signetd.daemon.config.postgres_url import PostgresUrl
from signetd.daemon.config.schema import (
    Access,
    Audit,
    Config,
    Daemon,
    Database,
    Limits,
    Listener,
    Log,
    Seals,
    TcpListener,
    Timestamps,
    Token,
    UnixListener,
)
from signetd.daemon.config.secret_file import exposure
from signetd.daemon.config.secret_text import SecretTextError, read_secret_text
from signetd.daemon.config.tsa_url import TsaUrl

__all__ = [
    "Access",
    "Audit",
    "Config",
    "ConfigError",
    "Daemon",
    "Database",
    "Limits",
    "Listener",
    "Log",
    "PostgresUrl",
    "Problem",
    "Seals",
    "SecretTextError",
    "Source",
    "TcpAddress",
    "TcpListener",
    "Timestamps",
    "Token",
    "TsaUrl",
    "UnixListener",
    "check_files",
    "exposure",
    "group_id",
    "load",
    "load_text",
    "read_secret_text",
    "user_id",
]
