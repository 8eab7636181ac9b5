"""Trust lists: what is read, what is refused, what is told of them, and what is written."""

import subprocess
import time
import tomllib
from datetime import UTC, datetime, timedelta

import pytest

from signetd.pki import Certificate, InputError, RevocationList
from signetd.seal import TrustList, notices
from signetd.seal.trust_list import MAX_BYTES, MAX_ROOTS
from signetd.seal.trust_list_text import text
from tests.unit.pki import evidence, forest, holders, making
from tests.unit.pki.making import DAY, NOW
from tests.unit.seal import workshop

HOUSE = workshop.House("listed")


def pem(der: bytes, label: str = "CERTIFICATE") -> str:
    return making.pem(der, label).decode()


ROOT, CA = pem(HOUSE.root.der), pem(HOUSE.ca.der)
CRL = pem(HOUSE.lists()[1], "X509 CRL")


def listed(**fields: str) -> bytes:
    """Return a list with some fields as they are written in TOML; "" leaves a field out."""
    given = {
        "format": '"signetd-trust-list-1"',
        "name": '"测试省"',
        "makers": f'"""\n{ROOT}"""',
        **fields,
    }
    return "\n".join(f"{name} = {value}" for name, value in given.items() if value).encode()


def test_a_list_says_whom_to_trust_for_what() -> None:
    found = TrustList.read(
        listed(
            comment='"of the gazette"',
            issued="2026-06-01T08:00:00+08:00",
            next_update="2026-12-01T00:00:00Z",
            accepted_makers=f'["{"AB" * 32}", "{"cd" * 32}"]',
            signers=f'"""{ROOT}{CA}"""',
            time_authorities=f"'''{CA}'''",
            intermediates=f'"""text before\n{CA}text after"""',
            crls=f'"""{CRL}"""',
        )
    )
    assert (found.name, found.comment) == ("测试省", "of the gazette")
    assert found.issued == datetime(2026, 6, 1, tzinfo=UTC)
    assert found.accepted_makers == frozenset({"ab" * 32, "cd" * 32})
    root, ca = Certificate.read(HOUSE.root.der), Certificate.read(HOUSE.ca.der)
    assert (found.makers, found.signers) == ((root,), (root, ca))
    assert (found.time_authorities, found.intermediates) == ((ca,), (ca,))
    assert [each.issuer for each in found.crls] == [ca.subject]
    assert found.roots == (root, ca)
    trust = found.trust("trustLists/x/versions/1")
    assert trust.makers.name == "trustLists/x/versions/1"
    assert root in trust.makers and ca not in trust.makers and ca in trust.signers


def test_certificates_alone_are_roots_for_everybody() -> None:
    found = TrustList.read(f"subject=CN = somebody\n{ROOT}\n{CA}".encode())
    assert len(found.makers) == 2
    assert found.makers == found.signers == found.time_authorities
    assert found.accepted_makers is None and found.is_current(NOW)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "neither a list"),
        (b"nothing of use", "neither a list"),
        (b"\xff" * 9, "it is not UTF-8 (byte 0)"),
        (bytes(MAX_BYTES + 1), "4194305 bytes; 4194304 are the most"),
        (b"\n" * 100_001, "more than 100000 lines"),
        (b"\n" + b"x" * 1001, "line 2 has more than 1000 bytes"),
        (listed(format='"signetd-trust-list-2"'), "format"),
        (listed(format="1"), "format"),
        (listed(name=""), "name"),
        (listed(name='""'), "name"),
        (listed(name='"a\\u001bb"'), "name"),
        (listed(makers=""), "makers"),
        (listed(makers='""'), "makers: it has no certificate"),
        (listed(makers='"MIIB"'), "makers: it is not PEM"),
        (listed(makers=f'"""\n{CRL}"""'), "makers: a block of PEM is BEGIN X509 CRL"),
        (listed(makers=f'"""\n{ROOT[:200]}"""'), "makers: a block of PEM is cut short"),
        (listed(crls=f'"""\n{ROOT}"""'), "crls: a block of PEM is BEGIN CERTIFICATE"),
        (listed(signers="[]"), "signers"),
        (listed(maker='"x"'), "unknown field `maker`"),
        (listed(issued='"today"'), "issued"),
        (listed(issued="2026-06-01T00:00:00"), "issued"),
        (listed(issued="2026-06-01"), "issued"),
        (listed(issued="2026-02-30T00:00:00Z"), "TOML"),
        (listed(issued="2026-06-01T00:00:00Z", next_update="2026-06-01T00:00:00Z"), "next_update"),
        (listed(accepted_makers="[]"), "accepted_makers"),
        (listed(accepted_makers='["ab"]'), "accepted_makers"),
        (listed(accepted_makers=f'["{"g" * 64}"]'), "accepted_makers"),
        (listed() + b"\nname = 1", "TOML"),
        (listed() + b"\n[more]\nx = 1", "unknown field `more`"),
        (listed() + b"\nx = " + b"[\n" * 50_000, "TOML"),
        (listed() + b"\n" + b"a." * 100 + b"b = 1", "words joined by dots"),
    ],
)
def test_what_is_no_list_is_refused_by_its_field(content: bytes, said: str) -> None:
    before = time.monotonic()
    with pytest.raises(InputError) as caught:
        TrustList.read(content)
    assert said in str(caught.value)
    assert time.monotonic() - before < 20


