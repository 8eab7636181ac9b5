"""Has statements signed by the key that signs the audit."""

from collections.abc import Callable, Mapping
from datetime import datetime

from signetd.daemon.audit.chain import write_time
from signetd.daemon.audit.signer import AuditKey, Signer
from signetd.daemon.statements.document import Value, document, signed_values, to_sign
from signetd.drivers.errors import Reason, SignetError


class StatementWriter:
    """Writes statements in the name of *daemon*."""

    def __init__(self, signer: Signer, daemon: str, clock: Callable[[], datetime]) -> None:
        self._signer = signer
        self._daemon = daemon
        self._clock = clock

    def check(self) -> None:
        """Raise STATEMENT_UNSIGNED if nothing can be signed, before anything else is done."""
        self._key()

    async def sign(self, kind: str, body: Mapping[str, Value]) -> bytes:
        """Return a statement of that *kind*: canonical JSON, one line (docs/enrolment.md).

        Raises SignetError STATEMENT_UNSIGNED where no key of the purpose AUDIT is there, and what
        the token answers.
        """
        key = self._key()
        time = write_time(self._clock())
        values = signed_values(kind, body, daemon=self._daemon, time=time, key=key)
        return document(values, await self._signer.sign(key, to_sign(values)))

    def _key(self) -> AuditKey:
        key = self._signer.key()
        if key is None:
            raise SignetError(
                Reason.STATEMENT_UNSIGNED,
                "No key signs statements. Make one with the purpose AUDIT, and name it in the "
                "configuration: [audit] key.",
            )
        return key
