"""The error of a database that cannot be used."""


class StateError(Exception):
    """The state cannot be opened or read; the message says what is wrong and what to do."""
