"""Why the daemon does not start."""


class StartError(Exception):
    """The daemon cannot start; the message is a sentence for the administrator."""
