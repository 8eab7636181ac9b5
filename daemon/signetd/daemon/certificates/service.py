"""Keeps the certificates of keys: in the registration, and on the token where it has room."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, Protocol

import msgspec

from signetd.daemon.certificates import bundle, judging
from signetd.daemon.keys import tokens as token_checks
from signetd.daemon.keys import versions
from signetd.daemon.keys.tokens import Token
from signetd.daemon.keys.types import KeyState, RegisteredKey
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import KeyRef, Requester
from signetd.pki import Certificate, keys

_NOT_WANTED: Final = "The import asked not to write it to the token."
_NOT_THERE: Final = "The token holds none for the key."
_ANOTHER: Final = "The token holds another one for the key."


class Keys(Protocol):
    """The registered keys."""

    def get(self, key_id: str) -> RegisteredKey:
        """Return a key; raises SignetError KEY_NOT_FOUND."""
        ...

    def all(self) -> Iterable[RegisteredKey]:
        """Return every key."""
        ...

    async def set_certificates(
        self, key_id: str, certificates: tuple[bytes, ...], spki: bytes
    ) -> RegisteredKey:
        """Keep the certificates of the pair whose public key is *spki*."""
        ...


class CertificateToken(Token, Protocol):
    """A token that keeps certificates beside key pairs."""

    async def store_certificate(self, ref: KeyRef, der: bytes, label: str) -> None:
        """Put a certificate beside its key pair, in place of the former."""
        ...

    async def read_certificate(self, ref: KeyRef, requester: Requester) -> bytes:
        """Return the certificate beside a key pair, b"" for none."""
        ...


class KeptCertificate(msgspec.Struct, frozen=True, kw_only=True):
    """The certificate of a key's version in DER, with its chain: the key's own first.

    ``token_note`` says why it is not ``on_token``.
    """

    key_id: str
    version: int
    certificates: tuple[bytes, ...]
    on_token: bool
    token_note: str = ""


class CheckedImport(msgspec.Struct, frozen=True, kw_only=True):
    """Certificates that may be kept for ``key``; the key's own first."""

    key: RegisteredKey
    chain: tuple[Certificate, ...]


class KeyCertificates:
    """Takes in certificates of keys, and returns them; one per daemon."""

    def __init__(
        self,
        keys: Keys,
        tokens: Mapping[str, CertificateToken],
        now: Callable[[], datetime],
    ) -> None:
        self._keys = keys
        self._tokens = tokens
        self._now = now
        # Registration and token in the same order, for each key.
        self._storing: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def check(self, key_id: str, data: bytes) -> CheckedImport:
        """Read and judge what shall be imported; nothing is changed.

        *data* is PEM, or one certificate in DER. Raises SignetError KEY_NOT_FOUND,
        KEY_STATE_WRONG when destroyed, INPUT_MISSING, INPUT_INVALID, CERTIFICATE_UNSUITABLE.
        """
        key = self._keys.get(key_id)
        if key.state is KeyState.DESTROYED:
            raise SignetError(
                Reason.KEY_STATE_WRONG,
                f"The key {key_id!r} is destroyed and needs no certificate any more.",
            )
        known = list(self._keys.all())
        chain = await asyncio.to_thread(_chain, key, data, known, self._now())
        return CheckedImport(key=key, chain=chain)

    async def keep(self, checked: CheckedImport, *, on_token: bool) -> KeptCertificate:
        """Keep what was checked, in place of the former; then put the key's own on its token.

        That the token does not take it is no error. Raises SignetError KEY_STATE_WRONG, and
        POLICY_CHANGED if the key's pair was replaced meanwhile.
        """
        key = checked.key
        written = tuple(each.der for each in checked.chain)
        async with self._storing[key.id]:
            kept = await self._keys.set_certificates(key.id, written, key.spki)
            note = await self._put(kept) if on_token else _NOT_WANTED
        return KeptCertificate(
            key_id=key.id,
            version=kept.version,
            certificates=written,
            on_token=not note,
            token_note=note,
        )

    async def _put(self, key: RegisteredKey) -> str:
        """Write a key's own certificate to its token; return why it is not there, or ""."""
        try:
            token = token_checks.find(self._tokens, key.token)
            token_checks.holding(key, token)
            await token.store_certificate(key.ref, key.certificates[0], key.id)
        except SignetError as error:
            return error.message
        return ""

    async def get(
        self, key: RegisteredKey, version: int | None, requester: Requester
    ) -> KeptCertificate:
        """Return the certificate of a version, None for the one that signs.

        Raises SignetError KEY_NOT_FOUND if there is no such version, CERTIFICATE_MISSING.
        """
        pair = versions.at(key, version)
        number, certificates = pair.version, pair.certificates
        if not certificates:
            raise SignetError(
                Reason.CERTIFICATE_MISSING,
                f"Version {number} of the key {key.id!r} has no certificate; import one.",
            )
        note = await self._note(key, number, certificates[0], requester)
        return KeptCertificate(
            key_id=key.id,
            version=number,
            certificates=certificates,
            on_token=not note,
            token_note=note,
        )

    async def _note(self, key: RegisteredKey, number: int, der: bytes, requester: Requester) -> str:
        """Ask the token whether it holds *der*; return why not, or ""."""
        if number != key.version:
            return "Only that of the version that signs is looked for on the token."
        if key.state is KeyState.DESTROYED:
            return "The key pair is destroyed."
        try:
            token = token_checks.find(self._tokens, key.token)
            token_checks.holding(key, token)
            there = await token.read_certificate(key.ref, requester)
        except SignetError as error:
            return f"Whether the token holds it is not known: {error.message}"
        if there == der:
            return ""
        return _ANOTHER if there else _NOT_THERE


def _chain(
    key: RegisteredKey, data: bytes, known: Sequence[RegisteredKey], now: datetime
) -> tuple[Certificate, ...]:
    found = bundle.read(data)
    own = bundle.of_key(found, key.spki)
    if own is None:
        raise _of_another(key, found, known)
    chain = bundle.chain(own, found)
    judging.check(chain, now)
    return chain


def _of_another(
    key: RegisteredKey, found: Sequence[Certificate], known: Sequence[RegisteredKey]
) -> SignetError:
    for certificate in found:
        owner = _owner(certificate, known)
        if owner:
            return SignetError(
                Reason.CERTIFICATE_UNSUITABLE,
                f"{certificate.name} is the certificate of {owner}, not of the pair with which "
                f"the key {key.id!r} signs.",
            )
    return SignetError(
        Reason.CERTIFICATE_UNSUITABLE,
        f"None of the certificates has the public key of {key.id!r} (SHA-256 {key.fingerprint}): "
        f"the first is of {found[0].name}. Have one issued for a request that signetctl key csr "
        "makes.",
    )


def _owner(certificate: Certificate, known: Sequence[RegisteredKey]) -> str:
    for key in known:
        if keys.same(certificate.spki, key.spki):
            return f"the key {key.id!r}"
        for older in key.older:
            if keys.same(certificate.spki, older.spki):
                return f"version {older.version} of the key {key.id!r}"
    return ""
