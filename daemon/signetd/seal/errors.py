"""What is raised for seals and stamps that cannot be read, or cannot be made."""


class SealError(ValueError):
    """Bytes are not a seal or a stamp; ``place`` is the field, ``offset`` its place in bytes.

    ``place`` is written as in the standard's syntax: `toSign.eseal.eSealInfo.property.name`.
    """

    def __init__(self, place: str, what: str, offset: int | None = None) -> None:
        where = place if offset is None else f"{place} (byte {offset})"
        super().__init__(f"{where}: {what}")
        self.place = place
        self.what = what
        self.offset = offset


class BuildError(ValueError):
    """What was given makes no seal or stamp; ``field`` names it, the text says the limit."""

    def __init__(self, field: str, what: str) -> None:
        super().__init__(f"{field}: {what}")
        self.field = field
        self.what = what
