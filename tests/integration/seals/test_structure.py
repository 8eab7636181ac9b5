"""What a token has stamped, value by value, as asn1crypto and the openssl command read it."""

import hashlib
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asn1crypto import cms  # type: ignore[import-untyped]

from signetd.api.v1 import seal_service_pb2 as seals
from tests import tsa
from tests.integration.attack.scene import scene
from tests.integration.stamps.conftest import (
    DOCUMENT,
    PEOPLE,
    PROPERTY,
    Office,
    digest,
    open_office,
)
from tests.unit.daemon.seals import samples
from tests.unit.seal.judges import SESSignature, kinds, lines, loaded

_SM2_WITH_SM3 = "1.2.156.10197.1.501"
_OPTIONS = """revocation = "if-known"
vendor = "Example 1"

[timestamps]
urls = ["{url}"]
trust = "tsa/trust"
hash = "sha256"
attempt_timeout = 5.0
"""
EXTENSIONS = [("1.2.3.4", False, b"plain"), ("2.999.1", True, b"\x30\x00"), ("1.2.5", False, b"")]
BOTH = pytest.mark.parametrize("version", [seals.SEAL_FORMAT_V4, seals.SEAL_FORMAT_V5])


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    """A daemon with a token, a CA of the openssl command, and an authority of time stamps."""
    with scene(*PEOPLE) as town:
        made = Office(town)
        with tsa.tsa(made.folder / "tsa", "rsa") as url:
            made.start(_OPTIONS.format(url=url))
            open_office(made)
            yield made


def certificate(office: Office, key: str) -> bytes:
    """Return a key's certificate in DER, as the openssl command writes it."""
    done = subprocess.run(
        ["openssl", "x509", "-outform", "DER"],
        input=office.certificate_pem(key),
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def imprint(token: bytes) -> tuple[str, bytes]:
    """Return by which hash a time stamp is, and of what."""
    content = cms.ContentInfo.load(token, strict=True)["content"]["encap_content_info"]
    found = content["content"].parsed["message_imprint"].native
    return found["hash_algorithm"]["algorithm"], found["hashed_message"]


@BOTH
def test_every_value_is_what_was_asked_for(office: Office, version: Any) -> None:
    key, other = office.key(), office.key()
    own, more, maker = (certificate(office, name) for name in (key, other, "maker"))
    begin = datetime.now(UTC).replace(microsecond=0)
    valid = begin - timedelta(hours=1), begin + timedelta(days=300)
    name = office.seal(
        key,
        format=version,
        other_certificates=[more],
        valid_from=valid[0],
        valid_until=valid[1],
        kind=seals.SEAL_KIND_PERSONAL_NAME,
    )
    extensions = [
        seals.StampExtension(oid=oid, critical=critical, value=value)
        for oid, critical, value in EXTENSIONS
    ]
    reply = office.stamped(name, extensions=extensions, timestamp=True)
    end = datetime.now(UTC)
    found = loaded(SESSignature, reply.stamp)

    signed = found["toSign"]
    number = 4 if version == seals.SEAL_FORMAT_V4 else 5
    time = reply.time.ToDatetime(tzinfo=UTC)
    assert begin <= time <= end
    assert (signed["version"], signed["timeInfo"]) == (number, time)
    assert (signed["dataHash"], signed["propertyInfo"]) == (digest(DOCUMENT), PROPERTY)
    told = [(each["extnID"], each["critical"], each["extnValue"]) for each in signed["extDatas"]]
    assert told == EXTENSIONS
    assert (found["cert"], found["signatureAlgID"]) == (own, _SM2_WITH_SM3)
    assert imprint(found["timeStamp"]) == ("sha256", hashlib.sha256(found["signature"]).digest())

    info = signed["eseal"]["eSealInfo"]
    assert dict(info["header"]) == {"ID": "ES", "version": number, "Vid": "Example 1"}
    assert (info["esID"], info["extDatas"]) == (f"3301{name}", None)
    properties = dict(info["property"])
    created = properties.pop("createDate")
    assert begin <= created <= time
    assert properties == {
        "type": 2,
        "name": "测试有限公司",
        "certListType": 1,
        "certList": [own, more],
        "validStart": valid[0],
        "validEnd": valid[1],
    }
    assert dict(info["picture"]) == {
        "type": "PNG",
        "data": samples.png(),
        "width": 40,
        "height": 40,
    }
    eseal = signed["eseal"]
    assert (eseal["cert"], eseal["signAlgID"]) == (maker, _SM2_WITH_SM3)
    if number == 5:
        wanted = ("sha256", hashlib.sha256(eseal["signedValue"]).digest())
        assert imprint(eseal["timeStamp"]) == wanted
    else:
        assert eseal["timeStamp"] is None
    assert office.recipe(reply.stamp)[0] == "exit 0", "signatures, by the openssl command alone"


@BOTH
def test_openssl_sees_the_shape_of_the_standard(office: Office, version: Any) -> None:
    name = office.seal(format=version)
    bare, full = (
        office.stamped(name),
        office.stamped(
            name, timestamp=True, extensions=[seals.StampExtension(oid="1.2.3", value=b"x")]
        ),
    )
    outer = ["SEQUENCE", "OCTET STRING", "OBJECT", "BIT STRING"]
    inner = ["INTEGER", "SEQUENCE", "GENERALIZEDTIME", "BIT STRING", "IA5STRING"]
    for reply, more in ((bare, []), (full, ["cont [ 0 ]"])):
        found = lines(reply.stamp)
        assert kinds(found, 0) == ["SEQUENCE"]
        assert kinds(found, 1) == outer + more
        to_sign = next(each for each in found if each.depth == 1)
        fields = [each for each in found if each.depth == 2 and each.at < to_sign.end]
        assert [each.kind for each in fields] == inner + more
        assert reply.stamp[fields[1].at : fields[1].end] == office.get(name).der
        time = reply.time.ToDatetime()
        assert fields[2].content == f"{time:%Y%m%d%H%M%SZ}"
        assert fields[4].content == PROPERTY
        assert to_sign.at == 4 and len(reply.stamp) == _end(reply.stamp), "nothing after it"


def _end(data: bytes) -> int:
    return lines(data)[0].end
