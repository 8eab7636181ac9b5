"""Patterns of key names, in which ``*`` stands for any characters, also for none."""

from typing import Final

WILDCARD: Final = "*"


class Pattern:
    """A pattern, prepared for matching in linear time.

    A regular expression would not do: with many wildcards it can take for ever to fail.
    """

    __slots__ = ("_first", "_last", "_middle", "exact")

    def __init__(self, text: str) -> None:
        pieces = text.split(WILDCARD)
        self.exact = len(pieces) == 1
        self._first, self._middle, self._last = pieces[0], pieces[1:-1], pieces[-1]

    @property
    def prefix(self) -> str:
        """What every name that matches begins with."""
        return self._first

    def matches(self, name: str) -> bool:
        """Tell whether the whole of *name* matches."""
        if self.exact:
            return name == self._first
        if not name.startswith(self._first):
            return False
        position = len(self._first)
        for piece in self._middle:
            # The leftmost place leaves the most for the pieces behind it.
            position = name.find(piece, position)
            if position < 0:
                return False
            position += len(piece)
        return len(name) - len(self._last) >= position and name.endswith(self._last)
