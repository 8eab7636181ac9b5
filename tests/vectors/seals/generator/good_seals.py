"""Good seals: all versions, kinds, lists, pictures and encodings that are met in practice."""

from typing import Final

from tests.vectors.seals.generator import pictures, times, tokens
from tests.vectors.seals.generator.book import SEAL, Expected, Page
from tests.vectors.seals.generator.people import People
from tests.vectors.seals.generator.seals import Extension, Seal, sealed

EXTENSIONS: Final = (
    Extension("1.2.156.10260.4.4.4", False, b"91110108MA00000000"),
    Extension("1.2.156.112600.1.2", True, "示例扩展".encode()),
    Extension("1.2.156.112600.1.3", None, b""),
)
"""FALSE written although DER leaves it out, TRUE, and left out."""
_PICTURES: Final = (
    ("GIF", pictures.gif()),
    ("JPG", pictures.jpg()),
    ("BMP", pictures.bmp()),
    ("SVG", pictures.svg()),
    ("ofd", pictures.ofd()),
    ("pNg", pictures.png()),
)


def pages(people: People) -> list[Page]:
    return [
        *_plain(people),
        *_lists(people),
        *_encodings(people),
        *_pictures(people),
        *_timed(people),
    ]


def page(people: People, name: str, shows: str, seal: Seal, maker: str = "maker") -> Page:
    data = sealed(seal, people[maker])
    return Page(name, SEAL, seal.format, data, shows, fields=seal.fields())


def _plain(people: People) -> list[Page]:
    unit, person = (people["signer"].certificate,), (people["person"].certificate,)
    made = []
    for version in (1, 4, 5):
        whose = f"seal of version {version}, of"
        made += [
            page(
                people, f"v{version}-unit", f"{whose} an organisation", Seal(version, unit, version)
            ),
            page(
                people,
                f"v{version}-person",
                f"{whose} a person (type 2)",
                Seal(version, person, version, kind=2, name="张三", seal_id="11010800054321"),
            ),
        ]
    return made


def _lists(people: People) -> list[Page]:
    three = tuple(people[each].certificate for each in ("signer", "signer-second", "person"))
    say = "three owners' certificates"
    return [
        page(people, "v1-several", say, Seal(1, three, 1)),
        page(people, "v4-several", say, Seal(4, three, 4)),
        page(people, "v4-digests", "certListType 2: SM3 digests", Seal(4, three, 4, digests=True)),
        page(people, "v5-digests", "certListType 2: SM3 digests", Seal(5, three, 5, digests=True)),
        page(
            people,
            "v4-digests-oid",
            "digests whose algorithm is written as a dotted identifier",
            Seal(4, three, 4, digests=True, digest_name="1.2.156.10197.1.401"),
        ),
    ]


def _encodings(people: People) -> list[Page]:
    unit = (people["signer"].certificate,)
    mail = (people["signer-email"].certificate,)
    tax = (people["signer-tax"].certificate,)
    false = "extensions; critical FALSE is written, so that encoding anew gives other bytes"
    null = (
        "a maker's certificate with NULL parameters in its signature algorithm, as Chinese CAs do"
    )
    return [
        page(people, "v1-version-11", "header version 11, as in the text", Seal(1, unit, 11)),
        page(people, "v1-extensions", false, Seal(1, unit, 1, extensions=EXTENSIONS)),
        page(people, "v4-extensions", false, Seal(4, unit, 4, extensions=EXTENSIONS)),
        page(people, "v5-extensions", false, Seal(5, unit, 5, extensions=EXTENSIONS)),
        page(people, "v4-null-parameters", null, Seal(4, unit, 4), "maker-null"),
        page(
            people, "v4-email", "UTF-8 in the IA5String of a certificate's e-mail", Seal(4, mail, 4)
        ),
        page(people, "v4-tax", "a certificate for all uses, of type 15", Seal(4, tax, 4, kind=15)),
        page(people, "v4-fraction", "GeneralizedTime with .5 s", Seal(4, unit, 4, fraction=".5")),
        page(people, "v4-ascii", "a vendor in ASCII", Seal(4, unit, 4, vendor="Example")),
    ]


def _pictures(people: People) -> list[Page]:
    unit = (people["signer"].certificate,)
    return [
        page(
            people,
            f"v4-picture-{'odd-case' if kind == 'pNg' else kind.lower()}",
            f"picture of type {kind}",
            Seal(4, unit, 4, picture=kind, picture_data=data),
        )
        for kind, data in _PICTURES
    ]


def _timed(people: People) -> list[Page]:
    seal = Seal(5, (people["signer"].certificate,), 5)
    by_sm2 = sealed(seal, people["maker"], token=lambda given: tokens.sm2(given, people["tsa"]))
    by_rsa = sealed(seal, people["maker"], token=lambda given: tokens.rsa(given, people["tsa-rsa"]))
    shows = "time stamp over the signature's octets, SM3 imprint, signed with"
    second = sealed(
        seal, people["maker"], token=lambda given: tokens.sm2(given, people["tsa"], version=2)
    )
    silent: Expected = {"gbt38540": None, "gmt0031": None}
    fields = seal.fields()
    return [
        Page("v5-token-version-2", SEAL, 5, second, "TSTInfo of version 2", silent),
        Page("v5-token", SEAL, 5, by_sm2, f"{shows} SM2", fields=fields | {"token": True}),
        Page(
            "v5-token-rsa",
            SEAL,
            5,
            by_rsa,
            f"{shows} RSA by openssl ts",
            fields=fields | {"token": True},
            at=times.LATER,
        ),
    ]
