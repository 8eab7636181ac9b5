"""Whether a seal that was made elsewhere verifies, by the folders of the configuration.

The signature, the maker's certificate now, its key usage, its path to a root, its revocation
(GM/T 0031, 6.1.2; GB/T 38540-2020, 6.2); whether the seal is valid now is asked when it is used.
"""

import asyncio
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature

from signetd.daemon.config.schema import Seals
from signetd.daemon.seals.certificates import USAGES
from signetd.daemon.seals.parts import Clock
from signetd.drivers.errors import Reason, SignetError
from signetd.gm import sm2
from signetd.gm.encoding import der_to_raw
from signetd.pki import Certificate, InputError, Policy, Revocation, TrustStore, validate
from signetd.seal import parse_seal

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
        await asyncio.to_thread(self._verify, der, self._clock())

    def _verify(self, der: bytes, now: datetime) -> None:
        seal = parse_seal(der)
        try:
            maker = Certificate.read(seal.certificate, "the maker's certificate")
            public = sm2.Sm2PublicKey.from_spki(maker.spki)
            sm2.verify(public, seal.signed, der_to_raw(seal.signature, 32))
        except InvalidSignature:
            raise _invalid("its signature is not by its maker") from None
        except ValueError as error:
            raise _invalid(str(error)) from None
        self._check_path(maker, now)

    def _check_path(self, maker: Certificate, now: datetime) -> None:
        config = self._config
        if config.makers is None:
            raise _invalid(
                "no maker of seals is trusted; name the folder with their roots in the "
                "configuration: [seals] makers"
            )
        policy = Policy(at=now, key_usages=USAGES, revocation=_REVOCATION[config.revocation])
        try:
            roots = TrustStore.read(config.makers, "[seals] makers")
            report = validate(
                maker, policy, roots, _files(config.intermediates), _files(config.crls)
            )
        except (InputError, OSError) as error:
            raise _invalid(str(error)) from None
        if not report.valid:
            first = report.failures[0]
            raise _invalid(f"{first.subject}: {first.reason} ({first.name})")


def _files(folder: Path | None) -> Iterator[bytes]:
    if folder is None:
        return
    for path in sorted(folder.iterdir())[:_MAX_FILES]:
        if path.is_file():
            with path.open("rb") as file:
                yield file.read(_MAX_BYTES)


def _invalid(why: str) -> SignetError:
    return SignetError(Reason.SEAL_INVALID, f"The seal does not verify: {why}.")
