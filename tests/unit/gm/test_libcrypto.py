"""What ctypes makes easy to get wrong: lifetimes, threads and the error queue of libcrypto."""

import ctypes
import gc
import json
import weakref
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from signetd.gm import _libcrypto, sm2, vectors

FILE = Path(__file__).parents[2] / "vectors" / "sm2_openssl.json"


@pytest.fixture
def native() -> _libcrypto.Libcrypto:
    """A Libcrypto of this test's own, with no keys read."""
    shared = _libcrypto.load()
    assert shared is not None, "this host's libcrypto has no SM2: install OpenSSL 3"
    return _libcrypto.Libcrypto(shared._library)


def signed() -> list[tuple[bytes, bytes, bytes]]:
    """Give (SubjectPublicKeyInfo, e, r‖s) of several keys."""
    return [
        (
            sm2.Sm2PublicKey.from_point(bytes.fromhex(case["point"])).to_spki(),
            bytes.fromhex(case["e"]),
            bytes.fromhex(case["signature"]),
        )
        for case in json.loads(FILE.read_text(encoding="utf-8"))["cases"]
    ]


def test_threads_share_keys_that_are_pushed_out(
    native: _libcrypto.Libcrypto, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seven keys, room for one: keys are freed while other threads verify with them."""
    monkeypatch.setattr(_libcrypto, "_MAX_KEYS", 1)
    rows = signed()

    def work(start: int) -> list[tuple[bool, bool]]:
        turn = [rows[(start + step) % len(rows)] for step in range(40)]
        return [
            (native.verify(spki, e, raw), native.verify(spki, bytes(32), raw))
            for spki, e, raw in turn
        ]

    with ThreadPoolExecutor(8) as pool:
        results = [result for part in pool.map(work, range(8)) for result in part]
    assert set(results) == {(True, False)}
    assert len(native._keys) == 1


def test_key_that_is_pushed_out_is_freed(
    native: _libcrypto.Libcrypto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_libcrypto, "_MAX_KEYS", 1)
    first, second, *_ = signed()
    freed = weakref.ref(native._key(first[0]))
    assert freed() is not None, "the cache did not keep the key"
    native._key(second[0])
    gc.collect()
    assert freed() is None, "a key that left the cache is still referred to"


def test_same_key_is_read_once(native: _libcrypto.Libcrypto) -> None:
    assert native._key(vectors.SPKI) is native._key(vectors.SPKI)


def test_invalid_signature_leaves_no_error_behind(native: _libcrypto.Libcrypto) -> None:
    """The thread's error queue is shared with everything else that uses this libcrypto."""
    peek = native._library.ERR_peek_error
    peek.restype = ctypes.c_ulong
    assert not native.verify(vectors.SPKI, bytes(32), vectors.SIGNATURE)
    assert peek() == 0


@pytest.mark.parametrize(
    "spki",
    [b"", vectors.SPKI[:-1], vectors.SPKI.replace(b"\x81\x1c\xcf\x55", b"\x81\x1c\xcf\x54")],
    ids=["empty", "cut short", "another curve"],
)
def test_key_that_libcrypto_cannot_read(native: _libcrypto.Libcrypto, spki: bytes) -> None:
    peek = native._library.ERR_peek_error
    peek.restype = ctypes.c_ulong
    with pytest.raises(ValueError, match="libcrypto does not read the key"):
        native.verify(spki, vectors.E, vectors.SIGNATURE)
    assert peek() == 0
    assert len(native._keys) == 0, "a key that cannot be read was kept"
