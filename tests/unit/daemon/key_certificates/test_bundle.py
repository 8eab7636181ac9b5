"""What is read of the certificates that a caller gives, and in what order they are kept."""

import itertools

import pytest

from signetd.daemon.certificates import bundle
from signetd.drivers.errors import Reason, SignetError
from tests.unit.daemon.key_certificates.having import forest, holders, leaf, pems, read


@pytest.mark.parametrize("kind", holders.KINDS)
def test_every_order_becomes_the_same_chain(kind: str) -> None:
    m = forest.maker(kind)
    for given in itertools.permutations((m.leaf, m.ca, m.root)):
        found = bundle.read(pems(given))
        own = bundle.of_key(found, m.leaf.key.spki)
        assert own is not None
        assert list(bundle.chain(own, found)) == read(m.leaf, m.ca, m.root)


def test_the_same_certificate_twice_counts_once() -> None:
    m = forest.maker("ec")
    found = bundle.read(pems([m.leaf, m.ca, m.leaf, m.ca]))
    assert found == read(m.leaf, m.ca)


def test_a_chain_may_end_below_the_root() -> None:
    m = forest.maker("ec")
    for given in ([m.leaf], [m.ca, m.leaf]):
        found = bundle.read(pems(given))
        assert len(bundle.chain(read(m.leaf)[0], found)) == len(given)


def test_one_certificate_in_der() -> None:
    m = forest.maker("sm2")
    assert bundle.read(m.leaf.der) == read(m.leaf)


def test_a_ca_with_two_keys_of_one_name_is_told_by_its_signature() -> None:
    m = forest.maker("ec")
    old = m.root.ca("ca", holders.key("ec", "another key of the ca"))
    found = bundle.read(pems([old, m.leaf, m.ca]))
    with pytest.raises(SignetError, match="does not belong") as caught:
        bundle.chain(read(m.leaf)[0], found)
    assert caught.value.reason is Reason.CERTIFICATE_UNSUITABLE
    found = bundle.read(pems([old, m.leaf]))
    with pytest.raises(SignetError, match="not signed by the issuer's key"):
        bundle.chain(read(m.leaf)[0], found)


def test_two_certificates_of_the_key_are_one_too_many() -> None:
    one = leaf()
    other = leaf(key=one.key, common_name="again")
    with pytest.raises(SignetError, match="There are 2 certificates of the key") as caught:
        bundle.of_key(read(one, other), one.key.spki)
    assert caught.value.reason is Reason.CERTIFICATE_UNSUITABLE


def test_a_circle_of_cas_ends() -> None:
    """Two CAs that have certified each other, and neither itself."""
    one_key, other_key = holders.key("ec", "circle 1"), holders.key("ec", "circle 2")
    one = forest.root("ec", "one", "circle 1").ca("two", other_key)
    two = forest.root("ec", "two", "circle 2").ca("one", one_key)
    end = forest.root("ec", "one", "circle 1").leaf()
    found = bundle.read(pems([one, end, two]))
    chain = bundle.chain(read(end)[0], found)
    assert list(chain) == read(end, two, one)


@pytest.mark.parametrize(
    ("data", "reason", "text"),
    [
        (b"", Reason.INPUT_MISSING, "certificates is missing"),
        (b"\x30\x03\x02\x01\x01", Reason.INPUT_INVALID, "certificates"),
        (b"x" * (bundle.MAX_BYTES + 1), Reason.INPUT_INVALID, "262145 bytes"),
    ],
)
def test_what_cannot_be_read_is_refused(data: bytes, reason: Reason, text: str) -> None:
    with pytest.raises(SignetError, match=text) as caught:
        bundle.read(data)
    assert caught.value.reason is reason


def test_a_private_key_is_refused_and_not_repeated() -> None:
    with pytest.raises(SignetError, match="BEGIN PRIVATE KEY") as caught:
        bundle.read(holders.key("ec", "secret").pem)
    body = holders.key("ec", "secret").pem.splitlines()[1].decode()
    assert body not in caught.value.message


def test_more_than_eight_are_refused() -> None:
    with pytest.raises(SignetError, match="has 9 of them; at most 8"):
        bundle.read(pems([leaf() for _ in range(9)]))
