"""The search for a path stays within its bounds; trust stores and policies refuse nonsense."""

from pathlib import Path

import pytest

from signetd.pki import Certificate, InputError, Name, Status, TrustStore, names, validate
from signetd.pki.building import MAX_TRIES, Builder
from signetd.pki.links import Signatures
from signetd.pki.policy import LONGEST_PATH
from tests.unit.pki import holders, judges, making
from tests.unit.pki.forest import Entity, maker, root


def chain(kind: str, count: int) -> list[Entity]:
    """Return a root, and CAs each below the one before."""
    found = [root(kind, "deep", "deep")]
    for i in range(count):
        found.append(found[-1].ca(f"deep {i}"))
    return found


def test_longest_path_holds_and_a_longer_one_does_not() -> None:
    top, *between = chain("ed25519", LONGEST_PATH - 1)
    store = judges.store(top)
    short, long = between[-2].leaf(), between[-1].leaf()
    others = [each.der for each in between]
    assert validate(short.der, judges.policy(), store, others).valid
    report = validate(long.der, judges.policy(), store, others)
    assert not report.valid and len(report.path) == LONGEST_PATH
    assert "no anchor was reached" in report.of(Name.TRUST_ANCHOR).reason


def test_policy_shortens_the_path() -> None:
    m = maker("ed25519")
    report = validate(m.leaf.der, judges.policy(max_path=2), judges.store(m.root), [m.ca.der])
    assert report.of(Name.TRUST_ANCHOR).status is Status.FAILED


def test_forest_of_equal_names_ends_the_search() -> None:
    """Each of thirty CAs of one name has issued all others: more ways than there are atoms."""
    keys = [holders.key("ed25519", f"many {i}") for i in range(12)]
    first = root("ed25519", "many", "many 0")
    pool = [
        Entity("many", signer, b"", 0).ca("many", holder)
        for signer in keys for holder in keys if signer is not holder
    ]  # fmt: skip
    leaf = first.leaf()
    store = judges.store(root("ed25519", "another", "another"))
    builder = Builder(judges.policy(), store, read(pool), Signatures(b""))
    paths = list(builder.paths(Certificate.read(leaf.der)))
    assert builder.is_exhausted and len(paths) <= MAX_TRIES
    report = validate(leaf.der, judges.policy(), store, read(pool))
    assert not report.valid


def read(entities: list[Entity]) -> list[Certificate]:
    return [Certificate.read(each.der) for each in entities]


def test_right_one_of_many_of_a_name_is_found_first() -> None:
    m = maker("ed25519")
    wrong = [m.root.ca("ca", holders.key("ed25519", f"wrong {i}")) for i in range(5)]
    pool = [*(each.der for each in wrong), m.ca.der]
    assert validate(m.leaf.der, judges.policy(), judges.store(m.root), pool).valid


def test_end_that_is_an_anchor_is_trusted_but_checked() -> None:
    m = maker("ec")
    report = validate(m.leaf.der, judges.policy(), judges.store(m.leaf))
    assert report.valid and len(report.path) == 1
    of_ca = validate(m.root.der, judges.policy(), judges.store(m.root))
    assert {each.name for each in of_ca.failures} == {Name.BASIC_CONSTRAINTS, Name.KEY_USAGE}


def test_too_many_certificates_are_refused() -> None:
    m = maker("ec")
    with pytest.raises(InputError, match="more than 256 were given"):
        validate(m.leaf.der, judges.policy(), judges.store(m.root), [m.ca.der] * 257)


def test_report_tells_of_what_for_whom_and_where_it_is_written() -> None:
    m = maker("ec")
    report = validate(m.leaf.der, judges.policy(), judges.store(m.root), [m.ca.der])
    assert [each.name for each in report.path] == ["CN=leaf", "CN=ca", "CN=root"]
    check = report.of(Name.SIGNATURE)
    assert (check.subject, check.clause[:8]) == ("CN=leaf", "RFC 5280")
    with pytest.raises(KeyError, match="of certificate 7"):
        report.of(Name.SIGNATURE, 7)


def test_folder_is_read(tmp_path: Path) -> None:
    m = maker("ec")
    (tmp_path / "a.der").write_bytes(m.root.der)
    (tmp_path / "b.pem").write_bytes(b"the text of openssl\n" + m.root.pem + m.ca.pem)
    (tmp_path / "README").write_text("not a certificate")
    (tmp_path / "old.pem").mkdir()
    store = TrustStore.read(tmp_path)
    assert (store.name, len(store.certificates)) == (str(tmp_path), 2)
    assert Certificate.read(m.ca.der) in store


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("bad.pem", b"x", "bad.pem, number 1: it does not begin"),
        ("empty.crt", b"", "empty.crt"),
        ("big.cer", b"x" * (4 * 1024 * 1024 + 1), "big.cer: it has more than"),
        ("README", b"x", "it has no certificate"),
    ],
)
def test_file_that_cannot_be_read_is_named(
    tmp_path: Path, name: str, content: bytes, why: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=why):
        TrustStore.read(tmp_path)


def test_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere: the folder cannot be read"):
        TrustStore.read(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"at": making.NOW.replace(tzinfo=None)}, "no time zone"),
        ({"key_usages": frozenset({"sign"})}, "key_usages has sign"),
        ({"max_path": 9}, "between 1 and 8"),
        ({"min_rsa_bits": 1024}, "at least 2048"),
        ({"signer_id": bytes(9000)}, "at most 8191"),
    ],
)
def test_policy_that_makes_no_sense_is_refused(change: dict[str, object], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        judges.policy(**change)


def one(tag: int, text: bytes) -> bytes:
    value = making.tlv(0x30, making.oid("2.5.4.3"), making.tlv(tag, text))
    return making.tlv(0x30, making.tlv(0x31, value))


def test_names_are_compared_as_rfc_5280_says() -> None:
    same = {names.key(one(0x0C, b"Some  CA")), names.key(one(0x13, b" some ca "))}
    assert len(same) == 1
    assert names.key(one(0x0C, b"Some CA 2")) not in same


def test_chinese_in_an_ascii_string_is_read_as_it_is_meant() -> None:
    """An e-mail address or name in UTF-8, marked as IA5String, as real CAs have written it."""
    name = one(0x16, "云南".encode())
    assert names.text(name) == "CN=云南"
    assert names.key(name) == names.key(name)


def test_names_write_no_lines_of_their_own() -> None:
    assert names.text(one(0x0C, b"a\nb")) == "CN=a\\0ab"
