"""What must fail, each in the one check that is about it."""

import datetime
from pathlib import Path
from typing import Any, Final

import pytest

from signetd.pki import InputError, Name, Revocation, Status
from signetd.pki import timestamp as ts
from tests import tsa
from tests.unit.pki import evidence, forest, holders, making
from tests.unit.pki.making import tlv
from tests.unit.pki.timestamp import stamps

WEEK: Final = datetime.timedelta(days=7)
SM2: Final = bytes.fromhex("300a06082a811ccf55018375")
RSA: Final = bytes.fromhex("300d06092a864886f70d01010b0500")


def fails(
    check: str, kind: str = "sm2", verified: dict[str, Any] | None = None, **changes: Any
) -> str:
    """Say that nothing but *check* fails; return the reason."""
    report = stamps.verified(stamps.token(kind, **changes), kind, **(verified or {}))
    assert stamps.failed(report) == {check}, stamps.told(report)
    found = report.of(ts.TokenName(check))
    assert found.clause
    return found.reason


def attrs(**changes: bytes | None) -> Any:
    """Return the signed attributes with some of them changed, or left out with None."""

    def make(data: bytes) -> list[bytes]:
        signer = stamps.authority("sm2").signer
        parts = dict(
            zip(("kind", "digest", "id"), tsa.attributes(data, signer, "sm3"), strict=True)
        )
        return [each for each in (parts | changes).values() if each is not None]

    return make


def test_other_data() -> None:
    assert "sm3" in fails("IMPRINT", verified={"data": b"something else"})


def test_digest_in_place_of_data() -> None:
    token = stamps.token()
    digest = tsa.digest("sm3", stamps.DATA)
    assert stamps.verified(token, data=digest, digested="sm3").valid
    assert stamps.failed(stamps.verified(token, data=digest)) == {"IMPRINT"}
    report = stamps.verified(token, data=digest, digested="sha256")
    assert stamps.failed(report) == {"IMPRINT"}, "a digest of another hash is another digest"


def test_imprint_by_a_broken_hash() -> None:
    imprint = tlv(0x30, bytes.fromhex(tsa.HASHES["sha1"]), tlv(4, tsa.digest("sha1", stamps.DATA)))
    assert "sha1" in fails("IMPRINT", imprint=imprint)


def test_nonce() -> None:
    assert "another" in fails("NONCE", nonce=5)
    assert "none" in fails("NONCE", nonce=None)
    report = stamps.verified(stamps.token(), nonce=None)
    assert stamps.status(report, ts.TokenName.NONCE) is Status.NOT_CHECKED


def test_policy() -> None:
    assert stamps.verified(stamps.token(), policies=frozenset({tsa.POLICY})).valid
    assert "1.2.9" in fails("POLICY", verified={"policies": frozenset({"1.2.9"})})


@pytest.mark.parametrize(
    "changed", [None, tsa.attribute("1.2.840.113549.1.9.3", making.oid("1.2.840.113549.1.7.1"))]
)
def test_content_type(changed: bytes | None) -> None:
    fails("CONTENT_TYPE", attrs=attrs(kind=changed))


@pytest.mark.parametrize(
    "value", [None, (tlv(4, bytes(32)),), (), (tlv(4), tlv(4)), (tlv(2, b"\0"),)]
)
def test_message_digest(value: tuple[bytes, ...] | None) -> None:
    changed = None if value is None else tsa.attribute("1.2.840.113549.1.9.4", *value)
    fails("MESSAGE_DIGEST", attrs=attrs(digest=changed))


def test_no_signed_attributes() -> None:
    """A signature of the content itself: nothing then says which certificate is meant."""
    report = stamps.verified(stamps.token(attrs=lambda data: ()))
    assert stamps.failed(report) == {"CONTENT_TYPE", "MESSAGE_DIGEST", "SIGNING_CERTIFICATE"}


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (tlv(0x30, tlv(0x30, tlv(0xA4, making.name("tsa ca"))), making.integer(99)), "serial"),
        (tlv(0x30, tlv(0x30, tlv(0xA4, making.name("nobody"))), making.integer(0)), "serial"),
        (tlv(0x30, tlv(0x30), making.integer(0)), "serial"),
    ],
)
def test_certificate_named_wrongly(more: bytes, says: str) -> None:
    named = tsa.certificate_id(stamps.authority("sm2").signer.der, "sm3", more=more)
    assert says in fails("SIGNING_CERTIFICATE", attrs=attrs(id=named))


def test_certificate_named_with_another_issuer() -> None:
    signer = stamps.authority("sm2").signer
    names = tlv(0x30, tlv(0xA4, making.name("nobody")))
    more = tlv(0x30, names, making.integer(signer.serial))
    named = tsa.certificate_id(signer.der, "sm3", more=more)
    assert "issuer" in fails("SIGNING_CERTIFICATE", attrs=attrs(id=named))


