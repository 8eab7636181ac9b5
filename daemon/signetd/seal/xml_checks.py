"""XML from strangers, read for what it must not have, without anything being resolved or fetched.

A document type is refused before it is read: without one there are no entities but the five of
XML itself, so nothing can be included and nothing can grow.
"""

from collections.abc import Callable
from typing import Final
from xml.parsers import expat

MAX_ELEMENTS: Final = 100_000
MAX_DEPTH: Final = 100
SEPARATOR: Final = " "
"""Between namespace and name, as neither can have one."""

Start = Callable[[str, dict[str, str]], None]


class XmlError(ValueError):
    """It is not XML, or has what it must not have; the text says what."""


def walk(
    data: bytes,
    start: Start,
    text: Callable[[str], None] | None = None,
    end: Callable[[str], None] | None = None,
) -> None:
    """Call *start* with name and attributes of every element. Raises XmlError.

    Names are `namespace name`. What *start*, *text* and *end* raise comes through.
    """
    parser = expat.ParserCreate(namespace_separator=SEPARATOR)
    bounds = _Bounds(start, end)
    parser.StartElementHandler = bounds.start
    parser.EndElementHandler = bounds.end
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.ProcessingInstructionHandler = _refuse_instruction
    if text is not None:
        parser.CharacterDataHandler = text
    try:
        parser.Parse(data, True)
    except XmlError:
        raise
    except (expat.ExpatError, LookupError, ValueError) as error:  # the latter: encodings
        raise XmlError(f"it is not well-formed XML: {error}") from None


class _Bounds:
    """Counts elements, and how deep they are in each other."""

    def __init__(self, start: Start, end: Callable[[str], None] | None) -> None:
        self._start, self._end = start, end
        self._count = self._depth = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        self._depth += 1
        if self._count > MAX_ELEMENTS or self._depth > MAX_DEPTH:
            raise XmlError(f"it has more than {MAX_ELEMENTS} elements, or nests {MAX_DEPTH} deep")
        self._start(name, attributes)

    def end(self, name: str) -> None:
        self._depth -= 1
        if self._end is not None:
            self._end(name)


def _refuse_doctype(*_: object) -> None:
    raise XmlError("it has a DOCTYPE, which can bring in entities; leave it out")


def _refuse_instruction(target: str, _: str) -> None:
    raise XmlError(f"it has a processing instruction ({target[:40]}); leave it out")
