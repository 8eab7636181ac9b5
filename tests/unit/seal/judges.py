"""Seals and stamps as the openssl command and asn1crypto read them: nothing of ours is in this."""

import re
from typing import Any

from asn1crypto import core  # type: ignore[import-untyped]

from tests.unit.pki import holders


def openssl(*arguments: str, data: bytes) -> str:
    """Return what the openssl command prints; its failure is the test's."""
    return holders.openssl(*arguments, data=data).decode("utf-8", "replace")


class Line:
    """A line of asn1parse: where an element is, how long, and what it is."""

    FORM = re.compile(
        r" *(?P<at>\d+):d= *(?P<depth>\d+) +hl= *(?P<head>\d+) l= *(?P<size>\d+) "
        r"(?:prim|cons): (?P<kind>[^:]*?)(?: +\[HEX DUMP\])? *(?::(?P<content>.*))?"
    )

    def __init__(self, line: str) -> None:
        found = self.FORM.fullmatch(line)
        assert found, f"asn1parse prints in another way: {line!r}"
        self.at, self.depth = int(found["at"]), int(found["depth"])
        self.end = self.at + int(found["head"]) + int(found["size"])
        self.kind, self.content = found["kind"], found["content"]


def lines(data: bytes) -> list[Line]:
    printed = openssl("asn1parse", "-inform", "DER", data=data)
    return [Line(each) for each in printed.splitlines()]


def kinds(found: list[Line], depth: int) -> list[str]:
    return [each.kind for each in found if each.depth == depth]


class Extension(core.Sequence):  # type: ignore[misc]  # asn1crypto ships no types
    _fields = [  # noqa: RUF012 - asn1crypto's way
        ("extnID", core.ObjectIdentifier),
        ("critical", core.Boolean, {"default": False}),
        ("extnValue", core.OctetString),
    ]


class Extensions(core.SequenceOf):  # type: ignore[misc]
    _child_spec = Extension


class Header(core.Sequence):  # type: ignore[misc]
    _fields = [("ID", core.IA5String), ("version", core.Integer), ("Vid", core.IA5String)]  # noqa: RUF012


class Certificates(core.SequenceOf):  # type: ignore[misc]
    _child_spec = core.OctetString


class Property(core.Sequence):  # type: ignore[misc]
    _fields = [  # noqa: RUF012
        ("type", core.Integer),
        ("name", core.UTF8String),
        ("certListType", core.Integer),
        ("certList", Certificates),
        ("createDate", core.GeneralizedTime),
        ("validStart", core.GeneralizedTime),
        ("validEnd", core.GeneralizedTime),
    ]


class Picture(core.Sequence):  # type: ignore[misc]
    _fields = [  # noqa: RUF012
        ("type", core.IA5String),
        ("data", core.OctetString),
        ("width", core.Integer),
        ("height", core.Integer),
    ]


class Info(core.Sequence):  # type: ignore[misc]
    _fields = [  # noqa: RUF012
        ("header", Header),
        ("esID", core.IA5String),
        ("property", Property),
        ("picture", Picture),
        ("extDatas", Extensions, {"optional": True}),
    ]


class SESeal(core.Sequence):  # type: ignore[misc]
    _fields = [  # noqa: RUF012
        ("eSealInfo", Info),
        ("cert", core.OctetString),
        ("signAlgID", core.ObjectIdentifier),
        ("signedValue", core.OctetBitString),
        ("timeStamp", core.OctetBitString, {"explicit": 0, "optional": True}),
    ]


class ToSign(core.Sequence):  # type: ignore[misc]
    _fields = [  # noqa: RUF012
        ("version", core.Integer),
        ("eseal", SESeal),
        ("timeInfo", core.GeneralizedTime),
        ("dataHash", core.OctetBitString),
        ("propertyInfo", core.IA5String),
        ("extDatas", Extensions, {"explicit": 0, "optional": True}),
    ]


class SESSignature(core.Sequence):  # type: ignore[misc]
    _fields = [  # noqa: RUF012
        ("toSign", ToSign),
        ("cert", core.OctetString),
        ("signatureAlgID", core.ObjectIdentifier),
        ("signature", core.OctetBitString),
        ("timeStamp", core.OctetBitString, {"explicit": 0, "optional": True}),
    ]


def loaded(spec: Any, data: bytes) -> Any:
    """Let asn1crypto read *data*, whole, and write it anew: DER has one form."""
    found = spec.load(data, strict=True)
    native = found.native
    found.debug  # noqa: B018 - it goes through all that is in it
    assert spec.load(data, strict=True).copy().dump(force=True) == data
    return native
