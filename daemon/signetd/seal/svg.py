"""SVG as a picture of a seal: self-contained, without scripts, and with a size (SVG 1.1, 5 and 7).

Viewers draw what a seal has in it. So nothing may be fetched, run or moved.
"""

import re
from typing import Final

from signetd.seal import xml_checks
from signetd.seal.xml_checks import XmlError

_NAMESPACE: Final = "http://www.w3.org/2000/svg"
_DRAWN: Final = ("", "http://www.w3.org/1999/xlink", "http://www.w3.org/XML/1998/namespace")
"""Namespaces of attributes that a viewer heeds; editors have their own, which say nothing to it."""
_FORBIDDEN: Final = frozenset(
    {"script", "foreignobject", "iframe", "a", "handler", "listener"}
    | {"animate", "animatemotion", "animatetransform", "animatecolor", "set", "discard"}
)
_LOCAL: Final = re.compile(r"#\S*|data:image/(?:png|jpeg|gif);base64,[A-Za-z0-9+/=\s]*")
_NUMBER: Final = re.compile(r"(\d+(?:\.\d+)?|\.\d+)(?:px|mm|cm|in|pt|pc)?", re.ASCII)
_AWAY: Final = re.compile(r"url\(['\"]?+(?!#)|@import|javascript:|//|\\|image\(|-set\(|src\(")
"""What fetches or runs, in a style without blanks. A backslash could hide any of the others."""
_SPACES: Final = re.compile(r"[\s,]+")
_MAX_USES: Final = 16
"""<use> inside of what is used multiplies; with so many at most, by no more than 243."""


def size(data: bytes) -> tuple[float, float]:
    """Return width and height in the picture's own units.

    Raises XmlError for what is no SVG, has no size, or is not safe to show.
    """
    reader = _Reader()
    xml_checks.walk(data, reader.start, reader.text, reader.end)
    return reader.size


class _Reader:
    """Looks at every element and attribute, and at the text of <style>."""

    size = (0.0, 0.0)

    def __init__(self) -> None:
        self._is_root = True
        self._uses = 0
        self._style: list[str] | None = None

    def start(self, name: str, attributes: dict[str, str]) -> None:
        namespace, _, local = name.rpartition(xml_checks.SEPARATOR)
        if self._is_root:
            self.size = _root_size(namespace, local, attributes)
            self._is_root = False
        self._check_element(local)
        for key, value in attributes.items():
            of, _, attribute = key.rpartition(xml_checks.SEPARATOR)
            if of in _DRAWN:
                _check_attribute(attribute.lower(), value)

    def text(self, piece: str) -> None:
        if self._style is not None:
            self._style.append(piece)

    def end(self, _: str) -> None:
        if self._style is not None:
            _check_style("".join(self._style), "<style>")
        self._style = None

    def _check_element(self, local: str) -> None:
        kind = local.lower()
        if kind in _FORBIDDEN:
            raise XmlError(f"it has an element <{local}>, which may act or fetch; leave it out")
        self._uses += kind == "use"
        if self._uses > _MAX_USES:
            raise XmlError(f"it has more than {_MAX_USES} elements <use>")
        if self._style is not None:
            raise XmlError("it has an element inside of <style>")
        self._style = [] if kind == "style" else None


def _root_size(namespace: str, local: str, attributes: dict[str, str]) -> tuple[float, float]:
    if (namespace, local) != (_NAMESPACE, "svg"):
        raise XmlError(f"its outermost element is not svg of {_NAMESPACE}")
    box = _SPACES.split(attributes.get("viewBox", "").strip())
    written = box[2:] if len(box) == 4 else [attributes.get("width"), attributes.get("height")]
    found = [_NUMBER.fullmatch((each or "").strip()) for each in written]
    numbers = [float(each[1]) if each else 0.0 for each in found]
    if min(numbers) <= 0:
        raise XmlError("it has neither a viewBox nor a width and a height above 0")
    return numbers[0], numbers[1]


def _check_attribute(name: str, value: str) -> None:
    if name.startswith("on"):
        raise XmlError(f"it has a script in {name[:40]}; leave it out")
    if name not in ("href", "src", "base"):
        _check_style(value, name)
    elif not _LOCAL.fullmatch(value.strip()):
        raise XmlError(f"its {name} leads out of the picture; put into it what it needs")


def _check_style(text: str, where: str) -> None:
    if _AWAY.search("".join(text.split()).lower()):
        raise XmlError(f"its {where[:40]} may fetch or run what is elsewhere; leave that out")
