"""The daemon's configuration: read from TOML, checked, and unchangeable afterwards."""

from signetd.daemon.config.address import TcpAddress
from signetd.daemon.config.errors import ConfigError, Problem, Source
from signetd.daemon.config.files import check_files, group_id, user_id
from signetd.daemon.config.load import load, load_text
from signetd.daemon.config.postgres_url import PostgresUrl
from signetd.daemon.config.schema import (
    Config,
    Daemon,
    Database,
    Identity,
    Limits,
    Listener,
    Log,
    Role,
    TcpListener,
    Token,
    UnixListener,
)
from signetd.daemon.config.secret_file import exposure

__all__ = [
    "Config",
    "ConfigError",
    "Daemon",
    "Database",
    "Identity",
    "Limits",
    "Listener",
    "Log",
    "PostgresUrl",
    "Problem",
    "Role",
    "Source",
    "TcpAddress",
    "TcpListener",
    "Token",
    "UnixListener",
    "check_files",
    "exposure",
    "group_id",
    "load",
    "load_text",
    "user_id",
]
