"""Checks what a configuration refers to on this machine: files, folders, users and groups."""

import grp
import os
import pwd
import shlex
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from signetd.daemon.config import profiles
from signetd.daemon.config.errors import Problem, quoted
from signetd.daemon.config.locate import KeyPath
from signetd.daemon.config.schema import (
    Config,
    Listener,
    Seals,
    TcpListener,
    Timestamps,
    Token,
    UnixListener,
)
from signetd.daemon.config.secret_file import chmod_command, exposure
from signetd.drivers.errors import SignetError
from signetd.pki import InputError, TrustStore, certificates, revocation_lists

_SOCKET_PATH_BYTES = 107  # sockaddr_un.sun_path has 108 with the closing NUL.
_LAST_ACCOUNT = 2**32 - 2  # The number after it means "leave as it is" to chown.
_Found = Iterator[tuple[KeyPath, str | None]]


def check_files(config: Config) -> list[Problem]:
    """Every problem of `config` with this machine, as the current user finds it.

    Looks at files and folders and makes none; raises nothing for what is missing or closed.
    """
    return [config.source.problem(path, message) for path, message in _findings(config) if message]


def user_id(owner: str | int) -> int:
    """The number of a user given by name or number; raises LookupError with a sentence."""
    return _account_id(owner, "user", lambda name: pwd.getpwnam(name).pw_uid)


def group_id(group: str | int) -> int:
    """The number of a group given by name or number; raises LookupError with a sentence."""
    return _account_id(group, "group", lambda name: grp.getgrnam(name).gr_gid)


def _account_id(account: str | int, kind: str, find: Callable[[str], int]) -> int:
    name = str(account)
    try:
        number = int(name) if name.isdecimal() else find(name)
    except KeyError:
        raise LookupError(f"there is no {kind} {quoted(name)}.") from None
    if number > _LAST_ACCOUNT:
        raise LookupError(f"there is no {kind} {quoted(name)}: the last is {_LAST_ACCOUNT}.")
    return number


def _findings(config: Config) -> _Found:
    yield ("daemon", "state_directory"), _state_directory(config.daemon.state_directory)
    if config.database.password_file is not None:
        found = _secret_file(config.database.password_file, "password")
        yield ("database", "password_file"), found
    yield from _seals(config.seals)
    if config.timestamps is not None:
        yield from _timestamps(config.timestamps)
    for index, listener in enumerate(config.listeners):
        yield from _listener(listener, ("listener", index))
    if config.daemon.profiles is not None:
        yield ("daemon", "profiles"), _readable_folder(config.daemon.profiles)
    for index, token in enumerate(config.tokens):
        yield from _token(token, ("token", index))
        place = "profile" if token.profile_file is None else "profile_file"
        yield ("token", index, place), _profile(config, token)


def _listener(listener: Listener, path: KeyPath) -> _Found:
    match listener:
        case TcpListener():
            yield (*path, "certificate"), _file(listener.certificate)
            yield (*path, "private_key"), _private_key(listener.private_key)
            yield (*path, "client_ca"), _file(listener.client_ca)
            if listener.client_crl is not None:
                yield (*path, "client_crl"), _file(listener.client_crl)
        case UnixListener():
            yield (*path, "unix"), _socket(listener.unix)
            yield (*path, "owner"), _account(listener.owner, user_id)
            yield (*path, "group"), _account(listener.group, group_id)


def _seals(seals: Seals) -> _Found:
    """Look at the folders as a verification does: each counts as a whole."""
    readers: dict[str, Callable[[Path], object]] = {
        "makers": TrustStore.read,
        "signers": TrustStore.read,
        "intermediates": certificates,
        "crls": revocation_lists,
    }
    for name, read in readers.items():
        folder = getattr(seals, name)
        if folder is not None:
            yield ("seals", name), _readable(folder, read)


def _timestamps(timestamps: Timestamps) -> _Found:
    path = ("timestamps",)
    yield (*path, "trust"), _readable(timestamps.trust, TrustStore.read)
    if timestamps.password_file is not None:
        yield (*path, "password_file"), _secret_file(timestamps.password_file, "password")
    if timestamps.client_key is not None:
        yield (*path, "client_key"), _private_key(timestamps.client_key)
    for name in ("client_certificate", "server_ca"):
        file = getattr(timestamps, name)
        if file is not None:
            yield (*path, name), _file(file)


