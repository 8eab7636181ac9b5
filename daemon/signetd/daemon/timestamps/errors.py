"""Why one attempt at one authority came to nothing."""


class AttemptError(Exception):
    """The message says what happened; *passing* is whether to ask the same authority again."""

    def __init__(self, message: str, *, passing: bool = False) -> None:
        super().__init__(message)
        self.passing = passing
