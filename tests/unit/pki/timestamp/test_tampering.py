"""Every byte of a token that is changed shows, or is one that nobody vouches for."""

from random import Random

import pytest

from signetd.pki import TrustStore
from signetd.pki import timestamp as ts
from tests import tsa
from tests.unit.pki import making
from tests.unit.pki.timestamp import stamps


def spans(token: bytes, kind: str) -> dict[str, range]:
    """Return the parts that are not signed and decide nothing, by why they are so."""
    used = bytes.fromhex(tsa.HASHES[stamps.HASH[kind]])
    hint = making.tlv(0x31, used)
    content = making.tlv(0x06, making.oid(tsa.TST_INFO)[2:])
    start = token.index(hint)
    version = token.rindex(making.tlv(0x02, b"\x03"), 0, token.index(content))
    letters = token.rindex(b"tsa ca")
    return {
        "the signer's issuer is compared without case": range(letters, letters + 6),
        "the version of SignedData, 1 to 5, says what is in it": range(version, version + 3),
        "digestAlgorithms is a hint for reading in one go": range(start, start + len(hint)),
    }


def survivors(token: bytes, kind: str) -> list[int]:
    """Return where a flipped bit leaves the token valid for this data, nonce and trust store."""
    found = []
    store = TrustStore.read(stamps.authority(kind).trust)
    for place in range(len(token)):
        changed = bytearray(token)
        changed[place] ^= 1 << place % 8
        if stamps.verified(bytes(changed), kind, store=store).valid:
            found.append(place)
    return found


@pytest.mark.parametrize("kind", ["sm2", "ec"])
def test_every_byte_counts(kind: str) -> None:
    token = stamps.token(kind)
    assert stamps.verified(token, kind).valid
    explained = spans(token, kind)
    unexplained = [
        place
        for place in survivors(token, kind)
        if not any(place in span for span in explained.values())
    ]
    assert not unexplained, f"changed bytes that nobody noticed, of {len(token)}: {unexplained}"


def test_a_token_that_is_cut_or_longer() -> None:
    token = stamps.token()
    for size in range(len(token)):
        assert stamps.failed(stamps.verified(token[:size])) == {"FORMAT"}
    assert stamps.failed(stamps.verified(token + b"\x00")) == {"FORMAT"}


def test_parts_of_two_tokens_do_not_fit_together() -> None:
    """The content of one, the signature of another, both by the same authority."""
    one, other = (ts.TimeStampToken.read(stamps.token()) for _ in range(2))
    assert len(one.signed.content) == len(other.signed.content)
    mixed = one.der.replace(one.signed.content, other.signed.content)
    assert stamps.failed(stamps.verified(mixed)) == {"MESSAGE_DIGEST"}


def mangled(token: bytes, random: Random) -> bytes:
    """Change up to four places: other octets, fewer, more, or those of another place."""
    changed = bytearray(token)
    for _ in range(random.randint(1, 4)):
        place, size = random.randrange(len(changed)), random.randint(1, 5)
        match random.randrange(4):
            case 0:
                changed[place] = random.randrange(256)
            case 1:
                del changed[place : place + size]
            case 2:
                changed[place:place] = random.randbytes(size)
            case _:
                source = random.randrange(len(changed))
                changed[place : place + size] = changed[source : source + size]
    return bytes(changed)


@pytest.mark.parametrize("bare", [False, True])
def test_whatever_comes_there_is_a_report(bare: bool) -> None:
    token = stamps.token(bare=bare, name=making.tlv(0xA4, making.name("tsa")))
    store = TrustStore.read(stamps.authority("sm2").trust)
    random = Random(20520)
    for _ in range(1000):
        given = mangled(token, random)
        report = stamps.verified(given, store=store)
        assert report.checks, given.hex()
        assert all(each.reason.isprintable() for each in report.checks), given.hex()
