"""Makes the daemon's objects from its configuration. The only place that constructs them."""

import asyncio
from dataclasses import dataclass
from typing import Final, Protocol

from signetd.daemon.approvals.administrators import AdministratorApprovals
from signetd.daemon.approvals.changes import Changes
from signetd.daemon.approvals.requirements import People, PolicyRequirements
from signetd.daemon.approvals.service import Approvals
from signetd.daemon.approvals.use import ApprovalUses
from signetd.daemon.audit.ledger import GroupLedger
from signetd.daemon.audit.service import Audit
from signetd.daemon.audit.types import Entry
from signetd.daemon.bootstrap import socket_names
from signetd.daemon.certificates import CertificateRequests, ExpiryWatch, KeyCertificates
from signetd.daemon.config import Config, Listener
from signetd.daemon.config.profiles import chosen
from signetd.daemon.credentials import utc_now
from signetd.daemon.keys import KeyManager, RegisteredKey
from signetd.daemon.keys.quarantine import quarantined
from signetd.daemon.pins import PinHasher, StoredPinGuard, StoredSerialBook
from signetd.daemon.policy.book import PolicyBook
from signetd.daemon.policy.credential import credential_of
from signetd.daemon.policy.gate import Gate
from signetd.daemon.pools import make_pools
from signetd.daemon.rpc.access_api import AccessApi
from signetd.daemon.rpc.approval_api import ApprovalApi
from signetd.daemon.rpc.approval_watching import ApprovalWatchers
from signetd.daemon.rpc.attestation_api import AttestationApi
from signetd.daemon.rpc.audit_api import AuditApi
from signetd.daemon.rpc.certificates_api import CertificatesApi
from signetd.daemon.rpc.dispatch import Dispatcher
from signetd.daemon.rpc.following import Followers
from signetd.daemon.rpc.health import Health
from signetd.daemon.rpc.key_api import KeyApi
from signetd.daemon.rpc.listeners import Bound, bind
from signetd.daemon.rpc.recording import Recorder
from signetd.daemon.rpc.seal_api import SealApi, Seals
from signetd.daemon.rpc.signing_api import SigningApi
from signetd.daemon.rpc.stamp_api import StampApi
from signetd.daemon.rpc.token_api import TokenApi
from signetd.daemon.rpc.token_messages import TokenMessages
from signetd.daemon.rpc.verification_api import VerificationApi
from signetd.daemon.rpc.watching import Watchers
from signetd.daemon.seals.applications import Applications
from signetd.daemon.seals.filing import Filing
from signetd.daemon.seals.importing import Importer
from signetd.daemon.seals.judging import SealJudge
from signetd.daemon.seals.keeper import SealKeeper
from signetd.daemon.seals.make import SealMaker
from signetd.daemon.seals.stamp_clock import StampClock
from signetd.daemon.seals.stamp_tokens import StampTokens
from signetd.daemon.seals.stamping import StampDesk
from signetd.daemon.seals.view import SealView
from signetd.daemon.signing import FaultCounter, SigningDesk, SigningEngine
from signetd.daemon.signing.audit_signer import AuditSigner
from signetd.daemon.state import Database
from signetd.daemon.statements.attestation import Attestation
from signetd.daemon.statements.writer import StatementWriter
from signetd.daemon.timestamps import TimeStampService
from signetd.daemon.trust.book import TrustBook
from signetd.daemon.trust.folders import TrustFolders
from signetd.daemon.trust.threads import VerifyThreads
from signetd.daemon.trust.verifier import Verifier
from signetd.drivers.isolation.pool import TokenPool
from signetd.drivers.life import Transition

_API: Final = "signetd.api.v1."


class Watched(Protocol):
    """Serves those who watch something."""

    def close(self) -> None:
        """End all watches, and let nobody in any more."""
        ...


@dataclass(frozen=True)
class Daemon:
    """What a running daemon consists of. What changes the health sets `changed`."""

    config: Config
    database: Database
    tokens: dict[str, TokenPool]
    keys: KeyManager
    book: PolicyBook
    gate: Gate
    audit: Audit
    recorder: Recorder
    desk: SigningDesk
    approvals: Approvals
    approval_changes: Changes
    dispatcher: Dispatcher
    health: Health
    watchers: tuple[Watched, ...]
    guard: StoredPinGuard
    requests: CertificateRequests
    certificates: KeyCertificates
    stamps: StampDesk
    time_stamps: TimeStampService | None
    verify_threads: VerifyThreads
    changed: asyncio.Event
    expiry: ExpiryWatch

    def bind(self, listener: Listener) -> Bound:
        """Bind a server to an address of the configuration; raises StartError."""
        limit = self.config.limits.connections
        return bind(listener, self.dispatcher, self.health, limit)


