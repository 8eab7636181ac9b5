"""Time stamps from authorities over HTTP (RFC 3161, 3.4), verified before anybody uses them."""

from signetd.daemon.timestamps.service import Stamped, TimeStampService

__all__ = ["Stamped", "TimeStampService"]
