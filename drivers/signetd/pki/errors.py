"""What is raised for input that cannot be read at all."""


class InputError(ValueError):
    """Bytes are not what they were given as; *place* says which, and what part of them."""

    def __init__(self, place: str, what: str) -> None:
        super().__init__(f"{place}: {what}")
        self.place = place
