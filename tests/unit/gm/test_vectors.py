"""Every vector of tests/vectors (its README says whence), on every backend of this host."""

import json
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature

from signetd.gm import backend, sm2, sm3

VECTORS = Path(__file__).parents[2] / "vectors"
BACKENDS = backend.available()
Case = dict[str, str]


def cases(*files: str) -> list[object]:
    return [
        pytest.param(case, id=f"{file}:{case['name']}")
        for file in files
        for case in json.loads((VECTORS / file).read_text(encoding="utf-8"))["cases"]
    ]


@pytest.fixture(params=BACKENDS)
def name(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Verify with this backend, whichever the host would choose."""
    chosen = str(request.param)
    monkeypatch.setattr(backend, "current", lambda: BACKENDS[chosen])
    return chosen


def key_of(case: Case) -> sm2.Sm2PublicKey:
    return sm2.Sm2PublicKey.from_point(bytes.fromhex(case["point"]))


@pytest.mark.parametrize("case", cases("sm3.json"))
def test_sm3(case: Case) -> None:
    assert sm3.sm3(bytes.fromhex(case["message"])).hex() == case["digest"]


@pytest.mark.parametrize("case", cases("sm2_gbt32918_5.json"))
def test_z_of_the_standard(case: Case) -> None:
    assert sm2.z_value(key_of(case), case["signer_id"].encode()).hex() == case["z"]


@pytest.mark.parametrize("case", cases("sm2_gbt32918_5.json", "sm2_openssl.json"))
def test_e(case: Case) -> None:
    message, signer_id = bytes.fromhex(case["message"]), case["signer_id"].encode()
    assert sm2.message_digest(key_of(case), message, signer_id).hex() == case["e"]


@pytest.mark.parametrize("case", cases("sm2_gbt32918_5.json", "sm2_openssl.json"))
def test_signature_of_a_message(name: str, case: Case) -> None:
    key, message = key_of(case), bytes.fromhex(case["message"])
    signature, signer_id = bytes.fromhex(case["signature"]), case["signer_id"].encode()
    sm2.verify(key, message, signature, signer_id)
    with pytest.raises(InvalidSignature):
        sm2.verify(key, message + b"\x00", signature, signer_id)
    with pytest.raises(InvalidSignature):
        sm2.verify(key, message, signature, signer_id + b"\x00")


@pytest.mark.parametrize("case", cases("sm2_edges.json"))
def test_edge_of_the_ranges(name: str, case: dict[str, str | bool]) -> None:
    point, e, signature = (bytes.fromhex(str(case[field])) for field in ("point", "e", "signature"))
    try:
        sm2.verify_digest(sm2.Sm2PublicKey.from_point(point), e, signature)
    except InvalidSignature:
        valid = False
    else:
        valid = True
    assert valid == case["valid"], f"{name} decides otherwise than OpenSSL: {case['name']}"


@pytest.mark.parametrize("name", ["r = 0", "s = 0", "r = n", "s = n", "r + s = n"])
def test_range_is_checked_before_any_backend(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """GB/T 32918.2, 7.1, steps B1, B2 and B5 do not depend on what a library checks."""
    monkeypatch.setattr(backend, "current", lambda: lambda spki, digest, signature: True)
    text = (VECTORS / "sm2_edges.json").read_text(encoding="utf-8")
    (case,) = (case for case in json.loads(text)["cases"] if case["name"] == name)
    with pytest.raises(InvalidSignature):
        sm2.verify_digest(key_of(case), bytes.fromhex(case["e"]), bytes.fromhex(case["signature"]))


@pytest.mark.parametrize("case", cases("sm2_gbt32918_5.json"))
def test_each_altered_bit_is_found(name: str, case: Case) -> None:
    """All 512 bits with libcrypto; one in every byte with gmssl, which takes 16 ms for each."""
    key, e, signature = key_of(case), bytes.fromhex(case["e"]), bytes.fromhex(case["signature"])
    bits = range(512) if name == "libcrypto" else [8 * i + i % 8 for i in range(64)]
    for bit in bits:
        altered = (int.from_bytes(signature) ^ 1 << bit).to_bytes(64)
        with pytest.raises(InvalidSignature):
            sm2.verify_digest(key, e, altered)
            pytest.fail(f"bit {bit} of a valid signature was altered and it still verified")
