"""Whether keys and their certificates can make seals and stamp with them; pure."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from signetd.daemon.keys.types import RegisteredKey
from signetd.daemon.policy.types import KeyPurpose
from signetd.daemon.seals.checks import MAX_CERTIFICATES, MAX_CERTIFICATES_BYTES, written
from signetd.daemon.signing.validate import check_enabled, check_purpose
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import KeyType
from signetd.gm import sm2
from signetd.pki import Certificate, InputError

USAGES: Final = frozenset({"digitalSignature", "nonRepudiation"})
"""One of these must be among a certificate's key usages (GB/T 38540-2020, 6.1.2 and 7.1.2)."""


def signer_certificate(key: RegisteredKey) -> Certificate:
    """Return the certificate of a key that stamps.

    Raises KEY_PURPOSE_WRONG, ALGORITHM_UNSUITABLE, KEY_STATE_WRONG, CERTIFICATE_MISSING,
    KEY_CERTIFICATE_UNSUITABLE.
    """
    return _own(key, KeyPurpose.SEALING)


def maker_certificate(key: RegisteredKey, now: datetime) -> Certificate:
    """Return the certificate of a key that makes seals, if it is valid *now*.

    Raises as `signer_certificate`.
    """
    found = _own(key, KeyPurpose.SEAL_MAKING)
    if not found.not_before <= now <= found.not_after:
        raise SignetError(
            Reason.KEY_CERTIFICATE_UNSUITABLE,
            f"The certificate of the key {key.id!r} is valid from {written(found.not_before)} to "
            f"{written(found.not_after)}, and it is {written(now)}; import a valid one.",
        )
    return found


def others(given: Iterable[bytes], own: bytes) -> tuple[Certificate, ...]:
    """Read further certificates that may stamp; none of them twice, and not that of the key.

    Raises INPUT_INVALID, CERTIFICATE_UNSUITABLE.
    """
    ders = tuple(given)
    if len(ders) > MAX_CERTIFICATES:
        raise SignetError(
            Reason.INPUT_INVALID,
            f"other_certificates has {len(ders)} items; it may have {MAX_CERTIFICATES}.",
        )
    size = sum(map(len, ders))
    if size > MAX_CERTIFICATES_BYTES:
        raise SignetError(
            Reason.INPUT_INVALID,
            f"other_certificates has {size} bytes in all; it may have {MAX_CERTIFICATES_BYTES}.",
        )
    if len({own, *ders}) != len(ders) + 1:
        raise SignetError(
            Reason.INPUT_INVALID,
            "other_certificates has a certificate twice, or that of signing_key; give each once.",
        )
    return tuple(
        _read(der, f"other_certificates[{place}]", Reason.CERTIFICATE_UNSUITABLE)
        for place, der in enumerate(ders)
    )


def check_validity(
    certificates: Iterable[Certificate], valid_from: datetime, valid_until: datetime
) -> None:
    """Raise CERTIFICATE_UNSUITABLE unless all certificates are valid as long as the seal is."""
    for each in certificates:
        if valid_from < each.not_before or each.not_after < valid_until:
            raise SignetError(
                Reason.CERTIFICATE_UNSUITABLE,
                f"The seal would be valid from {written(valid_from)} to {written(valid_until)}, "
                f"and the certificate of {each.name} is from {written(each.not_before)} to "
                f"{written(each.not_after)}; choose a validity within that.",
            )


def _own(key: RegisteredKey, purpose: KeyPurpose) -> Certificate:
    check_purpose(key, purpose)
    if key.key_type is not KeyType.SM2:
        raise SignetError(
            Reason.ALGORITHM_UNSUITABLE,
            f"The key {key.id!r} is of the type {key.key_type}; seals are made and stamped with "
            f"keys of the type {KeyType.SM2}.",
        )
    check_enabled(key)
    if not key.certificates:
        raise SignetError(
            Reason.CERTIFICATE_MISSING,
            f"The key {key.id!r} has no certificate. Create a request for one, have it issued, "
            "and import it.",
        )
    what = f"the certificate of the key {key.id!r}"
    found = _read(key.certificates[0], what, Reason.KEY_CERTIFICATE_UNSUITABLE)
    if found.spki != key.spki:
        raise SignetError(
            Reason.KEY_CERTIFICATE_UNSUITABLE,
            f"The certificate of the key {key.id!r} is of another public key; import the one that "
            "was issued for this key.",
        )
    return found


def _read(der: bytes, what: str, otherwise: Reason) -> Certificate:
    """Read a certificate of an SM2 key that may sign."""
    try:
        found = Certificate.read(der, what)
        sm2.Sm2PublicKey.from_spki(found.spki)
    except InputError as error:
        raise SignetError(otherwise, f"{error}.") from None
    except ValueError:
        raise SignetError(
            otherwise,
            f"{what} is not of an SM2 key; seals are stamped with SM2 only.",
        ) from None
    if found.der != der:
        raise SignetError(otherwise, f"{what} is not in DER; give it in DER.")
    if found.key_usage is not None and not found.key_usage & USAGES:
        raise SignetError(
            otherwise,
            f"{what} is for {', '.join(sorted(found.key_usage)) or 'nothing'}; one of "
            f"{' and '.join(sorted(USAGES))} is needed.",
        )
    return found
