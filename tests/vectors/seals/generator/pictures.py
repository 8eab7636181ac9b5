"""The smallest pictures of each kind, written byte by byte."""

import io
import struct
import zipfile
import zlib
from typing import Final

_ROW: Final = b"\x00\xff\x00\x00"
"""A row of PNG: no filter, one red pixel."""


def png() -> bytes:
    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(_ROW, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*each) for each in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    checked = kind + data
    return struct.pack(">I", len(data)) + checked + struct.pack(">I", zlib.crc32(checked))


def gif() -> bytes:
    header = b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + b"\xff\x00\x00\xff\xff\xff"
    return header + b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00\x3b"


def bmp() -> bytes:
    head = struct.pack("<2sIHHI", b"BM", 58, 0, 0, 54)
    return (
        head + struct.pack("<IiiHHIIiiII", 40, 1, 1, 1, 24, 0, 4, 0, 0, 0, 0) + b"\x00\x00\xff\x00"
    )


def jpg() -> bytes:
    """Return one grey pixel of 8 by 8: each table has one code, and both coefficients are zero."""
    tables = b"".join(
        _segment(0xC4, bytes([kind, 1]) + bytes(15) + b"\x00") for kind in (0x00, 0x10)
    )
    frame = _segment(0xC0, struct.pack(">BHHBBBB", 8, 8, 8, 1, 1, 0x11, 0))
    scan = _segment(0xDA, b"\x01\x01\x00\x00\x3f\x00")
    quantization = _segment(0xDB, b"\x00" + b"\x01" * 64)
    return b"\xff\xd8" + quantization + frame + tables + scan + b"\x3f" + b"\xff\xd9"


def _segment(kind: int, data: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, kind, len(data) + 2) + data


def svg() -> bytes:
    circle = '<circle cx="20" cy="20" r="19" fill="none" stroke="red"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40">{circle}</svg>'.encode()


def ofd() -> bytes:
    """Return a container with its entry file alone: the picture is data to a seal."""
    text = '<ofd:OFD xmlns:ofd="http://www.ofdspec.org/2016" Version="1.0" DocType="OFD"/>'
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as container:
        container.writestr(zipfile.ZipInfo("OFD.xml"), text)
    return written.getvalue()
