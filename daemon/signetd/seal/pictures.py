"""Pictures of seals: that the data is what its kind says, whole, and has a size.

Only frames are read: nothing is decompressed or drawn, so that no library for pictures is needed
and none can be attacked.
"""

from collections.abc import Callable
from typing import Final

from signetd.seal import limits, ofd_picture, raster, svg
from signetd.seal.errors import BuildError
from signetd.seal.xml_checks import XmlError

_SIZES: Final[dict[str, Callable[[bytes], tuple[float, float]]]] = {
    "PNG": raster.png,
    "JPG": raster.jpg,
    "GIF": raster.gif,
    "BMP": raster.bmp,
    "SVG": svg.size,
    "ofd": ofd_picture.size,
}
KINDS: Final = tuple(_SIZES)
"""As they are written into a seal."""
_WRITTEN: Final = {kind.upper(): kind for kind in KINDS}
_BEGINNINGS: Final = {
    "PNG": b"\x89PNG\r\n\x1a\n",
    "JPG": b"\xff\xd8\xff",
    "GIF": b"GIF8",
    "BMP": b"BM",
    "ofd": b"PK\x03\x04",
}
_DATA: Final = "picture.data"


def check(kind: str, data: bytes) -> str:
    """Return *kind* as it is to be written, if *data* is such a picture, in whatever case.

    Raises BuildError naming the field and the limit.
    """
    written = _WRITTEN.get(kind.upper())
    if written is None:
        hint = "; write JPG" if kind.upper() == "JPEG" else ""
        what = f"{kind[:20]!a} is none of {', '.join(KINDS)}{hint}"
        raise BuildError("picture.kind", what)
    if len(data) > limits.PICTURE_BYTES:
        raise BuildError(_DATA, f"it has {len(data)} bytes; {limits.PICTURE_BYTES} are the most")
    _check_beginning(written, data)
    try:
        width, height = _SIZES[written](data)
    except (raster.RasterError, XmlError, ofd_picture.OfdError) as error:
        raise BuildError(_DATA, f"it is no {written} that can be used: {error}") from None
    most = limits.PICTURE_PIXELS
    if not (0 < width <= most and 0 < height <= most):
        raise BuildError(_DATA, f"its own size is {width:g} by {height:g}; 1 to {most} are allowed")
    return written


def kind_of(data: bytes) -> str | None:
    """Return what kind of picture *data* seems to be by its content; None for none of KINDS.

    Whether it is one that can be used says `check`.
    """
    for kind, beginning in _BEGINNINGS.items():
        if data.startswith(beginning):
            return kind
    is_markup = data.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<")
    return "SVG" if is_markup and b"<svg" in data else None


def _check_beginning(kind: str, data: bytes) -> None:
    """Say what the data is, where that is something else."""
    if not data:
        raise BuildError(_DATA, "it is empty")
    for other, beginning in _BEGINNINGS.items():
        if data.startswith(beginning) and other != kind:
            raise BuildError(_DATA, f"it is {other}, and picture.kind says {kind}")
    if kind in _BEGINNINGS and not data.startswith(_BEGINNINGS[kind]):
        raise BuildError(_DATA, f"it does not begin as {kind} does")
