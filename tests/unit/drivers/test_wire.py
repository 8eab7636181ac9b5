"""The wire between daemon and worker survives whatever comes over it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signetd.drivers.errors import Reason
from signetd.drivers.isolation import wire
from signetd.drivers.types import Algorithm, Input, KeyRef, Pin, Remedy, SignOrder


def test_round_trip_in_pieces() -> None:
    order = SignOrder(
        key=KeyRef(b"i", b"f"), algorithm=Algorithm.SM2_SM3, input=Input.DIGEST, data=b"d"
    )
    calls = [wire.Call(1, wire.Sign(order)), wire.Call(2, wire.Login("1234"))]
    reader = wire.FrameReader()
    bodies = [body for byte in wire.encode(calls) for body in reader.feed(bytes([byte]))]
    assert [wire.decode_calls(body) for body in bodies] == [calls]


def test_a_batch_and_its_results_come_as_they_went() -> None:
    many = wire.SignMany(
        KeyRef(b"i", b"f"), Algorithm.SM2_SM3, Input.DIGEST, b"id", False, [b"d", b"", b"e"]
    )
    calls = [wire.Call(7, many), wire.Call(0, wire.Cancel(7, 2))]
    failure = wire.Failure(Reason.SIGNATURE_FAULTY, "why", "CKR_OK", Remedy.SESSION)
    replies = [wire.Reply(7, wire.Signatures([b"s", failure])), wire.Reply(7, failure=failure)]
    reader = wire.FrameReader()
    one, other = reader.feed(wire.encode(calls) + wire.encode(replies))
    assert wire.decode_calls(one) == calls
    assert wire.decode_replies(other) == replies


@given(st.binary(max_size=300))
def test_garbage_raises_wire_error_only(garbage: bytes) -> None:
    for decode in (wire.decode_calls, wire.decode_replies):
        try:
            decode(garbage)
        except wire.WireError:
            continue


def test_a_frame_over_the_limit_is_refused_before_it_is_read() -> None:
    with pytest.raises(wire.WireError, match="over the limit"):
        list(wire.FrameReader().feed(b"\xff\xff\xff\xff"))


def test_pins_are_never_printed() -> None:
    shown = repr(
        [Pin("secret-pin"), wire.Login("secret-pin"), wire.Call(1, wire.Login("secret-pin"))]
    )
    assert "secret-pin" not in shown + str(Pin("secret-pin"))
