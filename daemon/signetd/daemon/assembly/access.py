"""Who may do what, and what others must approve before."""

from dataclasses import dataclass

from signetd.daemon.approvals.administrators import AdministratorApprovals
from signetd.daemon.approvals.changes import Changes
from signetd.daemon.approvals.requirements import People, PolicyRequirements
from signetd.daemon.approvals.service import Approvals
from signetd.daemon.approvals.use import ApprovalUses
from signetd.daemon.assembly.core import Core
from signetd.daemon.config import Config
from signetd.daemon.credentials import utc_now
from signetd.daemon.policy.book import PolicyBook
from signetd.daemon.policy.gate import Gate
from signetd.daemon.rpc.approval_watching import ApprovalWatchers
from signetd.daemon.state import Database


@dataclass(frozen=True)
class Access:
    """The policy, and approvals: those that are asked for, given and used up."""

    book: PolicyBook
    gate: Gate
    wanted: PolicyRequirements
    approvals: Approvals
    changes: Changes
    uses: ApprovalUses
    administrators: AdministratorApprovals
    watchers: ApprovalWatchers


def make_access(config: Config, database: Database, core: Core) -> Access:
    """Make what decides."""
    book = PolicyBook(database.access, core.keys.load)
    gate = Gate(book, core.keys)
    people, changes = People(book), Changes(database.approvals, utc_now)
    uses = ApprovalUses(database.approvals, people, changes, utc_now)
    wanted = PolicyRequirements(book, gate, config.access)
    approvals = Approvals(database.approvals, people, wanted, core.recorder, changes, utc_now)
    return Access(
        book=book,
        gate=gate,
        wanted=wanted,
        approvals=approvals,
        changes=changes,
        uses=uses,
        administrators=AdministratorApprovals(uses, config.access.administrator_approvals),
        watchers=ApprovalWatchers(approvals, changes, config.limits.watchers),
    )
