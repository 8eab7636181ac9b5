"""What a host or a caller may get wrong: no backend, a key never checked, numbers out of range."""

import pytest

from signetd.gm import _gmssl, _libcrypto, backend, encoding, selftest, sm2


def test_key_is_checked_however_it_is_made() -> None:
    with pytest.raises(ValueError, match="not a point of the curve"):
        sm2.Sm2PublicKey(b"\x04" + bytes(64))


def test_self_test_says_what_to_install_where_nothing_verifies(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_libcrypto, "load", lambda: None)
    monkeypatch.setattr(_gmssl, "is_installed", lambda: False)
    monkeypatch.setattr(backend, "current", backend.current.__wrapped__)
    with pytest.raises(selftest.SelfTestError, match="install OpenSSL 3"):
        selftest.run()


class _SaysYes:
    def verify(self, spki: bytes, digest: bytes, signature: bytes) -> bool:
        return True


def test_library_that_accepts_everything_is_not_used() -> None:
    assert not _libcrypto._works(_SaysYes())  # type: ignore[arg-type]


@pytest.mark.parametrize("form", ["raw", "der"])
def test_integers_from_the_order_upwards_are_refused(form: str) -> None:
    raw = sm2.N.to_bytes(32) + (1).to_bytes(32)
    signature = raw if form == "raw" else encoding.raw_to_der(raw)
    assert encoding.normalise(signature, 32) == raw
    with pytest.raises(ValueError, match="below the order"):
        encoding.normalise(signature, 32, order=sm2.N)


def test_zero_is_never_written_as_der() -> None:
    with pytest.raises(ValueError, match="between 1"):
        encoding.raw_to_der(bytes(31) + b"\x01" + bytes(32))
