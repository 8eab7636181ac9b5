"""The file of a Unix socket: whose it is, and what becomes of one that is there already."""

import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from signetd.daemon.config import UnixListener, group_id, user_id
from signetd.daemon.errors import StartError


def hand_over(listener: UnixListener) -> None:
    """Give a socket its owner, group and mode; raises OSError or LookupError."""
    owner = -1 if listener.owner is None else user_id(listener.owner)
    group = -1 if listener.group is None else group_id(listener.group)
    # The owner first: with the mode first, another group could get in for a moment.
    os.chown(listener.unix, owner, group)
    listener.unix.chmod(listener.permissions)


def remove_stale(path: Path) -> None:
    """Remove the socket that a dead daemon has left; raises StartError if somebody answers on it,
    or if it is not a socket."""
    try:
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise StartError(f"{path} exists and is not a socket; remove it or use another path.")
    except FileNotFoundError:
        return
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(2.0)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
        except OSError as error:
            raise StartError(f"{path} is in use, or cannot be examined: {error}.") from None
    raise StartError(f"{path} is in use by a running daemon; stop it or use another path.")


def remove_own(path: Path, inode: int) -> None:
    """Remove a socket, unless another has taken its place."""
    try:
        if path.lstat().st_ino == inode:
            path.unlink()
    except FileNotFoundError:
        return


@contextmanager
def umask(mask: int) -> Iterator[None]:
    """Make files without the bits in *mask* meanwhile."""
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)
