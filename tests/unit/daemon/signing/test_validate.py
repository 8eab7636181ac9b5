"""The checks of a request: each fault by itself, their order, and garbage."""

from collections.abc import Callable

import google_crc32c
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signetd.daemon.keys import RegisteredKey
from signetd.daemon.signing import MAX_MESSAGE_BYTES, Encoding, SignInput
from signetd.daemon.signing.validate import Plan, check, plan
from signetd.drivers.algorithms import ALGORITHMS_OF, digest_bytes
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import Algorithm, Input, KeyType

MakeKey = Callable[[KeyType], RegisteredKey]
DEFAULT_ID = b"1234567812345678"
PAIRS = {KeyType.SM2, KeyType.EC_P256, KeyType.EC_P384, KeyType.EC_P521}
REASONS = {
    Reason.INPUT_MISSING,
    Reason.INPUT_AMBIGUOUS,
    Reason.MESSAGE_TOO_LARGE,
    Reason.ALGORITHM_UNSUITABLE,
    Reason.DIGEST_LENGTH_WRONG,
    Reason.SIGNER_ID_INVALID,
    Reason.ENCODING_UNSUITABLE,
    Reason.INPUT_CRC_MISMATCH,
}


@pytest.mark.parametrize("key_type", KeyType)
def test_defaults_come_from_the_key(registration: MakeKey, key_type: KeyType) -> None:
    checked = check(registration(key_type), SignInput(key="k", message=b""))
    assert checked.algorithm is ALGORITHMS_OF[key_type][0]
    assert checked.encoding is (Encoding.DER if key_type in PAIRS else Encoding.RAW)
    assert (checked.input, checked.data) == (Input.MESSAGE, b"")
    assert checked.signer_id == (DEFAULT_ID if key_type is KeyType.SM2 else b"")


def digests() -> list[tuple[KeyType, Algorithm]]:
    """Every key type with every algorithm that takes digests."""
    return [(each, algorithm) for each, fit in ALGORITHMS_OF.items() for algorithm in fit][:-1]


@pytest.mark.parametrize(("key_type", "algorithm"), digests())
def test_a_digest_has_the_length_of_the_hash(
    registration: MakeKey, key_type: KeyType, algorithm: Algorithm
) -> None:
    key, size = registration(key_type), digest_bytes(algorithm)
    checked = check(key, SignInput(key="k", digest=bytes(size), algorithm=algorithm))
    assert (checked.input, checked.signer_id) == (Input.DIGEST, b"")
    for wrong in (0, size - 1, size + 1, MAX_MESSAGE_BYTES + 1):
        with pytest.raises(SignetError, match=f"must have {size}") as error:
            check(key, SignInput(key="k", digest=bytes(wrong), algorithm=algorithm))
        assert error.value.reason is Reason.DIGEST_LENGTH_WRONG


BIG = bytes(MAX_MESSAGE_BYTES + 1)
FAULTS = [
    (KeyType.SM2, {}, Reason.INPUT_MISSING, "exactly one"),
    (KeyType.SM2, {"message": b"", "digest": b""}, Reason.INPUT_AMBIGUOUS, "exactly one"),
    (KeyType.SM2, {"message": BIG}, Reason.MESSAGE_TOO_LARGE, r"1 MiB.*send the digest"),
    (
        KeyType.RSA_2048,
        {"message": b"", "algorithm": Algorithm.SM2_SM3},
        Reason.ALGORITHM_UNSUITABLE,
        "RSA_PKCS1_SHA256, .*RSA_PSS_SHA512",
    ),
    (KeyType.ED25519, {"digest": bytes(64)}, Reason.ALGORITHM_UNSUITABLE, "never digests"),
    (KeyType.SM2, {"message": b"", "signer_id": b""}, Reason.SIGNER_ID_INVALID, "1 to 8191"),
    (
        KeyType.SM2,
        {"message": b"", "signer_id": bytes(8192)},
        Reason.SIGNER_ID_INVALID,
        "8192 bytes.*1 to 8191",
    ),
    (
        KeyType.SM2,
        {"digest": bytes(32), "signer_id": b"a"},
        Reason.SIGNER_ID_INVALID,
        "SM2 with a message only",
    ),
    (
        KeyType.EC_P256,
        {"message": b"", "signer_id": b"a"},
        Reason.SIGNER_ID_INVALID,
        "SM2 with a message only",
    ),
    (
        KeyType.RSA_2048,
        {"message": b"", "encoding": Encoding.DER},
        Reason.ENCODING_UNSUITABLE,
        "SM2 and ECDSA",
    ),
    (
        KeyType.ED25519,
        {"message": b"", "encoding": Encoding.DER},
        Reason.ENCODING_UNSUITABLE,
        "SM2 and ECDSA",
    ),
    (KeyType.SM2, {"message": b"a", "input_crc32c": 0}, Reason.INPUT_CRC_MISMATCH, "message"),
    (
        KeyType.SM2,
        {"digest": bytes(32), "input_crc32c": 2**40},
        Reason.INPUT_CRC_MISMATCH,
        "digest",
    ),
]


@pytest.mark.parametrize(("key_type", "fields", "reason", "sentence"), FAULTS)
def test_a_fault_is_named_with_the_way_out(
    registration: MakeKey,
    key_type: KeyType,
    fields: dict[str, object],
    reason: Reason,
    sentence: str,
) -> None:
    request = SignInput(key="k", **fields)  # type: ignore[arg-type]
    with pytest.raises(SignetError, match=sentence) as error:
        check(registration(key_type), request)
    assert error.value.reason is reason


