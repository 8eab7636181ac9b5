"""Files that are not the syntax of the standard, or not DER; the signed parts are signed well."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from tests.vectors.seals.generator import der, times
from tests.vectors.seals.generator.bad_signatures import when
from tests.vectors.seals.generator.book import FORMAT, SEAL, STAMP, Page, bad, both
from tests.vectors.seals.generator.good_stamps import seal as good_seal
from tests.vectors.seals.generator.people import People
from tests.vectors.seals.generator.seals import Seal, Sign, sealed
from tests.vectors.seals.generator.stamps import Stamp, stamped

Change = Callable[[bytes], bytes]
_NESTED: Final = 1000
_PROPERTY, _PICTURE = 2, 3
_TIME, _HASH = 2, 3
_TOLERABLE: Final = frozenset(
    {
        "seal-utc-time",
        "seal-algorithm-sequence",
        "stamp-hash-tag",
        "stamp-utc-time",
        "stamp-local-time",
    }
)
"""Nothing in them can be read in two ways by those who know where they come from."""


def pages(people: People) -> list[Page]:
    maker, signer = people["maker"], people["signer"]
    # The last bit of both signatures is zero, so that it can be called unused without other harm.
    plain = Seal(4, (signer.certificate,), 4)
    seal = sealed(plain, maker, sign=when(maker.key, _is_even))
    applied = Stamp(4, good_seal(people, 4), 4)
    stamp = stamped(applied, signer, sign=when(signer.key, _is_even))
    whole = [each for kind, data in ((SEAL, seal), (STAMP, stamp)) for each in _whole(kind, data)]
    return [*whole, *_seals(people, seal), *_stamps(people, stamp)]


def _page(kind: str, name: str, data: bytes, shows: str) -> Page:
    full = f"{kind}-{name}"
    expected = both(bad(FORMAT, tolerable=full in _TOLERABLE))
    return Page(full, kind, 4, data, shows, expected)


def _whole(kind: str, data: bytes) -> list[Page]:
    """Return what goes wrong with a file of either kind."""
    inside = der.content(data)
    nested = b""
    for _ in range(_NESTED):
        nested = der.sequence(nested)
    long = b"\x30\x83" + len(inside).to_bytes(3) + inside
    made = (
        ("trailing", data + b"\x00\x00", "two octets after the end"),
        ("twice", data + data, "two in one file"),
        ("extra-field", der.sequence(inside, der.null(), der.null()), "two fields too many"),
        ("missing-field", der.sequence(*der.parts(data)[:3]), "the last field is missing"),
        ("truncated", data[: len(data) // 2], "half of the file"),
        ("huge-length", b"\x30\x84\x7f\xff\xff\xff" + inside, "a length of 2 GiB"),
        ("long-length", b"\x30\xfe" + b"\xff" * 126, "a length of 126 octets"),
        ("indefinite", b"\x30\x80" + inside + b"\x00\x00", "indefinite length, which is BER"),
        ("non-minimal", long, "a length with a superfluous zero octet, which is BER"),
        ("nested", nested, f"{_NESTED} SEQUENCEs in one another"),
        ("set", b"\x31" + data[1:], "SET in place of SEQUENCE"),
        ("text", b"-----BEGIN SEAL-----\n", "not binary"),
        ("empty", b"", "an empty file"),
    )
    return [_page(kind, *each) for each in made]


def _seals(people: People, good: bytes) -> list[Page]:
    told, certificate, algorithm, signature = der.parts(good)
    plain = Seal(4, (people["signer"].certificate,), 4)
    changes: tuple[tuple[str, str, Change], ...] = (
        ("name-tag", "the name is an OCTET STRING", _at(_PROPERTY, _at(1, _tagged(0x04)))),
        ("name-utf8", "the name is not UTF-8", _at(_PROPERTY, _at(1, lambda _: b"\x0c\x01\xff"))),
        (
            "utc-time",
            "createDate is UTCTime",
            _at(_PROPERTY, _at(4, lambda _: der.utc_time(times.CREATED))),
        ),
        ("no-such-day", "createDate is 30 February", _at(_PROPERTY, _at(4, _february))),
        ("list-type", "certListType is 3", _at(_PROPERTY, _at(2, lambda _: der.integer(3)))),
        (
            "list-other",
            "certListType is 2, with certificates",
            _at(_PROPERTY, _at(2, lambda _: der.integer(2))),
        ),
        ("picture-tag", "the picture is a UTF8String", _at(_PICTURE, _at(1, _tagged(0x0C)))),
        ("boolean", "critical is INTEGER", lambda info: _with(info, _odd_extension())),
    )
    made = [_page(SEAL, *_sealed(people, plain, *each)) for each in changes]
    other = (
        (
            "header",
            "ID is not ES",
            sealed(plain, people["maker"], change=_at(0, _at(0, _other_id))),
        ),
        (
            "algorithm-sequence",
            "signAlgID is an AlgorithmIdentifier",
            der.sequence(told, certificate, der.sequence(algorithm), signature),
        ),
        (
            "unused-bits",
            "signedValue has unused bits",
            der.sequence(told, certificate, algorithm, _unused(signature)),
        ),
        (
            "bare-certificate",
            "the maker's certificate is not in an OCTET STRING",
            der.sequence(told, der.content(certificate), algorithm, signature),
        ),
    )
    later = sealed(replace(plain, version=6), people["maker"])
    made.append(Page("seal-version-6", SEAL, 4, later, "header version 6", both(bad())))
    return made + [_page(SEAL, name, data, shows) for name, shows, data in other]


def _sealed(
    people: People, seal: Seal, name: str, shows: str, change: Change
) -> tuple[str, bytes, str]:
    return name, sealed(seal, people["maker"], change=change), shows


def _stamps(people: People, good: bytes) -> list[Page]:
    told, certificate, algorithm, signature = der.parts(good)
    plain = Stamp(4, good_seal(people, 4), 4)
    changes: tuple[tuple[str, str, Change], ...] = (
        (
            "hash-tag",
            "dataHash is an OCTET STRING",
            _at(_HASH, lambda given: der.octets(given[3:])),
        ),
        ("utc-time", "timeInfo is UTCTime", _at(_TIME, lambda _: der.utc_time(times.SIGNED))),
        ("no-such-day", "timeInfo is 30 February", _at(_TIME, _february)),
        ("local-time", "timeInfo is without Z", _at(_TIME, lambda _: b"\x18\x0e20260901103000")),
    )
    made = [
        _page(STAMP, name, stamped(plain, people["signer"], change=change), shows)
        for name, shows, change in changes
    ]
    octets = der.octets(der.content(signature)[1:])
    other = (
        (
            "unused-bits",
            "the signature has unused bits",
            der.sequence(told, certificate, algorithm, _unused(signature)),
        ),
        (
            "signature-tag",
            "the signature is an OCTET STRING",
            der.sequence(told, certificate, algorithm, octets),
        ),
        (
            "token-untagged",
            "the time stamp is without [0]",
            der.sequence(told, certificate, algorithm, signature, der.bits(b"\x30\x00")),
        ),
    )
    return made + [_page(STAMP, name, data, shows) for name, shows, data in other]


def _at(place: int, change: Change) -> Change:
    """Return what changes one field of a SEQUENCE."""

    def changed(encoded: bytes) -> bytes:
        fields = der.parts(encoded)
        fields[place] = change(fields[place])
        return der.sequence(*fields)

    return changed


def _with(encoded: bytes, *more: bytes) -> bytes:
    return der.sequence(der.content(encoded), *more)


def _tagged(tag: int) -> Sign:
    return lambda encoded: bytes([tag]) + encoded[1:]


def _february(encoded: bytes) -> bytes:
    return b"\x18\x0f20260230103000Z"


def _other_id(encoded: bytes) -> bytes:
    return der.ia5("SE")


def _odd_extension() -> bytes:
    return der.sequence(der.sequence(der.oid("1.2.3"), der.integer(1), der.octets(b"")))


def _is_even(signature: bytes) -> bool:
    return signature[-1] % 2 == 0


def _unused(encoded: bytes) -> bytes:
    return der.tlv(0x03, b"\x01", der.content(encoded)[1:])
