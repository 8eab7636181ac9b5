"""PNG, JPEG, GIF and BMP: their frames from the first to the last byte, and their sizes in pixels.

A frame that ends early or late is a picture that viewers show differently, or with something
behind it that nobody sees but everybody signs.
"""

import struct
import zlib
from typing import Final

_PNG_START, _PNG_HEADER = 8, 13
_JPG_SIZES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""SOF markers; the three others in the range are tables."""
_JPG_SOS, _JPG_EOI, _JPG_TEM = 0xDA, 0xD9, 0x01
_JPG_RESTARTS: Final = range(0xD0, 0xD8)
_GIF_IMAGE, _GIF_EXTENSION, _GIF_END = 0x2C, 0x21, 0x3B


class RasterError(ValueError):
    """The data is not the picture that it should be; the text says what."""


def png(data: bytes) -> tuple[int, int]:
    """Return the size of a PNG (ISO/IEC 15948, 5 and 11.2). Raises RasterError."""
    kinds: list[bytes] = []
    position = _PNG_START
    while position < len(data):
        kind, position = _png_part(data, position)
        kinds.append(kind)
    if kinds[:1] != [b"IHDR"] or b"IDAT" not in kinds:
        raise RasterError("it is cut short, or its parts are out of order")
    if kinds[-1] != b"IEND" or kinds.count(b"IEND") > 1:
        raise RasterError("it is cut short, or has something behind its end")
    size, _, width, height = _unpack(">IIII", data, _PNG_START)
    if size != _PNG_HEADER:
        raise RasterError(f"its header has {size} bytes, not {_PNG_HEADER}")
    return width, height


def jpg(data: bytes) -> tuple[int, int]:
    """Return the size of a JPEG (ITU-T T.81, annex B). Raises RasterError."""
    size: tuple[int, int] | None = None
    position = 2
    while True:
        marker, position = _jpg_marker(data, position)
        if marker == _JPG_EOI:
            break
        (length,) = _unpack(">H", data, position)
        if marker in _JPG_SIZES:
            height, width = _unpack(">HH", data, position + 3)
            size = (width, height)
        if length < 2:
            raise RasterError(f"the part at byte {position} has no length")
        position += length
        if marker == _JPG_SOS:
            position = _jpg_scan_end(data, position)
    if size is None or data[position:]:
        raise RasterError("it has no size, or something behind its end")
    return size


def gif(data: bytes) -> tuple[int, int]:
    """Return the size of a GIF (GIF89a, 17 to 27). Raises RasterError."""
    if data[:6] not in (b"GIF87a", b"GIF89a"):
        raise RasterError("it says neither GIF87a nor GIF89a")
    width, height, flags = _unpack("<HHB", data, 6)
    position = 13 + _gif_table(flags)
    images = 0
    while True:
        (block,) = _unpack("B", data, position)
        position += 1
        if block == _GIF_END:
            break
        if block == _GIF_IMAGE:
            (flags,) = _unpack("B", data, position + 8)
            position += 9 + _gif_table(flags)
            images += 1
        elif block != _GIF_EXTENSION:
            raise RasterError(f"no block has the mark 0x{block:02x}, at byte {position - 1}")
        position = _gif_blocks_end(data, position + 1)
    if not images or data[position:]:
        raise RasterError("it has no image, or something behind its end")
    return width, height


def bmp(data: bytes) -> tuple[int, int]:
    """Return the size of a BMP (BITMAPFILEHEADER and what follows). Raises RasterError."""
    size, _, offset, header = _unpack("<IIII", data, 2)
    if size != len(data):
        raise RasterError(f"it says that it has {size} bytes, and it has {len(data)}")
    if header == 12:
        width, height = _unpack("<HH", data, 18)
    elif header >= 40:
        width, height = _unpack("<ii", data, 18)
    else:
        raise RasterError(f"no header has {header} bytes")
    if not 14 + header <= offset < size:
        raise RasterError("its pixels are outside of it")
    return width, abs(height)  # a negative height: the upper line is first


def _png_part(data: bytes, position: int) -> tuple[bytes, int]:
    """Return what kind of part is there, and where it ends. Raises RasterError."""
    (size,) = _unpack(">I", data, position)
    end = position + 12 + size
    (checksum,) = _unpack(">I", data, end - 4)
    if zlib.crc32(data[position + 4 : end - 4]) != checksum:
        raise RasterError(f"the checksum of the part at byte {position} is wrong")
    return data[position + 4 : position + 8], end


def _jpg_marker(data: bytes, position: int) -> tuple[int, int]:
    """Return the marker at *position*, which may be filled up with 0xFF, and what is behind it."""
    mark, kind = _unpack("BB", data, position)
    while mark == 0xFF and kind == 0xFF:
        position += 1
        mark, kind = _unpack("BB", data, position)
    if mark != 0xFF or kind in (0x00, _JPG_TEM) or kind in _JPG_RESTARTS:
        raise RasterError(f"a marker is expected at byte {position}")
    return kind, position + 2


def _jpg_scan_end(data: bytes, position: int) -> int:
    """Return where the coded picture ends: at a marker that is no restart."""
    while (position := data.find(b"\xff", position)) >= 0:
        follower = data[position + 1 : position + 2]
        if follower not in (b"\x00", b"") and follower[0] not in _JPG_RESTARTS:
            return position
        position += 2
    raise RasterError("it is cut short")


def _gif_table(flags: int) -> int:
    """Return the size of a colour table."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _gif_blocks_end(data: bytes, position: int) -> int:
    """Return what is behind a row of blocks, which one of no length ends."""
    while True:
        (size,) = _unpack("B", data, position)
        position += 1 + size
        if size == 0:
            return position


def _unpack(form: str, data: bytes, position: int) -> tuple[int, ...]:
    try:
        return struct.unpack_from(form, data, position)
    except struct.error:
        raise RasterError("it is cut short") from None
