"""Which certificates are kept for a key, and why the others are not."""

from typing import Any

import pytest

from signetd.daemon.certificates import judging
from signetd.drivers.errors import Reason, SignetError
from signetd.pki import Certificate
from tests.unit.daemon.key_certificates.having import (
    DAY,
    NOW,
    forest,
    holders,
    leaf,
    making,
    read,
)


def refusal(*chain: Any) -> str:
    with pytest.raises(SignetError) as caught:
        judging.check(read(*chain), NOW)
    assert caught.value.reason is Reason.CERTIFICATE_UNSUITABLE
    return caught.value.message


@pytest.mark.parametrize("kind", holders.KINDS)
def test_a_good_chain_is_taken_with_and_without_its_top(kind: str) -> None:
    m = forest.maker(kind)
    for chain in ((m.leaf, m.ca, m.root), (m.leaf, m.ca), (m.leaf,)):
        judging.check(read(*chain), NOW)


def test_one_that_is_not_valid_yet_is_taken() -> None:
    judging.check(read(leaf(life=forest.LATER)), NOW)


@pytest.mark.parametrize("usage", ["digital_signature", "content_commitment"])
def test_either_usage_for_signatures_will_do(usage: str) -> None:
    judging.check(read(leaf(given=(making.usage(usage),))), NOW)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"life": forest.OLD}, "expired at"),
        ({"given": (making.usage("key_encipherment"),)}, "not digitalSignature or nonRepudiation"),
        ({"given": (making.usage("key_cert_sign"), making.basic(ca=True))}, "it is of a CA"),
        ({"digest": "sha1"}, "ecdsa-sha1, which is not accepted"),
        ({"version": 1, "given": (making.alt_name(),)}, "version 1"),
        ({"given": (("1.3.6.1.4.1.55555.1", True, b"\x05\x00"),)}, "critical, and not known"),
    ],
)
def test_an_unsuitable_end_is_refused(changes: dict[str, Any], why: str) -> None:
    assert why in refusal(leaf(**changes))


@pytest.mark.parametrize("kind", ["rsa1024", "secp256k1"])
def test_a_weak_key_is_refused(kind: str) -> None:
    holder = holders.key(kind, "weak")
    assert "accepted:" in refusal(leaf(key=holder))


def test_an_expired_ca_is_refused_although_its_end_is_not() -> None:
    m = forest.maker("ec")
    ca = m.root.ca("old ca", life=forest.OLD)
    assert "old ca: expired" in refusal(ca.leaf(), ca, m.root)


def test_an_end_is_no_issuer() -> None:
    m = forest.maker("ec")
    assert "not of a CA" in refusal(m.leaf.leaf("below"), m.leaf, m.ca)


def test_a_root_with_an_old_hash_is_taken_and_one_that_was_altered_is_not() -> None:
    """What it is signed with proves nothing; but a signature that could be good must be."""
    old = forest.root("rsa", "old root", digest="sha1")
    judging.check(read(old.leaf(), old), NOW)
    root = forest.root("rsa", "new root")
    altered = root.der[:-1] + bytes([root.der[-1] ^ 1])
    with pytest.raises(SignetError, match="new root: it is not signed by"):
        judging.check([*read(root.leaf()), Certificate.read(altered)], NOW)


def test_its_own_signature_counts_where_nobody_else_signed() -> None:
    own = forest.root("ec", "own", given=(making.usage("digital_signature"),))
    judging.check(read(own), NOW)
    altered = own.der[:-1] + bytes([own.der[-1] ^ 1])
    with pytest.raises(SignetError, match="own: it is not signed by"):
        judging.check([Certificate.read(altered)], NOW)


def test_it_counts_until_its_last_second() -> None:
    end = NOW + DAY
    chain = read(leaf(life=(NOW - DAY, end)))
    judging.check(chain, end)
    with pytest.raises(SignetError, match="expired"):
        judging.check(chain, end + DAY / 86400)
