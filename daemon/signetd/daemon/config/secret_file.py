"""Finds out whether a file with a secret can be used by anybody but its owner and this process."""

import os
import shlex
import stat
import struct
from pathlib import Path

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_ACL_NAME = "system.posix_acl_access"
_ACL_HEADER = struct.Struct("<I")
_ACL_ENTRY = struct.Struct("<HHI")  # tag, permissions, id
_ACL_VERSION = 2
_OWNER, _USER, _MASK = 0x01, 0x02, 0x10


def exposure(path: Path, descriptor: int | None = None) -> str | None:
    """How others can use the file `path`, with the command that ends it; None if they cannot.

    With `descriptor` the open file is judged, so that its content is the one that was checked;
    `path` then only stands in the message. Raises OSError when the file cannot be examined.
    """
    target = path if descriptor is None else descriptor
    mode = stat.S_IMODE(os.stat(target).st_mode)  # noqa: PTH116 - Path.stat() takes no descriptor
    if not mode & _OTHERS or _is_shared_with_us_only(target):
        return None
    return f"has mode {mode:04o}, which is open to other users: {chmod_command(path)}"


def chmod_command(path: Path) -> str:
    """The advice that makes `path` private."""
    return f"run chmod 600 {shlex.quote(str(path))}"


def _is_shared_with_us_only(target: Path | int) -> bool:
    """Whether an access control list opens the file to this process's user and nobody else.

    systemd hands credentials to a service that way: the file belongs to root, and its group bits
    show the list's mask instead of a right of the group.
    """
    try:
        acl = os.getxattr(target, _ACL_NAME)
    except OSError:
        return False  # No list, or a file system without them: the mode says it all.
    return acl_names_only(acl, {0, os.geteuid()})


def acl_names_only(acl: bytes, users: set[int]) -> bool:
    """Whether `acl` (the kernel's binary form, version 2) gives rights to its owner and `users`
    alone. Anything that is not understood counts as a right of others."""
    body = acl[_ACL_HEADER.size :]
    if len(acl) < _ACL_HEADER.size or len(body) % _ACL_ENTRY.size:
        return False
    if _ACL_HEADER.unpack_from(acl) != (_ACL_VERSION,):
        return False
    return all(
        tag in (_OWNER, _MASK) or not permissions or (tag == _USER and user in users)
        for tag, permissions, user in _ACL_ENTRY.iter_unpack(body)
    )