def assemble(config: Config, database: Database) -> Daemon:
    """Make the objects of a daemon; nothing is started. Needs a running event loop."""
    changed = asyncio.Event()
    tokens: dict[str, TokenPool] = {}
    writer = TokenMessages({token.name: chosen(config, token).name for token in config.tokens})
    watchers = Watchers(tokens, writer, config.limits.watchers)

    def on_change(transition: Transition) -> None:
        watchers.publish(transition)
        changed.set()

    guard = StoredPinGuard(database.pins, PinHasher(database.pin_guard_key))
    tokens.update(make_pools(config, guard, StoredSerialBook(database.bindings), on_change))
    keys = KeyManager(database.keys, tokens)
    limits = {token.name: token.quarantine_after for token in config.tokens}

    async def record(key: RegisteredKey, faults: int) -> None:
        await audit.ledger.write(Entry(event=quarantined(key, faults)))

    engine = SigningEngine(keys, tokens, FaultCounter(keys, limits, record))
    signer = AuditSigner(config.audit.key, keys, engine)
    audit = _audit(config, database, signer, changed)
    statements = StatementWriter(signer, config.daemon.name, utc_now)
    recorder = Recorder(audit.ledger, reads=config.audit.reads)
    book = PolicyBook(database.access, keys.load)
    gate = Gate(book, keys)
    people, approved = People(book), Changes(database.approvals, utc_now)
    uses = ApprovalUses(database.approvals, people, approved, utc_now)
    wanted = PolicyRequirements(book, gate, config.access)
    approvals = Approvals(database.approvals, people, wanted, recorder, approved, utc_now)
    approval_watchers = ApprovalWatchers(approvals, approved, config.limits.watchers)
    administrators = AdministratorApprovals(uses, config.access.administrator_approvals)
    sockets = socket_names(config)
    desk = SigningDesk(engine, gate, uses, audit.ledger)
    followers = Followers(audit.ledger, audit.store, config.limits.watchers)
    certificates = KeyCertificates(keys, tokens, utc_now)
    requests = CertificateRequests(keys, engine)
    trust_lists = TrustBook(database.trust_lists, recorder, utc_now)
    threads = VerifyThreads()
    folders = TrustFolders(config.seals, config.timestamps)
    verifier = Verifier(config.seals, folders, trust_lists, database.seals, threads, utc_now)
    parts = Parts(book, gate, keys, engine, uses, recorder, statements, verifier)
    time_stamps = None if config.timestamps is None else TimeStampService(config.timestamps)
    judge = SealJudge(config.seals, folders, utc_now)
    tokens_of_time = _tokens_of_time(config, time_stamps)
    seals = _seals(config, database, parts, judge, tokens_of_time)
    stamps = _stamps(config, database, parts, judge, tokens_of_time, audit.ledger)
    apis = {
        "SigningService": SigningApi(desk, gate, engine, recorder),
        "KeyService": (
            KeyApi(
                keys,
                gate,
                uses,
                recorder,
                database.usage,
                database.seals,
                config.access.destroy_approvals,
            ),
            AttestationApi(keys, Attestation(tokens, statements), recorder),
            CertificatesApi(requests, certificates, gate, recorder),
        ),
        "TokenService": TokenApi(tokens, writer, watchers, recorder),
        "AccessService": AccessApi(book, keys, recorder, database.usage, sockets, administrators),
        "ApprovalService": ApprovalApi(
            approvals,
            approval_watchers,
            wanted,
            seals.maker,
            stamps,
            lambda name: credential_of(name, sockets),
        ),
        "AuditService": AuditApi(audit, followers),
        "VerificationService": VerificationApi(verifier, trust_lists),
        "SealService": (SealApi(seals, database.usage), StampApi(stamps, recorder)),
    }
    return Daemon(
        config=config,
        database=database,
        tokens=tokens,
        keys=keys,
        book=book,
        gate=gate,
        audit=audit,
        recorder=recorder,
        desk=desk,
        approvals=approvals,
        approval_changes=approved,
        dispatcher=Dispatcher(
            gate, {_API + name: api for name, api in apis.items()}, recorder, config.limits
        ),
        health=Health(tokens, audit.ledger),
        watchers=(watchers, approval_watchers, followers),
        guard=guard,
        requests=requests,
        certificates=certificates,
        verify_threads=threads,
        stamps=stamps,
        time_stamps=time_stamps,
        changed=changed,
        expiry=ExpiryWatch(keys, utc_now),
    )


@dataclass(frozen=True)
class Parts:
    """What the parts of the daemon that do something with keys are made with."""

    book: PolicyBook
    gate: Gate
    keys: KeyManager
    engine: SigningEngine
    approvals: ApprovalUses
    recorder: Recorder
    statements: StatementWriter
    verifier: Verifier


def _tokens_of_time(config: Config, service: TimeStampService | None) -> StampTokens:
    times = config.timestamps
    return StampTokens(service, degrade=times is not None and times.on_failure == "degrade")


def _seals(
    config: Config, database: Database, parts: Parts, judge: SealJudge, times: StampTokens
) -> Seals:
    store, book, keys, recorder = database.seals, parts.book, parts.keys, parts.recorder
    published = config.seals.publish_status
    view = SealView(store, keys, parts.gate, utc_now, published=published)
    return Seals(
        view=view,
        applications=Applications(store, view, book, parts.gate, recorder, utc_now),
        maker=SealMaker(
            store,
            view,
            book,
            keys,
            judge,
            parts.engine,
            times,
            parts.approvals,
            recorder,
            utc_now,
            config.seals.vendor,
        ),
        filing=Filing(store, view, book, keys, parts.statements, recorder, utc_now),
        keeper=SealKeeper(store, view, book, keys, recorder),
        importer=Importer(store, book, keys, parts.verifier, recorder, utc_now),
    )


def _stamps(
    config: Config,
    database: Database,
    parts: Parts,
    judge: SealJudge,
    times: StampTokens,
    ledger: GroupLedger,
) -> StampDesk:
    return StampDesk(
        database.seals,
        parts.keys,
        parts.gate,
        judge,
        StampClock(utc_now, lambda: ledger.tail.time, config.seals.clock_tolerance),
        times,
        parts.engine,
        parts.approvals,
        ledger,
    )


def _audit(
    config: Config, database: Database, signer: AuditSigner, changed: asyncio.Event
) -> Audit:
    return Audit(
        database.audit(config.daemon.name),
        signer,
        records=config.audit.checkpoint_records,
        seconds=config.audit.checkpoint_seconds,
        shared=config.database.url is not None,
        on_failure=lambda _: changed.set(),
    )
