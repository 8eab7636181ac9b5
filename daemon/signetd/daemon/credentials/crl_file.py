"""The file with the revocation lists of a listener: read at the start and when it changes."""

import asyncio
import errno
import os
import stat
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import structlog

from signetd.daemon.credentials.authorities import Authorities, Link
from signetd.daemon.credentials.crl import CrlError, Lists, RevocationList, read_lists
from signetd.daemon.credentials.times import Clock, utc_now, written
from signetd.daemon.errors import StartError
from signetd.daemon.logs import described
from signetd.drivers.errors import Reason, SignetError

LOOK_SECONDS: Final = 1.0
"""How often the file is looked at."""
# About 250,000 entries. cryptography lets nothing else run while it verifies a list: half a second
# was measured for 100,000 entries (7 MB).
_MOST_BYTES: Final = 16 << 20
# The clock of a CA may be ahead: a list that has just been made is to count at once.
_SKEW: Final = timedelta(minutes=5)
_log = structlog.get_logger("signetd.credentials")


class CrlFile:
    """The revocation lists of the CAs in a listener's client_ca; see `follow`.

    A new file that cannot be used leaves the lists that were read before as they are, for as long
    as they count. Raises StartError when the first one cannot be used.
    """

    def __init__(self, path: Path, authorities: Authorities, clock: Clock = utc_now) -> None:
        self.authorities = authorities
        self.problem = ""
        """Why the file is not used as it is now, or which list has run out; "" if all is well."""
        self._path = path
        self._clock = clock
        self._lists: Lists = {}
        self._seen: tuple[int, ...] = ()
        self._refused = ""
        refused = self._refreshed()
        if refused:
            raise StartError(refused)
        self._tell(self._run_out())

    def check(self, links: Sequence[Link], now: datetime) -> None:
        """Raise unless it is known of every step of a chain that it is not revoked.

        The first step is the client's certificate. Raises SignetError CERTIFICATE_REVOKED, or
        REVOCATION_UNKNOWN when a list is missing or does not count at this time.
        """
        lists = self._lists
        for link in links:
            found = None if link.issuer is None else lists.get(link.issuer)
            if found is None:
                raise _unknown(f"there is no revocation list of its CA, {link.issuer_name}")
            if link.serial in found.revoked:
                raise _revoked(link, is_client=link is links[0])
            _check_dates(found, now)

    async def follow(self) -> None:
        """Read the file again whenever it has changed; never returns."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await asyncio.to_thread(self.look)

    def look(self) -> None:
        """Read the file again if it has changed. May wait for the disk; raises nothing."""
        self._tell(self._refreshed() or self._run_out())

    def _refreshed(self) -> str:
        """Take the file if it has changed; returns why not, or why not the last time."""
        try:
            if _identity(self._path.stat()) != self._seen:
                self._refused = ""
                self._take(self._read())
        except OSError as error:
            return f"{self._path} cannot be read: {error.strerror}."
        except CrlError as error:
            self._refused = f"{self._path} {error}"
        except Exception as error:  # it would end `follow`, and revocations would be missed
            self._refused = f"{self._path} could not be read, for an unforeseen reason."
            _log.error("unforeseen error", **described(error))
        return self._refused

    def _read(self) -> bytes:
        with self._path.open("rb") as file:
            # From before the reading: what is written meanwhile is seen the next time.
            seen = _identity(os.fstat(file.fileno()))
            content = file.read(_MOST_BYTES + 1)
        self._seen = seen
        if len(content) > _MOST_BYTES:
            raise CrlError(f"is larger than {_MOST_BYTES >> 20} MiB.")
        return content

    def _take(self, content: bytes) -> None:
        lists = read_lists(content, self.authorities)
        for issuer, found in lists.items():
            before = self._lists.get(issuer)
            if before is not None and found.this_update < before.this_update:
                raise CrlError(
                    f"has a list of {issuer.name} from {written(found.this_update)}, which is "
                    f"older than the one in use, from {written(before.this_update)}."
                )
        self._lists = lists
        revoked = sum(len(each.revoked) for each in lists.values())
        _log.info("revocation lists read", file=str(self._path), lists=len(lists), revoked=revoked)

    def _run_out(self) -> str:
        now = self._clock()
        over = [each for each in self._lists.values() if now > each.next_update]
        if not over:
            return ""
        names = " and ".join(each.issuer.name for each in over)
        return (
            f"{self._path}: the list of {names} has run out, and clients with certificates of it "
            "are refused; put a new list there."
        )

    def _tell(self, problem: str) -> None:
        if problem and problem != self.problem:
            _log.error("revocation lists need attention", problem=problem)
        self.problem = problem


def _identity(status: os.stat_result) -> tuple[int, ...]:
    """Return what changes with every change of a file; raises OSError if it is none."""
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "it is not a regular file")
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def _check_dates(found: RevocationList, now: datetime) -> None:
    if now > found.next_update:
        raise _unknown(
            f"the revocation list of {found.issuer.name} ran out at {written(found.next_update)}"
        )
    if now < found.this_update - _SKEW:
        raise _unknown(
            f"the revocation list of {found.issuer.name} counts from "
            f"{written(found.this_update)} on, and here it is {written(now)}"
        )


def _unknown(why: str) -> SignetError:
    return SignetError(
        Reason.REVOCATION_UNKNOWN,
        f"It cannot be known whether the client certificate is revoked: {why}. An administrator "
        "has to put a current list of it into the listener's client_crl file.",
    )


def _revoked(link: Link, *, is_client: bool) -> SignetError:
    what = "The client certificate" if is_client else "A CA of the client certificate"
    return SignetError(
        Reason.CERTIFICATE_REVOKED,
        f"{what} has been revoked by {link.issuer_name} (serial number {link.serial:x}); get "
        "another one, and connect anew with it.",
    )