def test_certificate_named_by_a_hash_of_another() -> None:
    named = tsa.certificate_id(stamps.authority("sm2").ca.der, "sm3")
    assert "another" in fails("SIGNING_CERTIFICATE", attrs=attrs(id=named))
    both = tsa.certificate_id(stamps.authority("sm2").signer.der, "sha1", v1=True)
    fails("SIGNING_CERTIFICATE", attrs=lambda data: (*attrs(id=named)(data), both))


@pytest.mark.parametrize("value", [(), (tlv(0x30),), (tlv(0x30, tlv(0x30)),), (tlv(4),)])
def test_certificate_named_by_nothing(value: tuple[bytes, ...]) -> None:
    fails(
        "SIGNING_CERTIFICATE", attrs=attrs(id=tsa.attribute("1.2.840.113549.1.9.16.2.47", *value))
    )
    fails("SIGNING_CERTIFICATE", attrs=attrs(id=None))


def test_signature_by_another_key() -> None:
    other = holders.key("sm2", "forger")
    fails("SIGNATURE", sign=lambda data: holders.sign(other, data))


@pytest.mark.parametrize(
    ("kind", "algorithm", "used", "says"),
    [
        ("sm2", bytes.fromhex("300506032b6571"), "sm3", "1.3.101.113"),
        ("sm2", SM2, "sha256", "sha256"),
        ("rsa", bytes.fromhex("300d06092a864886f70d01010c0500"), "sha256", "rsa-sha384"),
        ("sm2", tlv(0x30), "sm3", "nothing"),
        ("sm2", tlv(0x30, tlv(2, b"\0")), "sm3", "malformed"),
    ],
)
def test_algorithms_that_do_not_fit(kind: str, algorithm: bytes, used: str, says: str) -> None:
    assert says in fails("ALGORITHM", kind, algorithm=algorithm, used=used)


def test_algorithm_of_another_kind_of_key() -> None:
    fails("SIGNATURE", algorithm=RSA, used="sha256")


def test_algorithm_that_the_policy_does_not_accept() -> None:
    accepted = {"algorithms": frozenset({"rsa-sha256"})}
    report = stamps.verified(stamps.token(), policy=accepted)
    assert stamps.failed(report) == {"ALGORITHM", "CHAIN"}


def test_broken_hash_of_the_content() -> None:
    report = stamps.verified(
        stamps.token("rsa", used="sha1", algorithm=bytes.fromhex("300d06092a864886f70d0101050500")),
        "rsa",
    )
    assert {"ALGORITHM", "MESSAGE_DIGEST"} <= stamps.failed(report)


@pytest.mark.parametrize(
    ("purposes", "also", "says"),
    [
        (None, set(), "no extKeyUsage"),
        (tsa.purpose(making.EMAIL), {"CHAIN"}, "not for time stamps"),
        (tsa.purpose(critical=False), set(), "not critical"),
        (tsa.purpose(tsa.TIME_STAMPING, making.EMAIL), set(), "other purposes"),
    ],
    ids=["none", "another", "not critical", "more"],
)
def test_purpose(purposes: Any, also: set[str], says: str, tmp_path: Path) -> None:
    maker = tsa.Authority(tmp_path, purposes=purposes)
    report = stamps.verified(maker.token(stamps.query()), authority=maker)
    assert stamps.failed(report) == {"PURPOSE"} | also, stamps.told(report)
    assert says in report.of(ts.TokenName.PURPOSE).reason


def test_name_of_the_authority() -> None:
    fails("AUTHORITY_NAME", name=tlv(0xA4, making.name("somebody")))
    fails("AUTHORITY_NAME", name=tlv(0x82, b"tsa.example"))
    assert "compared" in fails("AUTHORITY_NAME", name=tlv(0xA4, tlv(0x30, tlv(0x31))))


def test_alternative_name_of_the_authority() -> None:
    maker = stamps.authority("sm2")
    given = (making.usage("digital_signature"), tsa.purpose(), making.alt_name())
    life = (tsa.now() - WEEK, tsa.now() + WEEK)
    signer = maker.ca.leaf("tsa", given=given, life=life)
    digest = tlv(4, tsa.digest("sm3", stamps.DATA))
    imprint = tlv(0x30, bytes.fromhex(tsa.HASHES["sm3"]), digest)
    info = tsa.tst_info(1, imprint=imprint, name=tlv(0x82, b"signer.example"))
    report = stamps.verified(tsa.signed(info, signer, (maker.ca,)), nonce=None)
    assert report.valid, stamps.told(report)


