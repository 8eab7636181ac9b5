"""Decides for callers, by the newest policy: who they are, what they see, what they may do."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from signetd.daemon.credentials import Presented
from signetd.daemon.keys.types import RegisteredKey
from signetd.daemon.policy.evaluate import Decision, decide
from signetd.daemon.policy.known import KnownDecisions
from signetd.daemon.policy.snapshot import Snapshot
from signetd.daemon.policy.types import ADMINISTRATORS, Asker, Identity, Operation
from signetd.daemon.policy.use import Use
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import Algorithm


class Book(Protocol):
    """Holds the policy as it is now."""

    @property
    def snapshot(self) -> Snapshot:
        """The policy."""
        ...

    async def refresh(self) -> None:
        """Read the policy anew if it has changed."""
        ...


class Keys(Protocol):
    """Where keys are looked up."""

    def get(self, key_id: str) -> RegisteredKey:
        """Return a key; raises SignetError KEY_NOT_FOUND."""
        ...


class Gate:
    """Lets through what identities, roles and grants allow. *now* is for tests."""

    def __init__(
        self, book: Book, keys: Keys, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._book = book
        self._keys = keys
        self._known = KnownDecisions()
        self.now = now

    async def refresh(self) -> None:
        """See what other daemons, and other parts of this one, have changed."""
        await self._book.refresh()

    def caller(self, presented: Presented) -> Identity:
        """Return the identity that was presented; raises PERMISSION_DENIED."""
        return self._book.snapshot.caller(
            presented.name, presented.credential, presented.certificate_sha256
        )

    def key(self, asker: Asker, operation: Operation, key_id: str) -> RegisteredKey:
        """Return a key with which *asker* may read or verify.

        Raises PERMISSION_DENIED, in the same words whether there is such a key or not, and
        KEY_NOT_FOUND to those who may know.
        """
        if asker.roles & ADMINISTRATORS:
            return self._keys.get(key_id)
        return self._allowed(asker, operation, key_id, None, digest_given=True)[0]

    def sees(self, asker: Asker, key: RegisteredKey) -> bool:
        """Whether a list of keys shows *key* to *asker*."""
        if asker.roles & ADMINISTRATORS:
            return True
        use = self._use(asker, Operation.READ, key.id, key)
        return decide(self._book.snapshot, use).allowed

    def signing(
        self, asker: Asker, key_id: str, algorithm: Algorithm | None, *, digest_given: bool
    ) -> tuple[RegisteredKey, Decision]:
        """Return a key that *asker* may sign with, with this algorithm (None: the key's), and how.

        Raises PERMISSION_DENIED as `key` does, and KEY_NOT_FOUND. Whether the credential still
        counts is looked at as well: a batch, or a token, can take longer than that.
        """
        self.check_credential(asker)
        asked = asker.identity, key_id, algorithm, digest_given
        known = self._known.get(self._book.snapshot, asked)
        if known is not None and self._keys.get(key_id) is known[0]:
            return known
        found = self._allowed(asker, Operation.SIGN, key_id, algorithm, digest_given=digest_given)
        if found[1].lasting:
            self._known.keep(asked, found)
        return found

    def stamping(self, asker: Asker, key_id: str) -> tuple[RegisteredKey, Decision]:
        """Return the key of a seal that *asker* may stamp with, and how; raises as `key` does.

        Whether the credential still counts is to be looked at before: `check_credential`.
        """
        return self._allowed(asker, Operation.STAMP, key_id, Algorithm.SM2_SM3, digest_given=True)

    def check_credential(self, asker: Asker) -> None:
        """Raise PERMISSION_DENIED if what *asker* has shown does not count any more."""
        if asker.credential is not None:
            shown = asker.credential, asker.certificate_sha256
            self._book.snapshot.caller(asker.identity, *shown)

    def _allowed(
        self,
        asker: Asker,
        operation: Operation,
        key_id: str,
        algorithm: Algorithm | None,
        *,
        digest_given: bool,
    ) -> tuple[RegisteredKey, Decision]:
        missing: SignetError | None = None
        key: RegisteredKey | None = None
        try:
            key = self._keys.get(key_id)
        except SignetError as error:
            missing = error
        use = self._use(asker, operation, key_id, key, algorithm, digest_given=digest_given)
        decision = decide(self._book.snapshot, use)
        if not decision.allowed:
            raise SignetError(Reason.PERMISSION_DENIED, decision.refusal)
        if key is None:
            raise missing or KeyError(key_id)
        return key, decision

    def _use(
        self,
        asker: Asker,
        operation: Operation,
        key_id: str,
        key: RegisteredKey | None,
        algorithm: Algorithm | None = None,
        *,
        digest_given: bool = True,
    ) -> Use:
        default = None if key is None else key.default_algorithm
        return Use(
            identity=asker.identity,
            key_id=key_id,
            purpose=None if key is None else key.purpose,
            operation=operation,
            algorithm=None if operation is Operation.READ else algorithm or default,
            digest_given=digest_given,
            moment=self.now(),
        )
