"""Whether somebody may be made an administrator: by the approval of others, where that is asked."""

from contextlib import AbstractContextManager

from signetd.daemon.approvals import subjects
from signetd.daemon.approvals.use import ApprovalUses
from signetd.daemon.audit.types import Effect
from signetd.daemon.policy.types import Identity


class AdministratorApprovals:
    """Asks for as many other security administrators as the configuration does: *count*."""

    def __init__(self, uses: ApprovalUses, count: int) -> None:
        self._uses = uses
        self._count = count

    def reserve(self, approval: str, user: str) -> AbstractContextManager[None]:
        """Keep an approval for one request of *user* meanwhile; see ApprovalUses.reserve."""
        return self._uses.reserve(approval, user)

    async def consume_for_administrator(
        self, identity: Identity, approval: str, user: str
    ) -> tuple[Effect, ...]:
        """Return what uses up the approval for *identity* as it shall be, its times aside.

        Raises APPROVAL_NEEDED, APPROVAL_INVALID, INPUT_INVALID.
        """
        subject = subjects.administrator(
            identity.name, identity.roles, identity.credential, identity.certificate_sha256
        )
        return await self._uses.effects_for_act(subject, approval, user, self._count)
