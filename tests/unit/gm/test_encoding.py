"""r‖s, canonical DER, and what vendors' tokens return."""

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from hypothesis import given
from hypothesis import strategies as st

from signetd.gm import encoding

NUMBER = st.integers(1, 2**256 - 1)


@given(NUMBER, NUMBER)
def test_round_trip(r: int, s: int) -> None:
    raw = r.to_bytes(32) + s.to_bytes(32)
    der = encoding.raw_to_der(raw)
    assert der == encode_dss_signature(r, s)
    assert encoding.der_to_raw(der, 32) == raw
    assert encoding.normalise(der, 32, "der") == encoding.normalise(raw, 32, "raw") == raw


@given(NUMBER, NUMBER)
def test_fixed_length_integers_are_read_as_unsigned(r: int, s: int) -> None:
    raw = r.to_bytes(32) + s.to_bytes(32)
    vendor = b"\x30\x44\x02\x20" + raw[:32] + b"\x02\x20" + raw[32:]
    assert encoding.normalise(vendor, 32) == raw


def test_samples_of_a_real_device_with_superfluous_and_missing_zeros() -> None:
    r, s = bytes.fromhex("001bef09") + b"\x11" * 28, b"\xec" * 31
    der = b"\x30\x43\x02\x20" + r + b"\x02\x1f" + s
    assert encoding.normalise(der, 32) == r + b"\x00" + s


def test_raw_that_begins_like_der_is_not_guessed() -> None:
    raw = b"\x30\x3e" + b"\x02" * 62
    assert encoding.normalise(raw, 32, "raw") == raw
    assert encoding.normalise(raw, 32) == raw


@pytest.mark.parametrize(
    "der",
    [
        encode_dss_signature(5, 7) + b"\x00",
        bytes.fromhex("300702020005020107"),
        bytes.fromhex("3006020100020107"),
        b"",
    ],
)
def test_strict_der_refuses(der: bytes) -> None:
    with pytest.raises(ValueError):
        encoding.der_to_raw(der, 32)


@given(st.binary(max_size=160), st.sampled_from(["raw", "der", None]))
def test_garbage_raises_value_error_only(garbage: bytes, expected: str | None) -> None:
    try:
        raw = encoding.normalise(garbage, 32, expected)  # type: ignore[arg-type]
    except ValueError:
        return
    assert len(raw) == 64
