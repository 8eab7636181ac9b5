"""PEM (RFC 7468): blocks of base64 with a label, and any text between them."""

import base64
import binascii
import re
from typing import Final

from signetd.pki.errors import InputError

MAX_BYTES: Final = 64 * 1024 * 1024
_BEGIN: Final = b"-----BEGIN "
_BLOCK: Final = re.compile(
    rb"^-----BEGIN ([A-Z0-9 ]{1,40})-----[ \t]*\r?\n([A-Za-z0-9+/=\s]*?)^-----END \1-----",
    re.MULTILINE,
)


def blocks(data: bytes, label: str, place: str) -> list[bytes]:
    """Return the contents, in DER, of all blocks; each must have that label.

    *data* without any block is taken for DER. Raises InputError.
    """
    if len(data) > MAX_BYTES:
        raise InputError(place, f"it has more than {MAX_BYTES} bytes")
    if _BEGIN not in data:
        return [data]
    found = _BLOCK.findall(data)
    if len(found) != data.count(_BEGIN):
        raise InputError(place, "a block of PEM is cut short, or holds something else than base64")
    return [_decoded(name.decode(), content, label, place) for name, content in found]


def _decoded(name: str, content: bytes, label: str, place: str) -> bytes:
    if name != label:
        raise InputError(place, f"a block of PEM is BEGIN {name}, not BEGIN {label}")
    try:
        return base64.b64decode(b"".join(content.split()), validate=True)
    except binascii.Error:
        raise InputError(place, "a block of PEM is not base64") from None
