"""Makes the daemon's objects from its configuration. With its parts in `assembly`, the only place
that constructs them.
"""

import asyncio
from dataclasses import dataclass
from typing import Protocol

from signetd.daemon.approvals.changes import Changes
from signetd.daemon.approvals.service import Approvals
from signetd.daemon.assembly.access import make_access
from signetd.daemon.assembly.core import make_core, make_tokens
from signetd.daemon.assembly.seals import make_recognition, make_sealing
from signetd.daemon.assembly.services import make_services
from signetd.daemon.audit.service import Audit
from signetd.daemon.certificates import CertificateRequests, ExpiryWatch, KeyCertificates
from signetd.daemon.config import Config, Listener
from signetd.daemon.credentials import utc_now
from signetd.daemon.keys import KeyManager
from signetd.daemon.pins import StoredPinGuard
from signetd.daemon.policy.book import PolicyBook
from signetd.daemon.policy.gate import Gate
from signetd.daemon.rpc.dispatch import Dispatcher
from signetd.daemon.rpc.following import Followers
from signetd.daemon.rpc.health import Health
from signetd.daemon.rpc.listeners import Bound, bind
from signetd.daemon.rpc.recording import Recorder
from signetd.daemon.rpc.sign_document import SignDocuments
from signetd.daemon.rpc.sign_stream import SignStreams
from signetd.daemon.seals.stamping import StampDesk
from signetd.daemon.signing import SigningDesk
from signetd.daemon.signing.documents import DocumentDesk
from signetd.daemon.state import Database
from signetd.daemon.timestamps import TimeStampService
from signetd.daemon.trust.threads import VerifyThreads
from signetd.drivers.isolation.pool import TokenPool


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
    documents: DocumentDesk
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
    tokens = make_tokens(config, database)
    core = make_core(config, database, tokens)
    access = make_access(config, database, core)
    recognition = make_recognition(config, database, core)
    sealing = make_sealing(config, database, core, access, recognition)
    audit = core.audit
    desk = SigningDesk(core.engine, access.gate, access.uses, audit.ledger)
    followers = Followers(audit.ledger, audit.store, config.limits.watchers)
    documents = DocumentDesk(desk, access.gate, core.engine, audit.ledger)
    streams = SignStreams(desk, core.recorder, config.limits)
    services = make_services(
        config,
        database,
        tokens,
        core,
        access,
        recognition,
        sealing,
        desk,
        followers,
        streams,
        SignDocuments(documents, config.limits),
    )
    return Daemon(
        config=config,
        database=database,
        tokens=tokens.pools,
        keys=core.keys,
        book=access.book,
        gate=access.gate,
        audit=audit,
        recorder=core.recorder,
        desk=desk,
        documents=documents,
        approvals=access.approvals,
        approval_changes=access.changes,
        dispatcher=Dispatcher(access.gate, services, core.recorder, config.limits),
        health=Health(tokens.pools, audit.ledger),
        watchers=(tokens.watchers, access.watchers, followers, streams),
        guard=tokens.guard,
        requests=core.requests,
        certificates=core.certificates,
        verify_threads=recognition.threads,
        stamps=sealing.stamps,
        time_stamps=sealing.time_stamps,
        changed=tokens.changed,
        expiry=ExpiryWatch(core.keys, utc_now),
    )
