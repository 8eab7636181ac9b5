"""One of many requests that are signed together, and what is known of it so far."""

from datetime import datetime
from typing import Final

from signetd.daemon.audit.types import Event, Kind
from signetd.daemon.keys.types import RegisteredKey
from signetd.daemon.policy.types import Asker
from signetd.daemon.signing.permits import Permit
from signetd.daemon.signing.types import Released, Signed, SignInput
from signetd.drivers.errors import Reason, SignetError
from signetd.gm.sm3 import sm3

OPERATION: Final = "sign"
"""What the audit and approvals call it."""
Outcome = Released | Exception
"""A signature that may leave, or why there is none."""


class Item:
    """A request. ``written``: its record is on its way or there, whatever it says."""

    __slots__ = (
        "_asker",
        "allowed",
        "digest",
        "error",
        "number",
        "permit",
        "request",
        "signed",
        "written",
    )

    def __init__(self, request: SignInput, asker: Asker) -> None:
        self.request = request
        self._asker = asker
        self.permit: Permit | None = None
        self.digest = b""
        self.allowed = False
        self.signed: Signed | None = None
        self.error: Exception | None = None
        self.number = 0
        self.written = False

    @property
    def resource(self) -> str:
        """What the audit calls the key."""
        return f"keys/{self.request.key}"

    @property
    def is_to_be_signed(self) -> bool:
        """Whether it may be, and is not yet."""
        return self.signed is None and self.error is None

    def fail(self, error: Exception) -> None:
        """End it with *error*; what was signed, if anything was, is not released."""
        self.error, self.signed = error, None

    def outcome(self) -> Outcome:
        """Return what became of it; its record is written."""
        if self.error is not None or self.signed is None:
            return self.error or RuntimeError("an item was left out")
        return Released(signed=self.signed, number=self.number)

    def event(self, result: str = "") -> Event:
        """Return its record; *result* says how it ended where it has not."""
        permit, signed = self.permit, self.signed
        key = None if signed is None or result else signed.key
        return Event(
            kind=Kind.USE,
            identity=self._asker.identity,
            operation=OPERATION,
            request_id=self.request.id_within(self._asker.request_id),
            resource=self.resource,
            key_version=0 if key is None else key.version,
            token="" if key is None else key.token,
            token_serial="" if key is None else key.token_serial,
            algorithm="" if permit is None else permit.checked.algorithm.value,
            digest=self.digest.hex(),
            signature_digest=("" if signed is None or key is None else sm3(signed.signature).hex()),
            allowed=self.allowed,
            result=result or self._result(),
        )

    def _result(self) -> str:
        if self.error is None:
            return "OK"
        return (self.error.reason if isinstance(self.error, SignetError) else Reason.INTERNAL).value


def replaced_before(signed: RegisteredKey, now: RegisteredKey, began: datetime) -> bool:
    """Whether the pair that has signed was not the key's any more when the request came."""
    return signed.version != now.version and now.create_time <= began