def _readable(folder: Path, read: Callable[[Path], object]) -> str | None:
    try:
        read(folder)
    except InputError as error:
        return f"{error}."
    return None


def _token(token: Token, path: KeyPath) -> _Found:
    yield (*path, "module"), _file(token.module)
    if token.pin_file is not None:
        yield (*path, "pin_file"), _secret_file(token.pin_file, "PIN")


def _profile(config: Config, token: Token) -> str | None:
    try:
        profiles.chosen(config, token)
    except SignetError as error:
        return f"{error.message}."
    return None


def _readable_folder(path: Path) -> str | None:
    status = _examine(path)
    if isinstance(status, str):
        return status
    return None if stat.S_ISDIR(status.st_mode) else f"{path} is not a folder."


def _account(name: str | int | None, find: Callable[[str | int], int]) -> str | None:
    try:
        if name is not None:
            find(name)
    except LookupError as error:
        return str(error.args[0])
    return None


def _examine(path: Path) -> os.stat_result | str:
    """The file's status, or a sentence about why there is none."""
    try:
        return path.stat()
    except FileNotFoundError:
        return f"{path} does not exist."
    except OSError as error:
        return f"{path} cannot be examined: {error.strerror}."


def _regular_file(path: Path) -> os.stat_result | str:
    status = _examine(path)
    if isinstance(status, str):
        return status
    if not stat.S_ISREG(status.st_mode):
        return f"{path} is not a regular file."
    if not os.access(path, os.R_OK):
        return f"{path} cannot be read by {_us()}; change its owner or mode."
    return status


def _file(path: Path) -> str | None:
    status = _regular_file(path)
    return status if isinstance(status, str) else None


def _private_key(path: Path) -> str | None:
    return _file(path) or _exposed(path)


def _exposed(path: Path) -> str | None:
    try:
        found = exposure(path)
    except OSError as error:
        return f"{path} cannot be examined: {error.strerror}."
    return f"{path} {found}." if found else None


def _secret_file(path: Path, kind: str) -> str | None:
    status = _regular_file(path)
    if isinstance(status, str):
        return status
    if status.st_uid not in (0, os.geteuid()):
        return f"{path} belongs to user {status.st_uid}; it must belong to root or to {_us()}."
    if status.st_mode & stat.S_IXUSR:
        return f"{path} is executable; a {kind} file has at most mode 0600: {chmod_command(path)}."
    return _exposed(path)


def _state_directory(path: Path) -> str | None:
    # A link to nothing counts as existing: no folder can be made in its place.
    nearest = next(folder for folder in (path, *path.parents) if os.path.lexists(folder))
    status = _folder(nearest)
    if isinstance(status, str):
        return status if nearest == path else f"{path} cannot be made: {status}"
    if nearest == path and status.st_mode & stat.S_IWOTH:
        return f"{path} can be changed by every user: run chmod 700 {shlex.quote(str(path))}."
    return None


def _folder(path: Path) -> os.stat_result | str:
    status = _examine(path)
    if isinstance(status, str):
        return status
    if not stat.S_ISDIR(status.st_mode):
        return f"{path} is not a folder."
    if not os.access(path, os.W_OK | os.X_OK):
        return f"{path} cannot be written by {_us()}; change its owner or mode."
    return status


def _socket(path: Path) -> str | None:
    size = len(os.fsencode(path))
    if size > _SOCKET_PATH_BYTES:
        return f"is {size} bytes long; a socket's path has at most {_SOCKET_PATH_BYTES}."
    folder = _folder(path.parent)
    if isinstance(folder, str):
        return folder
    if folder.st_mode & stat.S_IWOTH and not folder.st_mode & stat.S_ISVTX:
        return (
            f"{path.parent} can be changed by every user, who could put another socket there: "
            f"run chmod o-w {shlex.quote(str(path.parent))}."
        )
    return _in_the_way(path)


def _in_the_way(path: Path) -> str | None:
    if os.path.lexists(path) and not path.is_socket():
        return f"{path} exists and is not a socket; remove it, or choose another path."
    return None


def _us() -> str:
    try:
        return f"user {pwd.getpwuid(os.geteuid()).pw_name}"
    except KeyError:
        return f"user {os.geteuid()}"
