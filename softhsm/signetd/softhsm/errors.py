"""The errors of this package."""


class SoftHsmError(Exception):
    """A test token cannot be had; the message names the command that helps."""


class BuildError(SoftHsmError):
    """A test module cannot be compiled; the message names what is missing or what is wrong."""
