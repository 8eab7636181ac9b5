"""Room for keys in a token that holds only few loaded at a time, such as a TPM."""

from collections.abc import Callable


class Room:
    """Keeps count of the keys that were used in one login, and logs in afresh for more.

    A logout is what has such a token unload its keys. Without a limit (0) nothing is counted.
    """

    def __init__(self, limit: int, log_in_again: Callable[[], None]) -> None:
        self._limit = limit
        self._log_in_again = log_in_again
        self._loaded: set[bytes] = set()

    def make(self, cka_id: bytes) -> None:
        """Have room for the key with *cka_id*, which is about to be used. Raises SignetError."""
        if not self._limit or cka_id in self._loaded:
            return
        if len(self._loaded) >= self._limit:
            self._clear()
        self._loaded.add(cka_id)

    def leave(self, cka_id: bytes) -> None:
        """Have the key with *cka_id* unloaded, which is about to be destroyed. Raises SignetError.

        A key that is destroyed while it is loaded may take its room with it.
        """
        if cka_id in self._loaded:
            self._clear()

    def reset(self) -> None:
        """Take note of a login."""
        self._loaded.clear()

    def _clear(self) -> None:
        self._loaded.clear()
        self._log_in_again()
