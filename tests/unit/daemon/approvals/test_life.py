"""Whatever is done, by whomever and in whatever order: what a use promises, and what is final."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Engine, delete

from signetd.daemon.approvals import rules
from signetd.daemon.approvals.types import Approval, ApprovalState, Subject
from signetd.daemon.audit.types import Effect
from signetd.daemon.policy.types import ApprovalRule
from signetd.daemon.state.access_tables import APPROVAL_VOTES, APPROVALS
from signetd.daemon.state.approvals import ApprovalStore
from signetd.drivers.errors import Reason, SignetError
from tests.unit.daemon.approvals.samples import SUBJECT, altered_subjects, approval
from tests.unit.daemon.ledgers import START

NAMES = ["app", "robot", "admin-1", "admin-2", "admin-3", "li"]
SUBJECTS = [SUBJECT, *altered_subjects()]
LIFETIME = timedelta(minutes=20)
RULES = st.lists(
    st.builds(ApprovalRule, count=st.integers(1, 2), group=st.sampled_from(["", "legal"])),
    min_size=1,
    max_size=2,
).map(tuple)
ODD = st.sampled_from(["nothing", "nothing", "nothing", "user", "subject"])
people = st.sampled_from(NAMES)


class Life(RuleBasedStateMachine):
    """Plays requesters, approvers, users and time against the store, beside a simple model."""

    ids = Bundle("ids")
    engine: Engine

    @initialize()
    def begin(self) -> None:
        with self.engine.begin() as connection:
            connection.execute(delete(APPROVAL_VOTES))
            connection.execute(delete(APPROVALS))
        self.store = ApprovalStore(self.engine)
        self.now = START
        self.groups = {"": {"admin-1", "admin-2", "admin-3"}, "legal": {"li", "admin-1"}}
        self.asked: dict[str, Approval] = {}
        self.said_yes: dict[str, set[str]] = {}
        self.uses: dict[str, int] = {}
        self.seen: dict[str, ApprovalState] = {}

    def members(self, group: str) -> frozenset[str]:
        return frozenset(self.groups.get(group, ()))

    @contextmanager
    def done(self, *expected: Reason) -> Iterator[None]:
        """Everything may be refused, but only for these reasons."""
        try:
            yield
        except SignetError as error:
            assert error.reason in expected, error.message

    def make(self, effect: Effect) -> None:
        with self.engine.begin() as connection:
            effect(connection, self.now)

    @precondition(lambda self: len(self.asked) < 4)
    @rule(target=ids, requester=people, subject=st.sampled_from(SUBJECTS[:2]), wanted=RULES)
    def ask(self, requester: str, subject: Subject, wanted: tuple[ApprovalRule, ...]) -> str:
        return self.asked_by(requester, subject, wanted)

    @precondition(lambda self: len(self.asked) < 6)
    @rule(target=ids, requester=people, subject=st.sampled_from(SUBJECTS[:2]), wanted=RULES)
    def ask_all(self, requester: str, subject: Subject, wanted: tuple[ApprovalRule, ...]) -> str:
        approval_id = self.asked_by(requester, subject, wanted)
        for who in NAMES:
            self.vote(approval_id, who, approved=True)
        return approval_id

    def asked_by(self, requester: str, subject: Subject, wanted: tuple[ApprovalRule, ...]) -> str:
        made = approval(
            id=f"a{len(self.asked)}",
            requester=requester,
            subject=subject,
            rules=wanted,
            create_time=self.now,
            expire_time=self.now + LIFETIME,
        )
        self.make(self.store.create(made, 1000))
        self.asked[made.id] = made
        self.said_yes[made.id], self.uses[made.id] = set(), 0
        return made.id

    @rule(approval_id=ids, who=people, approved=st.integers(0, 7).map(bool))
    def vote(self, approval_id: str, who: str, approved: bool) -> None:
        with self.done(Reason.PERMISSION_DENIED, Reason.APPROVAL_STATE_WRONG):
            self.make(
                self.store.vote(approval_id, who, self.members, approved=approved, comment="")
            )
            assert who != self.asked[approval_id].requester, "who asks must not vote"
            assert who not in self.said_yes[approval_id], "nobody may vote twice"
            if approved:
                self.said_yes[approval_id].add(who)

    @rule(approval_id=ids, who=people)
    def cancel(self, approval_id: str, who: str) -> None:
        with self.done(Reason.PERMISSION_DENIED, Reason.APPROVAL_STATE_WRONG):
            self.make(self.store.cancel(approval_id, who))
            assert who == self.asked[approval_id].requester, "only who asks may take it back"

    @rule(approval_id=ids, odd=ODD, who=people, subject=st.sampled_from(SUBJECTS))
    def use(self, approval_id: str, odd: str, who: str, subject: Subject) -> None:
        known = self.asked[approval_id]
        who = who if odd == "user" else known.requester
        subject = subject if odd == "subject" else known.subject
        found = self.store.get(approval_id)
        assert found is not None
        with self.done(Reason.APPROVAL_INVALID):
            rules.check_use(found, subject, who, known.rules, self.members, self.now)
            self.make(self.store.consume(approval_id, subject, who))
            self.uses[approval_id] += 1
            self.check_used(known, who, subject)

    def check_used(self, known: Approval, who: str, subject: Subject) -> None:
        approvers = self.said_yes[known.id] - {known.requester}
        for each in known.rules:
            enough = len(approvers & self.members(each.group)) >= each.count
            assert enough, f"used with the approval of {approvers} only, under {each}"
        assert self.uses[known.id] == 1, "used twice"
        assert self.now < known.expire_time, "used after its time"
        assert (who, subject) == (known.requester, known.subject), "used by or for another"

    @rule(approval_id=ids, who=people)
    def use_late(self, approval_id: str, who: str) -> None:
        """The effect alone, as after a signature that took long: still once, still in time."""
        known = self.asked[approval_id]
        with self.done(Reason.APPROVAL_INVALID):
            self.make(self.store.consume(approval_id, known.subject, who))
            self.uses[approval_id] += 1
            assert (self.uses[approval_id], who) == (1, known.requester)
            assert self.now < known.expire_time, "used after its time"

    @rule(minutes=st.integers(1, 6))
    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule()
    def write_expiry(self) -> None:
        for one in self.store.expire(self.now):
            assert one.expire_time <= self.now
            assert self.seen[one.id] in rules.OPEN | {ApprovalState.EXPIRED}

    @rule(who=people, group=st.sampled_from(["", "legal"]), comes=st.booleans())
    def move(self, who: str, group: str, comes: bool) -> None:
        (self.groups[group].add if comes else self.groups[group].discard)(who)

    @invariant()
    def final_states_stay(self) -> None:
        for approval_id, known in self.asked.items():
            found = self.store.get(approval_id)
            assert found is not None, "an approval has vanished"
            state, before = rules.state_now(found, self.now), self.seen.get(approval_id)
            if before is not None and before not in rules.OPEN:
                assert state is before, f"{before} was final and became {state}"
            assert (found.subject, found.requester) == (known.subject, known.requester)
            assert (state is ApprovalState.USED) == (self.uses[approval_id] == 1)
            self.seen[approval_id] = state


def test_life(engine: Engine) -> None:
    machine = type("LifeIn" + engine.dialect.name, (Life,), {"engine": engine})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=60,
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
