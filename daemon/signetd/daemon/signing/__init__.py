"""Signing and verifying: request, checks, plan, token, encoding."""

from signetd.daemon.signing.desk import SigningDesk
from signetd.daemon.signing.engine import SigningEngine
from signetd.daemon.signing.faults import FaultCounter
from signetd.daemon.signing.item import Outcome
from signetd.daemon.signing.types import (
    MAX_BATCH_ITEMS,
    MAX_MESSAGE_BYTES,
    Encoding,
    Released,
    Signed,
    SignInput,
    Verified,
    VerifyInput,
)

__all__ = [
    "MAX_BATCH_ITEMS",
    "MAX_MESSAGE_BYTES",
    "Encoding",
    "FaultCounter",
    "Outcome",
    "Released",
    "SignInput",
    "Signed",
    "SigningDesk",
    "SigningEngine",
    "Verified",
    "VerifyInput",
]
