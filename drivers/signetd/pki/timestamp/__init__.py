"""Time stamps (RFC 3161; GB/T 20520): asked for, read and verified. See docs/pki.md.

Nothing here reads a clock or the network; signetd.daemon.timestamps asks authorities.
"""

from signetd.pki.timestamp.content import Accuracy, Content
from signetd.pki.timestamp.messages import RefusedError, read_response, request
from signetd.pki.timestamp.report import TokenCheck, TokenName, TokenReport
from signetd.pki.timestamp.token import TimeStampToken
from signetd.pki.timestamp.verification import verify

__all__ = [
    "Accuracy",
    "Content",
    "RefusedError",
    "TimeStampToken",
    "TokenCheck",
    "TokenName",
    "TokenReport",
    "read_response",
    "request",
    "verify",
]
