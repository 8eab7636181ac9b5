"""OFD as a picture of a seal: a ZIP with OFD.xml, and a page with a size (GB/T 33190-2016, 7)."""

import io
import lzma
import posixpath
import struct
import zipfile
import zlib
from typing import Final

from signetd.seal import xml_checks
from signetd.seal.limits import MEBI
from signetd.seal.xml_checks import XmlError

MAX_ENTRIES: Final = 1000
MAX_UNPACKED: Final = 64 * MEBI
_MAX_XML: Final = 4 * MEBI
_NAMESPACE: Final = "http://www.ofdspec.org/2016"
_ENTRY: Final = "OFD.xml"
_SAID: Final = 120
_BROKEN: Final = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    lzma.LZMAError,
    EOFError,
    KeyError,
    NotImplementedError,  # a way of packing that zipfile has not
    OverflowError,
    RuntimeError,  # encrypted
    ValueError,
    OSError,
)


class OfdError(ValueError):
    """It is not an OFD document with one page's size; the text says what."""


def size(data: bytes) -> tuple[float, float]:
    """Return the page's width and height in mm. Raises OfdError."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check_entries(archive)
            root = _text_of(_read(archive, _ENTRY), "DocRoot", _ENTRY)
            path = posixpath.normpath(root.strip().lstrip("/"))
            box = _text_of(_read(archive, path), "PhysicalBox", path)
    except XmlError as error:
        raise OfdError(str(error)) from None
    except OfdError:
        raise
    except _BROKEN as error:
        said = str(error)[:_SAID]  # it may quote what is in the file
        raise OfdError(f"it is not an OFD document: {said}") from None
    return _size(box)


def _check_entries(archive: zipfile.ZipFile) -> None:
    entries = archive.infolist()
    if len(entries) > MAX_ENTRIES:
        raise OfdError(f"it has {len(entries)} files; {MAX_ENTRIES} are the most")
    unpacked = sum(each.file_size for each in entries)
    if unpacked > MAX_UNPACKED:
        raise OfdError(f"unpacked it has {unpacked} bytes; {MAX_UNPACKED} are the most")
    for each in entries:
        if ".." in each.filename.split("/") or each.filename.startswith("/"):
            raise OfdError("the name of a file in it leads out of it")


def _read(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as file:
        content = file.read(_MAX_XML + 1)
    if len(content) > _MAX_XML:
        raise OfdError(f"{name[:100]} has more than {_MAX_XML} bytes")
    return content


def _text_of(xml: bytes, wanted: str, file: str) -> str:
    """Return the text of the first element of that name. Raises OfdError, XmlError."""
    found: list[str] = []
    is_inside = False
    is_done = False

    def start(name: str, _: dict[str, str]) -> None:
        nonlocal is_inside
        is_inside = not is_done and name == f"{_NAMESPACE} {wanted}"

    def text(piece: str) -> None:
        if is_inside:
            found.append(piece)

    def end(_: str) -> None:
        nonlocal is_inside, is_done
        is_done = is_done or is_inside
        is_inside = False

    xml_checks.walk(xml, start, text, end)
    if not found:
        raise OfdError(f"{file[:100]} has no {wanted} of {_NAMESPACE}")
    return "".join(found)


def _size(box: str) -> tuple[float, float]:
    try:
        _, _, width, height = (float(each) for each in box.split())
    except ValueError:
        raise OfdError("PhysicalBox is not four numbers") from None
    return width, height
