"""Good stamps: all versions, both kinds of list, every way that the time is written."""

from tests.vectors.seals.generator import der, openssl, times, tokens
from tests.vectors.seals.generator.book import STAMP, Page
from tests.vectors.seals.generator.good_seals import EXTENSIONS
from tests.vectors.seals.generator.people import People
from tests.vectors.seals.generator.seals import Seal, Sign, sealed
from tests.vectors.seals.generator.stamps import DOCUMENT_TEXT, Stamp, stamped


def seal(people: People, version: int, *owners: str, digests: bool = False) -> bytes:
    """Return a good seal of *owners*, by default the signer alone."""
    listed = tuple(people[each].certificate for each in owners or ("signer",))
    return sealed(Seal(version, listed, version, digests=digests), people["maker"])


def page(
    people: People,
    name: str,
    shows: str,
    stamp: Stamp,
    signer: str = "signer",
    token: Sign | None = None,
) -> Page:
    fields = stamp.fields() | ({"token": True} if token else {})
    data = stamped(stamp, people[signer], token=token)
    return Page(name, STAMP, stamp.format, data, shows, fields=fields)


def pages(people: People) -> list[Page]:
    return [*_plain(people), *_lists(people), *_moments(people), *_timed(people), *_since(people)]


def _plain(people: People) -> list[Page]:
    made = []
    for version in (1, 4, 5):
        whose = f"stamp of version {version}, with the seal of"
        unit, person = (
            Stamp(version, seal(people, version, each), version) for each in ("signer", "person")
        )
        made += [
            page(people, f"v{version}-stamp-unit", f"{whose} an organisation", unit),
            page(people, f"v{version}-stamp-person", f"{whose} a person", person, "person"),
        ]
    return made


def _lists(people: People) -> list[Page]:
    three = ("signer", "signer-second", "person")
    several, digests = seal(people, 4, *three), seal(people, 4, *three, digests=True)
    latest = seal(people, 5, *three, digests=True)
    mail = Stamp(4, seal(people, 4, "signer-email"), 4, original="/文档/原文.xml")
    tax = Stamp(4, seal(people, 4, "signer-tax"), 4)
    more = Stamp(4, seal(people, 4), 4, extensions=EXTENSIONS)
    odd = "UTF-8 in IA5String: of the e-mail in the certificate, and of propertyInfo"
    return [
        page(
            people,
            "v4-stamp-second-owner",
            "signed by the second",
            Stamp(4, several, 4),
            "signer-second",
        ),
        page(
            people,
            "v4-stamp-digests",
            "signer is in a list of digests",
            Stamp(4, digests, 4),
            "person",
        ),
        page(people, "v5-stamp-digests", "signer is in a list of digests", Stamp(5, latest, 5)),
        page(people, "v4-stamp-email", odd, mail, "signer-email"),
        page(people, "v4-stamp-tax", "a certificate for all uses", tax, "signer-tax"),
        page(people, "v4-stamp-extensions", "extensions; critical FALSE is written", more),
    ]


def _moments(people: People) -> list[Page]:
    first = seal(people, 1)
    utc = der.utc_time(times.SIGNED)
    zone = der.bits(b"2026-09-01T10:30:00.125Z")
    fraction = Stamp(4, seal(people, 4), 4, fraction=".125")
    say = "timeInfo is"
    return [
        page(
            people,
            "v1-stamp-ascii-fraction",
            f"{say} a BIT STRING of ASCII with milliseconds",
            Stamp(1, first, 1, fraction=".125", moment=zone),
        ),
        page(people, "v1-stamp-utc-time", f"{say} UTCTime", Stamp(1, first, 1, moment=utc)),
        page(
            people,
            "v1-stamp-utc-time-in-bits",
            f"{say} UTCTime in a BIT STRING",
            Stamp(1, first, 1, moment=der.bits(utc)),
        ),
        _timed_first(people, first),
        page(people, "v4-stamp-fraction", f"{say} GeneralizedTime with .125 s", fraction),
    ]


def _timed_first(people: People, first: bytes) -> Page:
    token = der.bits(tokens.sm2(openssl.sm3(DOCUMENT_TEXT), people["tsa"]))
    stamp = Stamp(1, first, 1, time=None, moment=token)
    shows = "timeInfo is a time stamp in a BIT STRING, over the octets of dataHash"
    data = stamped(stamp, people["signer"])
    return Page("v1-stamp-token", STAMP, 1, data, shows, fields=stamp.fields() | {"token": True})


def _timed(people: People) -> list[Page]:
    made = []
    for version in (4, 5):
        stamp = Stamp(version, seal(people, version), version)
        shows = "time stamp [0] over the signature's octets"
        made.append(page(people, f"v{version}-stamp-token", shows, stamp, token=_token(people)))
    by_gb = _token(people, gb=True)
    shows = "time stamp whose SignedData has the identifier of GB/T 35275"
    return [
        *made,
        page(people, "v4-stamp-token-gb", shows, Stamp(4, seal(people, 4), 4), token=by_gb),
    ]


def _token(people: People, *, gb: bool = False) -> Sign:
    return lambda given: tokens.sm2(given, people["tsa"], gb=gb)


def _since(people: People) -> list[Page]:
    """Return stamps whose signer lost the certificate after signing: they stay good."""
    made = []
    for what in ("expired", "revoked"):
        name = f"signer-{what}-since"
        shows = f"the signer's certificate was {what} after signing"
        made.append(
            page(people, f"v4-stamp-{name}", shows, Stamp(4, seal(people, 4, name), 4), name)
        )
    return made
