"""Weak algorithms and keys, wrong signer IDs, the ways to write SM2, and SM2 beside openssl."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from signetd.pki import Name, Report, Status, algorithms, keys
from tests.unit.pki import holders, judges, making
from tests.unit.pki.cases import LABELS, case
from tests.unit.pki.forest import Case, Entity, maker, root

SM2 = "1.2.156.10197.1.301"


def failing(report: Report) -> set[tuple[Name, int]]:
    return {(each.name, each.position) for each in report.failures}


@pytest.mark.parametrize(
    ("kind", "digest", "accepted_by_openssl"),
    [("rsa", "md5", False), ("rsa", "sha1", False), ("ec", "sha1", False), ("rsa", "sha256", True)],
)
def test_broken_hash_is_refused(
    kind: str, digest: str, accepted_by_openssl: bool, tmp_path: Path
) -> None:
    m = maker(kind)
    chain = m.good("hash", m.ca.leaf(digest=digest))
    report = judges.ours(chain)
    assert failing(report) == (set() if accepted_by_openssl else {(Name.ALGORITHM, 0)})
    assert report.of(Name.SIGNATURE).status is Status.PASSED, "only the strength is wrong"
    assert judges.openssl(chain, tmp_path)[0] == accepted_by_openssl


@pytest.mark.parametrize(("kind", "weak"), [("rsa", "rsa1024"), ("ec", "secp256k1")])
def test_weak_key_is_refused(kind: str, weak: str, tmp_path: Path) -> None:
    m = maker(kind)
    chain = m.good("weak", m.ca.leaf(key=holders.key(weak, "weak")))
    assert failing(judges.ours(chain)) == {(Name.PUBLIC_KEY, 0)}
    # openssl counts bits, and has nothing against the curve; cryptography does not look at it.
    assert judges.openssl(chain, tmp_path)[0] == (weak == "secp256k1")


def test_policy_can_ask_for_sm2_only() -> None:
    only = {"algorithms": frozenset({"sm2-sm3"}), "curves": frozenset({"sm2"})}
    m = maker("sm2")
    assert judges.ours(m.good("sm2", policy=only)).valid
    other = maker("ec")
    found = failing(judges.ours(other.good("ec", policy=only)))
    assert {(Name.ALGORITHM, 0), (Name.PUBLIC_KEY, 0)} <= found


def test_broken_hashes_cannot_be_allowed() -> None:
    with pytest.raises(ValueError, match="algorithms has rsa-sha1"):
        judges.policy(algorithms=frozenset({"rsa-sha1"}))


def test_another_signer_id_needs_to_be_known() -> None:
    m = maker("sm2")
    chain = m.good("id", m.ca.leaf(signer_id=b"ALICE123@YAHOO.COM"))
    report = judges.ours(chain)
    assert failing(report) == {(Name.SIGNATURE, 0)}
    assert "another ID than the policy's" in report.of(Name.SIGNATURE).reason
    everywhere = root("sm2", signer_id=b"ALICE123@YAHOO.COM")
    leaf = everywhere.leaf(signer_id=b"ALICE123@YAHOO.COM")
    alice: dict[str, Any] = {"signer_id": b"ALICE123@YAHOO.COM"}
    assert judges.ours(Case("alice", leaf, (), (everywhere,), policy=alice)).valid


def steps_of(report: Report) -> list[tuple[int, bool]]:
    """Return each step with whether it should hold by itself."""
    bad = failing(report)
    own = {Name.VALIDITY, Name.SIGNATURE, Name.NAME_CHAINING, Name.KEY_IDENTIFIERS}
    both = {Name.VALIDITY, Name.BASIC_CONSTRAINTS, Name.KEY_USAGE, Name.CRITICAL_EXTENSIONS}
    return [
        (low, not any((p == low and n in own) or (p == high and n in both) for n, p in bad))
        for low, high in pairwise(range(len(report.path)))
    ]


STEPS = [
    "good", "expired_leaf", "expired_intermediate", "expired_root", "forged_leaf",
    "forged_intermediate", "issuer_is_no_ca", "issuer_without_key_cert_sign", "cross_signed",
    "intermediate_with_a_new_key", "new_key_vouched_for_by_the_old_one", "key_identifier_wrong",
]  # fmt: skip


@pytest.mark.parametrize("label", STEPS)
def test_openssl_agrees_on_each_step_of_an_sm2_chain(label: str, tmp_path: Path) -> None:
    assert label in LABELS
    report = judges.ours(case("sm2", label))
    for position, expected in steps_of(report):
        child, issuer = report.path[position : position + 2]
        holds, said = judges.openssl_link(child, issuer, tmp_path)
        assert holds == expected, f"openssl verify says of {child.name}: {said}"


def spki(identifier: str, parameters: bytes) -> bytes:
    point = holders.key("sm2", "ca").bits
    algorithm = making.tlv(0x30, making.oid(identifier), parameters)
    return making.tlv(0x30, algorithm, making.bit_string(point))


@pytest.mark.parametrize(
    ("identifier", "parameters"),
    [(SM2, b""), (SM2 + ".1", b"\x05\x00"), (SM2, making.oid(SM2)), (SM2 + ".1", making.oid(SM2))],
)
def test_other_ways_to_write_sm2_are_remarked(identifier: str, parameters: bytes) -> None:
    key = keys.read(spki(identifier, parameters))
    assert key.kind == "sm2" and "written as" in key.remark


@pytest.mark.parametrize(
    ("identifier", "curve", "why"),
    [
        (SM2 + ".2", making.oid(SM2), "key exchange only"),
        (SM2 + ".3", b"", "encryption only"),
        ("1.2.840.10045.2.1", making.oid(SM2 + ".3"), "encryption only"),
        ("1.2.840.113549.1.1.1", making.oid(SM2), "is not a key on the SM2 curve"),
        (SM2, making.oid("1.2.840.10045.3.1.7"), "is not a key on the SM2 curve"),
    ],
)
def test_sm2_keys_for_something_else_are_refused(identifier: str, curve: bytes, why: str) -> None:
    with pytest.raises(keys.KeyProblem, match=why):
        keys.read(spki(identifier, curve))


def test_sm2_signature_is_not_taken_for_another_algorithm() -> None:
    """The inner and outer algorithm say ECDSA, the key is SM2: not valid, and no crash."""
    how = algorithms.scheme(bytes.fromhex("300a06082a8648ce3d040302"))
    ca = holders.key("sm2", "ca")
    signature = holders.sign(ca, b"data")
    assert not algorithms.verify(how, keys.read(ca.spki), b"data", signature, holders.ID)


def test_rsa_pss_is_verified_with_its_parameters() -> None:
    parameters = (
        "303d06092a864886f70d01010a3030a00d300b0609608648016503040201"
        "a11a301806092a864886f70d010108300b0609608648016503040201a203020120"
    )
    how = algorithms.scheme(bytes.fromhex(parameters))
    assert how == algorithms.Scheme("rsa-pss", "sha256", 32)
    signer = holders.key("rsa", "ca")
    options = ["-pkeyopt", "rsa_padding_mode:pss", "-pkeyopt", "rsa_pss_saltlen:32"]
    signature = pss(signer, b"data", options)
    key = keys.read(signer.spki)
    assert algorithms.verify(how, key, b"data", signature, b"")
    assert not algorithms.verify(how, key, b"Data", signature, b"")


def pss(signer: holders.Key, data: bytes, options: list[str]) -> bytes:
    import tempfile

    with tempfile.NamedTemporaryFile() as private, tempfile.NamedTemporaryFile() as message:
        Path(private.name).write_bytes(signer.pem)
        Path(message.name).write_bytes(data)
        command = ["pkeyutl", "-sign", "-rawin", "-digest", "sha256", "-inkey", private.name]
        return holders.openssl(*command, "-in", message.name, *options)


def test_chains_of_mixed_kinds_hold() -> None:
    top = maker("rsa").root
    ca = top.ca("mixed ca", holders.key("sm2", "mixed ca"))
    leaf: Entity = ca.leaf(key=holders.key("ec", "mixed leaf"))
    assert judges.ours(Case("mixed", leaf, (ca,), (top,))).valid


@pytest.mark.parametrize("parameters", ["", "0500"])
def test_sm2_with_sm3_is_known_with_and_without_null(parameters: str) -> None:
    """Chinese CAs write NULL, openssl writes nothing."""
    oid = bytes.fromhex("06082a811ccf55018375" + parameters)
    assert algorithms.scheme(making.tlv(0x30, oid)).name == "sm2-sm3"


@pytest.mark.parametrize("algorithm", ["3000", "300506032a0304", "300c06082a811ccf550183750400"])
def test_unknown_algorithm_is_told(algorithm: str) -> None:
    with pytest.raises(algorithms.UnsupportedError, match="not known"):
        algorithms.scheme(bytes.fromhex(algorithm))


def test_report_has_every_check_of_every_certificate() -> None:
    report = judges.ours(case("sm2", "good"))
    once, not_of_anchor = {Name.TRUST_ANCHOR, Name.PATH}, {
        Name.ALGORITHM_AGREEMENT, Name.ALGORITHM, Name.NAME_CHAINING, Name.KEY_IDENTIFIERS,
    }  # fmt: skip
    of_cas = {Name.PATH_LENGTH, Name.NAME_CONSTRAINTS}
    every = set(Name)
    for position, missing in enumerate([of_cas, once, once | not_of_anchor]):
        found = {each.name for each in report.checks if each.position == position}
        assert every - found == missing, f"certificate {position}"
