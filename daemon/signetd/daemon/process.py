"""What the daemon asks of the system for its own process: secrecy, and enough open files."""

import ctypes
import gc
import os
import resource
import sys
from typing import Final

_PR_SET_DUMPABLE: Final = 4  # linux/prctl.h


_SWITCH_SECONDS: Final = 0.0005


def share_often() -> None:
    """Let threads take turns every half of a millisecond, a tenth of Python's own choice.

    The audit is written by a thread of its own, which asks for Python's lock after each statement.
    Beside a busy event loop it would wait 5 ms each time, and the whole group of records with it.
    """
    sys.setswitchinterval(_SWITCH_SECONDS)


def forbid_dumps() -> None:
    """Leave no core file, and let no other process of the user read this one's memory.

    Raises OSError when the kernel refuses.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def settle_memory() -> None:
    """Take all that lives until the end out of the garbage collector's rounds; collect from now on.

    A full round through it takes 50 ms in which the event loop answers nobody. What comes later is
    little, so that a round of what is left costs next to nothing.
    """
    gc.collect()
    gc.freeze()
    gc.enable()


def allow_files(wanted: int) -> int:
    """Raise this process's limit of open files to *wanted*, or as far as the system lets it.

    Returns how many of the wanted ones may be open now.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return wanted
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return most