def test_there_is_a_limit_for_each_kind() -> None:
    makers = ROOT * (MAX_ROOTS + 1)
    with pytest.raises(InputError, match=f"makers: it has {MAX_ROOTS + 1}; {MAX_ROOTS} are"):
        TrustList.read(listed(makers=f'"""{makers}"""'))
    with pytest.raises(InputError, match="crls: it has 33; 32 are the most"):
        TrustList.read(listed(crls=f'"""{CRL * 33}"""'))


def test_all_is_well_with_a_good_list() -> None:
    found = TrustList.read(listed(signers=f'"""{ROOT}"""', crls=f'"""{CRL}"""'))
    assert notices(found, NOW) == ()


def test_what_is_expired_weak_or_missing_is_told() -> None:
    old = HOUSE.ca.leaf("old ca", holders.key("sm2", "old"), life=(NOW - 9 * DAY, NOW - DAY))
    stale = evidence.revocation_list(HOUSE.ca.name, HOUSE.ca.key, life=(NOW - 9 * DAY, NOW - DAY))
    found = TrustList.read(
        listed(
            issued=f"{NOW + DAY:%Y-%m-%dT%H:%M:%SZ}",
            makers=f'"""{pem(old.der)}"""',
            crls=f'"""{pem(stale, "X509 CRL")}"""',
        )
    )
    told = notices(found, NOW)
    assert any("is to come" in each for each in told)
    assert any("makers, number 1" in each and "expired" in each for each in told)
    assert any("crls, number 1: it counted until" in each for each in told)
    assert any("signers has no certificate" in each for each in told)
    assert len(told) == 4, told


def test_weak_keys_are_told() -> None:
    weak = forest.root("rsa1024", "weak")
    told = notices(TrustList.read(pem(weak.der).encode()), NOW)
    assert any("makers, number 1" in each and "rsa with 1024 bits" in each for each in told), told


def test_a_list_has_an_end() -> None:
    found = TrustList.read(listed(next_update=f"{NOW:%Y-%m-%dT%H:%M:%SZ}"))
    assert found.is_current(NOW)
    after = NOW + timedelta(seconds=1)
    assert not found.is_current(after)
    assert any("counted until" in each for each in notices(found, after))


def test_what_is_written_is_read_as_it_was() -> None:
    given = TrustList.read(
        listed(signers=f'"""{CA}"""', intermediates=f'"""{CA}"""', crls=f'"""{CRL}"""')
    )
    name, comment = 'a "name" \\ of 测试', "two\nlines, a tab\tand \x7f"
    written = text(
        given.trust(),
        name=name,
        comment=comment,
        issued=NOW,
        next_update=NOW + DAY,
        accepted_makers=["AB" * 32],
    )
    found = TrustList.read(written.encode())
    assert (found.name, found.comment) == (name, comment)
    assert (found.issued, found.next_update) == (NOW, NOW + DAY)
    assert (found.makers, found.signers) == (given.makers, given.signers)
    assert found.intermediates == given.intermediates and not found.time_authorities
    assert [each.der for each in found.crls] == [each.der for each in given.crls]
    assert found.accepted_makers == frozenset({"ab" * 32})


def test_openssl_reads_what_is_written() -> None:
    trust = TrustList.read(listed(crls=f'"""{CRL}"""')).trust()
    tables = tomllib.loads(text(trust, name="x"))
    for field, command in (("makers", "x509"), ("crls", "crl")):
        done = subprocess.run(
            ["openssl", command, "-outform", "DER"], input=tables[field].encode(),
            capture_output=True, check=True,
        )  # fmt: skip
        expected = HOUSE.root.der if field == "makers" else RevocationList.read(CRL.encode()).der
        assert done.stdout == expected
