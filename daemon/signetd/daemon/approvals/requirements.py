"""What must have been approved before something may be done, by policy and configuration."""

from signetd.daemon.approvals import subjects
from signetd.daemon.approvals.types import Subject
from signetd.daemon.config import Access
from signetd.daemon.keys.types import RegisteredKey
from signetd.daemon.policy.book import PolicyBook
from signetd.daemon.policy.charges import approvals_of
from signetd.daemon.policy.gate import Gate
from signetd.daemon.policy.types import ApprovalRule, Asker, Operation, Role
from signetd.daemon.signing.types import SignInput
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import Requester


class People:
    """Who is who now; implements approvals.parts.People."""

    def __init__(self, book: PolicyBook) -> None:
        self._book = book

    def members(self, group: str) -> frozenset[str]:
        """Return the members of a group that are not disabled."""
        return self._book.snapshot.members(group)

    def auditors(self) -> frozenset[str]:
        """Return the auditors that are not disabled."""
        return self._book.snapshot.acting(Role.AUDITOR)


class PolicyRequirements:
    """Says by policy and configuration; implements approvals.parts.Requirements.

    Also looks up the keys that approvals are asked for; implements rpc.approval_api.Keys.
    """

    def __init__(self, book: PolicyBook, gate: Gate, access: Access) -> None:
        self._book = book
        self._gate = gate
        self._access = access

    def rules_for(
        self, identity: str, subject: Subject, *, message: bool, key: str = ""
    ) -> tuple[ApprovalRule, ...]:
        """Return who must approve *subject*; raises PERMISSION_DENIED, KEY_NOT_FOUND."""
        if subject.operation == subjects.SIGN:
            return self._signing(identity, subject, message=message)
        if subject.operation == subjects.STAMP:
            own, decision = self._gate.stamping(self._asker(identity), key)
            return approvals_of(decision.alternatives[0], own.policy)
        self._require_security_admin(identity)
        if subject.operation == subjects.DESTROY_KEY:
            found = self.to_destroy(identity, subject.resource.removeprefix("keys/"))
            return (*_of_others(self._access.destroy_approvals), *_of_key(found))
        if subject.operation == subjects.MAKE_SEAL:
            return _of_key(self._gate.key(self._asker(identity), Operation.READ, key))
        return _of_others(self._access.administrator_approvals)

    def to_sign(self, identity: str, order: SignInput) -> RegisteredKey:
        """Return the key of a signature that *identity* may ask approval for.

        Raises PERMISSION_DENIED, in the same words whether there is such a key or not, and
        KEY_NOT_FOUND.
        """
        asker, digest_given = self._asker(identity), order.digest is not None
        return self._gate.signing(asker, order.key, order.algorithm, digest_given=digest_given)[0]

    def to_destroy(self, identity: str, key_id: str) -> RegisteredKey:
        """Return a key whose destruction *identity* may ask approval for; raises as `to_sign`."""
        self._require_security_admin(identity)
        return self._gate.key(self._asker(identity), Operation.READ, key_id)

    def _signing(
        self, identity: str, subject: Subject, *, message: bool
    ) -> tuple[ApprovalRule, ...]:
        asker = self._asker(identity)
        key_id = subject.resource.removeprefix("keys/")
        key, decision = self._gate.signing(
            asker, key_id, subject.algorithm, digest_given=not message
        )
        return approvals_of(decision.alternatives[0], key.policy)

    def _require_security_admin(self, identity: str) -> None:
        if Role.SECURITY_ADMIN not in self._asker(identity).roles:
            raise SignetError(
                Reason.PERMISSION_DENIED,
                f"The identity {identity!r} may not do this, with an approval or without: it needs "
                f"the role {Role.SECURITY_ADMIN}.",
            )

    def _asker(self, name: str) -> Asker:
        known = self._book.snapshot.identity(name)
        roles = frozenset[Role]() if known is None else known.roles
        return Asker(identity=name, roles=roles, request_id="", requester=Requester())


def _of_key(key: RegisteredKey) -> tuple[ApprovalRule, ...]:
    return () if key.policy.approval is None else (key.policy.approval,)


def _of_others(count: int) -> tuple[ApprovalRule, ...]:
    return (ApprovalRule(count=count),) if count else ()