def test_expired_when_it_was_made(tmp_path: Path) -> None:
    maker = tsa.Authority(tmp_path, life=(tsa.now() - 2 * WEEK, tsa.now() - WEEK))
    report = stamps.verified(maker.token(stamps.query()), authority=maker)
    assert stamps.failed(report) == {"CHAIN"}
    assert report.chain is not None
    assert [(each.name, each.position) for each in report.chain.failures] == [(Name.VALIDITY, 0)]
    before = maker.token(stamps.query(), at=tsa.now() - WEEK - datetime.timedelta(days=1))
    report = stamps.verified(before, authority=maker)
    assert report.valid, "it was valid when the stamp was made: " + stamps.told(report)


def test_another_root(tmp_path: Path) -> None:
    other = forest.root("sm2", "other", "other", life=(tsa.now() - WEEK, tsa.now() + WEEK))
    maker = tsa.Authority(tmp_path)
    (maker.trust / "root.pem").write_bytes(other.pem)
    report = stamps.verified(maker.token(stamps.query()), authority=maker)
    assert stamps.failed(report) == {"CHAIN"}
    assert "TRUST_ANCHOR" in report.of(ts.TokenName.CHAIN).reason


def _list(issuer: forest.Entity, revoked: tuple[Any, ...] = ()) -> bytes:
    life = (tsa.now() - datetime.timedelta(hours=1), tsa.now() + WEEK)
    return evidence.revocation_list(issuer.name, issuer.key, revoked, life=life)


@pytest.mark.parametrize(
    ("why", "ago", "status"),
    [
        ("superseded", 2, Status.FAILED),
        ("superseded", 0, Status.WARNING),
        ("keyCompromise", 0, Status.FAILED),
        ("", 0, Status.FAILED),
        ("certificateHold", 0, Status.FAILED),
    ],
    ids=["before", "after", "compromised", "no reason", "hold"],
)
@pytest.mark.parametrize("inside", [False, True])
def test_revoked(why: str, ago: int, status: Status, inside: bool) -> None:
    """RFC 3161, 4: only with some reasons do stamps of before the revocation go on to count."""
    maker = stamps.authority("sm2")
    since = tsa.now() - ago * datetime.timedelta(days=1) - datetime.timedelta(minutes=1)
    more = (evidence.reason(why),) if why else ()
    lists = [_list(maker.root), _list(maker.ca, ((maker.signer.serial, since, more),))]
    made = tsa.now() - datetime.timedelta(days=1)
    token = stamps.token(at=made, lists=lists if inside else ())
    policy = {"revocation": Revocation.REQUIRED}
    report = stamps.verified(token, policy=policy, lists=() if inside else lists)
    assert stamps.status(report, ts.TokenName.CHAIN) is status, stamps.told(report)
    assert stamps.failed(report) == ({"CHAIN"} if status is Status.FAILED else set())


def test_not_revoked_by_lists_of_today() -> None:
    maker = stamps.authority("sm2")
    token = stamps.token(at=tsa.now() - WEEK)
    required = {"revocation": Revocation.REQUIRED}
    assert stamps.failed(stamps.verified(token, policy=required)) == {"CHAIN"}
    report = stamps.verified(token, policy=required, lists=[_list(maker.root), _list(maker.ca)])
    assert report.valid, stamps.told(report)


@pytest.mark.parametrize(
    "changes",
    [
        {"outer": "1.2.840.113549.1.7.1"},
        {"content_type": "1.2.840.113549.1.7.1"},
        {"signers": 0},
        {"signers": 2},
        {"version": 3},
        {"nonce": 1 << 400},
        {"lists": [tlv(0x30, b"\x05\x00")]},
        {"certificates": [tlv(0x30, b"\x05\x00")]},
        {"certificates": [tlv(0xA0)] * 17},
        {"attrs": lambda data: [tsa.attribute("1.2.3")] * 2},
        {"attrs": lambda data: [tsa.attribute(f"1.2.{i}") for i in range(33)]},
        {"imprint": tlv(0x30, bytes.fromhex(tsa.HASHES["sm3"]), tlv(4, bytes(31)))},
        {"at": datetime.datetime(1, 1, 1), "fraction": b"99"},
    ],
)
def test_malformed(changes: dict[str, Any]) -> None:
    report = stamps.verified(stamps.token(**changes))
    assert stamps.failed(report) == {"FORMAT"}
    assert report.token is None
    with pytest.raises(KeyError):
        report.of(ts.TokenName.IMPRINT)


@pytest.mark.parametrize("data", [b"", b"\x30", b"0" * 999, bytes(300 * 1024), b"\x30\x80\x00\x00"])
def test_garbage(data: bytes) -> None:
    with pytest.raises(InputError, match="time stamp"):
        ts.TimeStampToken.read(data)
    assert stamps.failed(stamps.verified(data)) == {"FORMAT"}
