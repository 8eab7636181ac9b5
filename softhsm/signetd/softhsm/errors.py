"""The error of this package."""


class SoftHsmError(Exception):
    """A test token cannot be had; the message names the command that helps."""