def test_the_limits_themselves_are_taken(registration: MakeKey) -> None:
    key, message = registration(KeyType.SM2), bytes(MAX_MESSAGE_BYTES)
    for signer_id in (b"\0", bytes(8191)):
        request = SignInput(
            key="k",
            message=message,
            signer_id=signer_id,
            input_crc32c=google_crc32c.value(message),
        )
        assert check(key, request).signer_id == signer_id


def test_faults_are_reported_in_a_fixed_order(registration: MakeKey) -> None:
    """Everything is wrong; mending the reported fault brings up the next one."""
    fields: dict[str, object] = {
        "message": BIG,
        "digest": b"",
        "algorithm": Algorithm.ED25519,
        "signer_id": b"",
        "encoding": Encoding.DER,
        "input_crc32c": 1,
    }
    mending: list[tuple[Reason, dict[str, object]]] = [
        (Reason.INPUT_AMBIGUOUS, {"digest": None}),
        (Reason.MESSAGE_TOO_LARGE, {"message": None, "digest": b""}),
        (Reason.ALGORITHM_UNSUITABLE, {"algorithm": Algorithm.RSA_PSS_SHA256}),
        (Reason.DIGEST_LENGTH_WRONG, {"digest": bytes(32)}),
        (Reason.SIGNER_ID_INVALID, {"signer_id": None}),
        (Reason.ENCODING_UNSUITABLE, {"encoding": Encoding.RAW}),
        (Reason.INPUT_CRC_MISMATCH, {"input_crc32c": None}),
    ]
    key = registration(KeyType.RSA_2048)
    for reason, change in mending:
        with pytest.raises(SignetError) as error:
            check(key, SignInput(key="k", **fields))  # type: ignore[arg-type]
        assert error.value.reason is reason
        fields |= change
    assert check(key, SignInput(key="k", **fields)).input is Input.DIGEST  # type: ignore[arg-type]


TO_HASH = Plan(hash_here=True, send=Input.DIGEST, signer_id=b"")
AS_DIGEST = Plan(hash_here=False, send=Input.DIGEST, signer_id=b"")


@pytest.mark.parametrize(
    ("key_type", "kind", "offered", "expected"),
    [
        (KeyType.SM2, "message", [Input.DIGEST], TO_HASH),
        (KeyType.SM2, "message", [Input.MESSAGE, Input.DIGEST], TO_HASH),
        (KeyType.SM2, "digest", [Input.MESSAGE, Input.DIGEST], AS_DIGEST),
        (
            KeyType.SM2,
            "message",
            [Input.MESSAGE],
            Plan(hash_here=False, send=Input.MESSAGE, signer_id=DEFAULT_ID),
        ),
        (KeyType.EC_P256, "message", [Input.DIGEST], TO_HASH),
        (KeyType.RSA_2048, "digest", [Input.DIGEST], AS_DIGEST),
        (
            KeyType.ED25519,
            "message",
            [Input.MESSAGE, Input.DIGEST],
            Plan(hash_here=False, send=Input.MESSAGE, signer_id=b""),
        ),
    ],
)
def test_the_plan_follows_what_the_token_takes(
    registration: MakeKey, key_type: KeyType, kind: str, offered: list[Input], expected: Plan
) -> None:
    data = b"m" if kind == "message" else bytes(32)
    request = SignInput(key="k", **{kind: data})  # type: ignore[arg-type]
    assert plan(check(registration(key_type), request), offered) == expected


def test_a_digest_for_a_token_that_takes_messages_is_refused(registration: MakeKey) -> None:
    checked = check(registration(KeyType.SM2), SignInput(key="k", digest=bytes(32)))
    with pytest.raises(SignetError, match=r"'hsm1' takes only messages.*give the message") as error:
        plan(checked, [Input.MESSAGE])
    assert error.value.reason is Reason.ALGORITHM_UNSUITABLE


def optional(strategy: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.none() | strategy


@given(
    key_type=st.sampled_from(KeyType),
    fields=st.fixed_dictionaries(
        {
            "message": optional(st.binary(max_size=80)),
            "digest": optional(st.binary(max_size=80) | st.sampled_from([bytes(32), bytes(64)])),
            "algorithm": optional(st.sampled_from(Algorithm)),
            "encoding": optional(st.sampled_from(Encoding)),
            "signer_id": optional(st.binary(max_size=20)),
            "input_crc32c": optional(st.integers()),
        }
    ),
    offered=st.lists(st.sampled_from(Input)),
)
def test_garbage_is_refused_with_a_reason_or_is_sound(
    registration: MakeKey,
    key_type: KeyType,
    fields: dict[str, object],
    offered: list[Input],
) -> None:
    request = SignInput(key="k", **fields)  # type: ignore[arg-type]
    try:
        checked = check(registration(key_type), request)
        how = plan(checked, offered)
    except SignetError as error:
        assert error.reason in REASONS
        assert error.message
        return
    assert checked.algorithm in ALGORITHMS_OF[key_type]
    assert (request.message is None) != (request.digest is None)
    assert checked.data == (request.digest if request.message is None else request.message)
    assert how.send in offered or how.send is Input.MESSAGE
    assert not (how.hash_here and checked.input is Input.DIGEST)
