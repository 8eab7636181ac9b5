"""Seals and stamps whose signature is not what the standard asks for."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from tests.vectors.seals.generator import der, openssl
from tests.vectors.seals.generator.book import (
    SEAL,
    SEAL_SIGNATURE,
    SIGNATURE_ALGORITHM,
    STAMP,
    STAMP_ALGORITHM,
    STAMP_SIGNATURE,
    Page,
    bad,
    both,
)
from tests.vectors.seals.generator.good_seals import EXTENSIONS
from tests.vectors.seals.generator.good_stamps import seal as good_seal
from tests.vectors.seals.generator.openssl import Key
from tests.vectors.seals.generator.people import People
from tests.vectors.seals.generator.seals import Extension, Seal, Sign, info, sealed
from tests.vectors.seals.generator.stamps import Stamp, stamped, to_sign

_OTHER_ID: Final = "ALICE123@YAHOO.COM"
_AS_DER_WANTS: Final = tuple(
    Extension(each.oid, each.critical or None, each.value) for each in EXTENSIONS
)
_OTHER_ALGORITHM: Final = "1.2.156.10197.1.504"
"""RSA with SM3."""
_TRIES: Final = 2000
"""Far more than are needed: a signature is short in one of 128 cases."""


def pages(people: People) -> list[Page]:
    made = [*_seals(people), *_stamps(people), *_encoded(people), *_first_version(people)]
    return [*made, *_algorithms(people)]


def _seals(people: People) -> list[Page]:
    maker, signer = people["maker"].key, people["signer"]
    plain = Seal(4, (signer.certificate,), 4)
    extended = replace(plain, extensions=EXTENSIONS)
    anew = info(replace(extended, extensions=_AS_DER_WANTS))
    first, last = replace(plain, format=1, version=1), replace(plain, format=5, version=5)
    changed = sealed(plain, people["maker"]).replace("科技".encode(), "科枝".encode(), 1)
    return [
        _seal(people, "seal-other-key", "signed with the owner's key", plain, signer.key.sign),
        _bad_seal("seal-changed", 4, changed, "the name was changed after signing"),
        _seal(
            people,
            "seal-encoded-anew",
            "signed over an encoding in which critical FALSE is left out",
            extended,
            lambda told: maker.sign(anew),
        ),
        _seal(people, "seal-without-z", "SM2 over SM3(M), without Z", plain, _without_z(maker)),
        _seal(people, "seal-signer-id", "Z with another ID", plain, _other_id(maker)),
        _seal(people, "seal-raw", "r ‖ s in place of DER", plain, _then(maker, raw)),
        _seal(people, "v5-seal-other-key", "signed with the owner's key", last, signer.key.sign),
        _seal(people, "v1-seal-other-key", "signed with the owner's key", first, signer.key.sign),
        _bad_seal(
            "v1-seal-signed-as-v4",
            1,
            sealed(first, people["maker"], signed_as=4),
            "signed over the information alone, as in version 4",
        ),
        _bad_seal(
            "v4-seal-signed-as-v1",
            4,
            sealed(plain, people["maker"], signed_as=1),
            "signed over the certificate and the algorithm too, as in version 1",
        ),
    ]


def _seal(people: People, name: str, shows: str, seal: Seal, sign: Sign) -> Page:
    return _bad_seal(name, seal.format, sealed(seal, people["maker"], sign=sign), shows)


def _bad_seal(name: str, version: int, data: bytes, shows: str) -> Page:
    return Page(name, SEAL, version, data, shows, both(bad(SEAL_SIGNATURE)))


def _stamps(people: People) -> list[Page]:
    signer = people["signer"].key
    plain = Stamp(4, good_seal(people, 4), 4)
    extended = replace(plain, extensions=EXTENSIONS)
    anew = to_sign(replace(plain, extensions=_AS_DER_WANTS), people["signer"].certificate)
    broken = sealed(Seal(4, (people["signer"].certificate,), 4), people["maker"], sign=signer.sign)
    return [
        _stamp(
            people, "stamp-other-key", "signed with another key", plain, people["person"].key.sign
        ),
        _stamp(
            people,
            "stamp-encoded-anew",
            "signed over an encoding in which critical FALSE is left out",
            extended,
            lambda told: signer.sign(anew),
        ),
        _stamp(people, "stamp-without-z", "SM2 over SM3(M), without Z", plain, _without_z(signer)),
        _stamp(people, "stamp-signer-id", "Z with another ID", plain, _other_id(signer)),
        Page(
            "stamp-of-bad-seal",
            STAMP,
            4,
            stamped(Stamp(4, broken, 4), people["signer"]),
            "a good stamp with a seal that the maker has not signed",
            both(bad(SEAL_SIGNATURE)),
        ),
    ]


def _algorithms(people: People) -> list[Page]:
    """Return a seal and a stamp, signed with SM2, that name another algorithm beside it."""
    seal = good_seal(people, 4)
    stamp = stamped(Stamp(4, seal, 4), people["signer"])
    shows = "the algorithm's identifier is that of RSA with SM3"
    return [
        Page(f"{kind}-algorithm", kind, 4, _renamed(data), shows, both(bad(check)))
        for kind, data, check in (
            (SEAL, seal, SIGNATURE_ALGORITHM),
            (STAMP, stamp, STAMP_ALGORITHM),
        )
    ]


def _renamed(encoded: bytes) -> bytes:
    first, certificate, _, signature = der.parts(encoded)
    return der.sequence(first, certificate, der.oid(_OTHER_ALGORITHM), signature)


def _encoded(people: People) -> list[Page]:
    """Return stamps whose r and s are right, but not written as DER wants; and edges of both."""
    signer, plain = people["signer"].key, Stamp(4, good_seal(people, 4), 4)
    good = stamped(plain, people["signer"], sign=when(signer, is_short))
    fields = plain.fields()
    return [
        Page("v4-stamp-short", STAMP, 4, good, "r or s is shorter than 32 octets", fields=fields),
        _stamp(people, "stamp-raw", "r ‖ s in place of DER", plain, _then(signer, raw)),
        _stamp(
            people,
            "stamp-superfluous-zero",
            "a superfluous zero octet before r",
            plain,
            _then(signer, superfluous_zero),
            tolerable=True,
        ),
        _stamp(
            people,
            "stamp-negative",
            "r without the zero octet that keeps it positive",
            plain,
            lambda told: negative(when(signer, has_high_r)(told)),
            tolerable=True,
        ),
        _stamp(
            people,
            "stamp-after-signature",
            "an octet after the signature's SEQUENCE",
            plain,
            lambda told: signer.sign(told) + b"\x00",
        ),
        _stamp(
            people,
            "stamp-zero",
            "r and s are zero",
            plain,
            lambda told: der.sequence(der.integer(0), der.integer(0)),
        ),
        _stamp(people, "stamp-empty-signature", "no octets", plain, lambda told: b""),
    ]


def _first_version(people: People) -> list[Page]:
    signer, plain = people["signer"].key, Stamp(1, good_seal(people, 1), 1)
    as_v4 = to_sign(replace(plain, format=4, moment=_moment(plain, people)), b"")
    return [
        _stamp(
            people,
            "v1-stamp-other-key",
            "signed with another key",
            plain,
            people["person"].key.sign,
        ),
        _stamp(
            people,
            "v1-stamp-signed-as-v4",
            "signed without the certificate and the algorithm",
            plain,
            lambda told: signer.sign(as_v4),
        ),
    ]


def _moment(stamp: Stamp, people: People) -> bytes:
    return der.parts(to_sign(stamp, people["signer"].certificate))[2]


def _stamp(
    people: People, name: str, shows: str, stamp: Stamp, sign: Sign, *, tolerable: bool = False
) -> Page:
    data = stamped(stamp, people["signer"], sign=sign)
    return Page(
        name, STAMP, stamp.format, data, shows, both(bad(STAMP_SIGNATURE, tolerable=tolerable))
    )


def _without_z(key: Key) -> Sign:
    return lambda told: key.sign_digest(openssl.sm3(told))


def _other_id(key: Key) -> Sign:
    return lambda told: key.sign(told, _OTHER_ID)


def _then(key: Key, change: Sign) -> Sign:
    return lambda told: change(key.sign(told))


def when(key: Key, wanted: Callable[[bytes], bool]) -> Sign:
    """Return what signs until the signature is as wanted."""

    def sign(told: bytes) -> bytes:
        for _ in range(_TRIES):
            if wanted(signature := key.sign(told)):
                return signature
        raise RuntimeError("openssl gives no signature of the wanted kind; run it again")

    return sign


def is_short(signature: bytes) -> bool:
    return any(len(der.content(each)) < 32 for each in der.parts(signature))


def has_high_r(signature: bytes) -> bool:
    return len(der.content(der.parts(signature)[0])) == 33


def raw(signature: bytes) -> bytes:
    numbers = (int.from_bytes(der.content(each)) for each in der.parts(signature))
    return b"".join(each.to_bytes(32) for each in numbers)


def superfluous_zero(signature: bytes) -> bytes:
    r, s = der.parts(signature)
    padded = der.content(r).rjust(33, b"\x00")
    # r that begins with a zero octet already gets one more.
    return der.sequence(der.tlv(0x02, b"\x00" + padded if r[1] > 32 else padded), s)


def negative(signature: bytes) -> bytes:
    r, s = der.parts(signature)
    return der.sequence(der.tlv(0x02, der.content(r)[1:]), s)
