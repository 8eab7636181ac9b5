"""Documents that arrive in parts: who may sign is known before, then they are hashed as they come.

What is hashed goes through the desk like any request: for policy it is a message.
"""

from typing import Final, NamedTuple, Protocol

import msgspec

from signetd.daemon.audit.types import Ledger
from signetd.daemon.audit.use_records import Use, UseRecords
from signetd.daemon.policy.gate import Gate
from signetd.daemon.policy.types import Asker
from signetd.daemon.signing.hashing import DocumentHash
from signetd.daemon.signing.item import OPERATION
from signetd.daemon.signing.permits import Permits
from signetd.daemon.signing.types import DocumentEnd, Released, SignInput
from signetd.daemon.signing.validate import Checked, check_version
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import Algorithm

_NOTHING: Final = b""


class Desk(Protocol):
    """What signs for those who may."""

    async def sign(self, request: SignInput, asker: Asker) -> Released:
        """Sign one input for somebody."""
        ...


class Engine(Protocol):
    """What makes signatures."""

    def check_takes_digest(self, checked: Checked) -> None:
        """Raise why a digest could not be signed at this moment."""
        ...


class Parts(Protocol):
    """The document as it arrives."""

    async def next(self) -> bytes | DocumentEnd:
        """Return the next chunk, or the end; raises what is wrong with it."""
        ...


class SignedDocument(NamedTuple):
    """The signature, and what was signed: `digest` is e = SM3(Z ‖ M) for SM2."""

    released: Released
    digest: bytes
    size: int


class DocumentDesk:
    """Signs documents for callers whom policy allows it; each that is begun has one record."""

    def __init__(self, desk: Desk, gate: Gate, engine: Engine, ledger: Ledger) -> None:
        self._desk = desk
        self._permits = Permits(gate)
        self._engine = engine
        self._ledger = ledger
        self._records = UseRecords(ledger)

    async def sign(self, request: SignInput, parts: Parts, asker: Asker) -> SignedDocument:
        """Sign the document in *parts* as *request* says, which has neither message nor digest.

        Raises what `SigningDesk.sign` does for a message, before anything is read if it is known
        then; INPUT_CRC_MISMATCH and INPUT_INVALID for a document that is not what its end says;
        POLICY_CHANGED if an SM2 key got another pair meanwhile; and what *parts* does.
        """
        self._ledger.check()
        use = Use(asker, OPERATION, f"keys/{request.key}")
        return await self._records.finish(use, self._signed(use, request, parts))

    async def drain(self) -> None:
        """Wait for the records of documents that were given up; before the ledger is closed."""
        await self._records.drain()

    async def _signed(self, use: Use, request: SignInput, parts: Parts) -> SignedDocument:
        checked = self._begin(use.asker, request)
        use.note(allowed=True, algorithm=str(checked.algorithm))
        hashed = DocumentHash(checked)
        while not isinstance(part := await parts.next(), DocumentEnd):
            await hashed.take(part)
        digest = await hashed.finish(part)
        order = msgspec.structs.replace(
            request,
            digest=digest,
            hashed_with=checked.key.version,
            algorithm=checked.algorithm,
            signer_id=None,
        )
        use.written = True  # by the desk, whatever comes
        released = await self._desk.sign(order, use.asker)
        return SignedDocument(released, digest, hashed.size)

    def _begin(self, asker: Asker, request: SignInput) -> Checked:
        whole = msgspec.structs.replace(request, message=_NOTHING)  # as if it were of a message
        checked = self._permits.of(whole, asker).checked
        if checked.algorithm is Algorithm.ED25519:
            raise SignetError(
                Reason.ALGORITHM_UNSUITABLE,
                f"The key {request.key!r} signs with Ed25519, which takes a whole message and no "
                "digest: send up to 1 MiB with Sign, or use another key for documents.",
            )
        check_version(checked.key, request.version)
        self._engine.check_takes_digest(checked)
        return checked
