"""Whether a token that an authority has sent may be used."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from signetd.daemon.timestamps.errors import AttemptError
from signetd.daemon.timestamps.query import Query
from signetd.pki import InputError, Policy, Revocation, RevocationList, TrustStore
from signetd.pki.timestamp import TimeStampToken, verify

MAX_CLOCK_DIFFERENCE: Final = timedelta(minutes=5)
"""Between an authority and this machine, whose time is in the same seals."""
_MAX_LISTS: Final = 32
_MAX_LIST_BYTES: Final = 16 * 1024 * 1024


class TokenJudge:
    """Judges by the folder of the configuration, which is read anew each time."""

    def __init__(self, trust: Path, policy: str | None) -> None:
        self._trust = trust
        self._policies = frozenset(() if policy is None else (policy,))

    def judge(self, token: bytes, query: Query, asked: datetime, now: datetime) -> TimeStampToken:
        """Return the token, read; *asked* is when the authority was asked. Blocks.

        Raises AttemptError for one that cannot be used, and for a folder that cannot be read.
        """
        try:
            report = verify(
                token,
                query.digest,
                Policy(at=now, revocation=Revocation.IF_KNOWN),
                TrustStore.read(self._trust),
                lists=_lists(self._trust),
                nonce=query.nonce,
                policies=self._policies,
                digested=query.hash,
            )
        except InputError as error:
            raise AttemptError(f"its token cannot be judged: {error}") from None
        failed = "; ".join(f"{each.name}: {each.reason}" for each in report.failures)
        if failed or report.token is None:
            raise AttemptError(f"its token is not accepted: {failed}")
        if report.token.gen_time < asked - MAX_CLOCK_DIFFERENCE:
            raise AttemptError(
                f"its token is of {report.token.gen_time.isoformat()}, and here it is "
                f"{now.isoformat()}: set the clock of this machine, or tell the authority"
            )
        return report.token


def _lists(folder: Path) -> Iterator[RevocationList]:
    paths = sorted(each for each in folder.iterdir() if each.suffix.lower() == ".crl")
    if len(paths) > _MAX_LISTS:
        raise InputError(str(folder), f"it has more than {_MAX_LISTS} revocation lists")
    for path in paths:
        try:
            with path.open("rb") as file:
                content = file.read(_MAX_LIST_BYTES + 1)
        except OSError as error:
            raise InputError(str(path), f"it cannot be read ({error.strerror})") from None
        if len(content) > _MAX_LIST_BYTES:
            raise InputError(str(path), f"it has more than {_MAX_LIST_BYTES} bytes")
        yield RevocationList.read(content, str(path))
