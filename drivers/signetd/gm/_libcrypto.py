"""SM2 verification by the host's OpenSSL 3, through ctypes."""

import ctypes
import ctypes.util
import threading
from collections import OrderedDict
from collections.abc import Iterator
from functools import cache

from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from signetd.gm import vectors

_MAX_KEYS = 1024
_POINTER = ctypes.c_void_p
_SIGNATURES: dict[str, tuple[type | None, list[type]]] = {
    "d2i_PUBKEY": (_POINTER, [_POINTER, ctypes.POINTER(ctypes.c_char_p), ctypes.c_long]),
    "EVP_PKEY_is_a": (ctypes.c_int, [_POINTER, ctypes.c_char_p]),
    "EVP_PKEY_free": (None, [_POINTER]),
    "EVP_PKEY_CTX_new": (_POINTER, [_POINTER, _POINTER]),
    "EVP_PKEY_CTX_free": (None, [_POINTER]),
    "EVP_PKEY_verify_init": (ctypes.c_int, [_POINTER]),
    "EVP_PKEY_verify": (
        ctypes.c_int,
        [_POINTER, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t],
    ),
    "ERR_clear_error": (None, []),
}


class _Key:
    """An EVP_PKEY that is freed when nobody refers to it any more."""

    def __init__(self, library: ctypes.CDLL, spki: bytes) -> None:
        self._free = library.EVP_PKEY_free
        self.pointer = library.d2i_PUBKEY(None, ctypes.byref(ctypes.c_char_p(spki)), len(spki))
        if not self.pointer or not library.EVP_PKEY_is_a(self.pointer, b"SM2"):
            library.ERR_clear_error()
            raise ValueError("libcrypto does not read the key as one of SM2")

    def __del__(self) -> None:
        if self.pointer:
            self._free(self.pointer)


class Libcrypto:
    """Verifies with one libcrypto; keys are read once and kept, at most 1,024 of them."""

    def __init__(self, library: ctypes.CDLL) -> None:
        for name, (result, arguments) in _SIGNATURES.items():
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
        self._library = library
        self._keys: OrderedDict[bytes, _Key] = OrderedDict()
        self._lock = threading.Lock()

    def _key(self, spki: bytes) -> _Key:
        with self._lock:
            key = self._keys.get(spki)
            if key is None:
                key = self._keys[spki] = _Key(self._library, spki)
                if len(self._keys) > _MAX_KEYS:
                    self._keys.popitem(last=False)
            self._keys.move_to_end(spki)
            return key

    def verify(self, spki: bytes, digest: bytes, signature: bytes) -> bool:
        """Verify r‖s of e; see backend.Verifier."""
        key, library = self._key(spki), self._library
        der = encode_dss_signature(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))
        context = library.EVP_PKEY_CTX_new(key.pointer, None)
        if not context:
            raise MemoryError("libcrypto gave no context for a verification")
        try:
            ready = library.EVP_PKEY_verify_init(context) == 1
            return ready and bool(
                library.EVP_PKEY_verify(context, der, len(der), digest, len(digest)) == 1
            )
        finally:
            library.EVP_PKEY_CTX_free(context)
            library.ERR_clear_error()


@cache
def load() -> Libcrypto | None:
    """Find a libcrypto that has SM2; None where there is none."""
    for name in _names():
        try:
            native = Libcrypto(ctypes.CDLL(name))
        except (OSError, AttributeError):  # not there, or older than OpenSSL 3
            continue
        if _works(native):
            return native
    return None


def _names() -> Iterator[str]:
    yield "libcrypto.so.3"
    # Later, because it starts programs (ldconfig, gcc) and waits for them without a limit.
    found = ctypes.util.find_library("crypto")
    # macOS ends a process that loads the libcrypto of the system.
    if found is not None and not found.startswith("/usr/lib/libcrypto"):
        yield found


def _works(native: Libcrypto) -> bool:
    wrong = bytes(31) + b"\x01" + vectors.SIGNATURE[32:]
    try:
        return native.verify(vectors.SPKI, vectors.E, vectors.SIGNATURE) and not native.verify(
            vectors.SPKI, vectors.E, wrong
        )
    except ValueError:
        return False
