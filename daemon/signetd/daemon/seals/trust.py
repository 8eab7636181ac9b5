"""Whether a seal that was made elsewhere verifies, by the folders and rules of the configuration.

All checks of GM/T 0031, 6.1.2 and GB/T 38540-2020, 6.2 are those of ``signetd.seal``.
"""

import asyncio
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from signetd.daemon.config.schema import Seals
from signetd.daemon.seals.parts import Clock
from signetd.drivers.errors import Reason, SignetError
from signetd.gm.backend import NoBackendError
from signetd.pki import InputError, Revocation, TrustStore
from signetd.seal import Circumstances, Result, Rules, Verdict, verify_seal

_REVOCATION: Final = {
    "required": Revocation.REQUIRED,
    "if-known": Revocation.IF_KNOWN,
    "ignored": Revocation.IGNORED,
}
_MAX_FILES: Final = 64
_MAX_BYTES: Final = 4 << 20


class ConfiguredTrust:
    """Implements seals.parts.SealVerifier with what [seals] names; read anew for each seal."""

    def __init__(self, config: Seals, clock: Clock) -> None:
        self._config = config
        self._clock = clock

    async def verify(self, der: bytes, trust_list: str) -> None:
        """Raise SEAL_INVALID unless the seal verifies now; TRUST_LIST_NOT_FOUND for any list."""
        if trust_list:
            raise SignetError(
                Reason.TRUST_LIST_NOT_FOUND, f"There is no trust list {trust_list[:80]!r}."
            )
        if self._config.makers is None:
            raise _invalid(
                "no maker of seals is trusted; name the folder with their roots in the "
                "configuration: [seals] makers"
            )
        await asyncio.to_thread(self._verify, der, self._config.makers, self._clock())

    def _verify(self, der: bytes, makers: Path, now: datetime) -> None:
        config = self._config
        try:
            circumstances = Circumstances(
                rules=Rules(config.rules),
                at=now,
                makers=TrustStore.read(makers, "[seals] makers"),
                others=tuple(_files(config.intermediates)),
                lists=tuple(_files(config.crls)),
                revocation=_REVOCATION[config.revocation],
            )
            report = verify_seal(der, circumstances)
        except (InputError, OSError, NoBackendError) as error:
            raise _invalid(str(error)) from None
        if report.verdict is not Verdict.GOOD:
            failures = [
                f"{each.reason} ({each.name})"
                for each in report.checks
                if each.result is Result.FAILED
            ]
            raise _invalid("; ".join(failures))


def _files(folder: Path | None) -> Iterator[bytes]:
    if folder is None:
        return
    for path in sorted(folder.iterdir())[:_MAX_FILES]:
        if path.is_file():
            with path.open("rb") as file:
                yield file.read(_MAX_BYTES)


def _invalid(why: str) -> SignetError:
    return SignetError(Reason.SEAL_INVALID, f"The seal does not verify: {why}.")
