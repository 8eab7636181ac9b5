"""One thing that was looked at for an explanation."""

import msgspec


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What was found, for people, and whether it speaks for the use.

    ``grant`` is the identifier of the grant it is about, "" for what is not about one.
    """

    grant: str = ""
    supports: bool
    text: str
