"""What somebody wants to do with a key, at a moment."""

from datetime import datetime

import msgspec

from signetd.daemon.policy.types import KeyPurpose, Operation
from signetd.drivers.types import Algorithm


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """A use of a key that is asked for.

    ``purpose`` is None where there is no such key, ``algorithm`` where it is not known (and for
    READ, which has none): what is not known never helps, see ``conditions.counts``.
    ``digest_given`` is false when a whole message is handed in. ``moment`` has a time zone.
    """

    identity: str
    key_id: str
    purpose: KeyPurpose | None
    operation: Operation
    algorithm: Algorithm | None = None
    digest_given: bool = True
    moment: datetime

    def __post_init__(self) -> None:
        # Python would take a time without a zone for one of this machine's zone.
        if self.moment.tzinfo is None:
            raise ValueError("the moment of a use must have a time zone")
