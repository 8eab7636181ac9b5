"""Tokens, the keys on them, what signs with these, and the audit that its use is written into."""

import asyncio
from dataclasses import dataclass

from signetd.daemon.audit.service import Audit
from signetd.daemon.audit.types import Entry
from signetd.daemon.certificates import CertificateRequests, KeyCertificates
from signetd.daemon.config import Config
from signetd.daemon.config.profiles import chosen
from signetd.daemon.credentials import utc_now
from signetd.daemon.keys import KeyManager, RegisteredKey
from signetd.daemon.keys.quarantine import quarantined
from signetd.daemon.pins import PinHasher, StoredPinGuard, StoredSerialBook
from signetd.daemon.pools import make_pools
from signetd.daemon.rpc.recording import Recorder
from signetd.daemon.rpc.token_messages import TokenMessages
from signetd.daemon.rpc.watching import Watchers
from signetd.daemon.signing import FaultCounter, SigningEngine
from signetd.daemon.signing.audit_signer import AuditSigner
from signetd.daemon.state import Database
from signetd.daemon.statements.writer import StatementWriter
from signetd.drivers.isolation.pool import TokenPool
from signetd.drivers.life import Transition


@dataclass(frozen=True)
class Tokens:
    """The tokens; `changed` is set with each change of one, and `watchers` are told."""

    pools: dict[str, TokenPool]
    guard: StoredPinGuard
    writer: TokenMessages
    watchers: Watchers
    changed: asyncio.Event


@dataclass(frozen=True)
class Core:
    """What signs, and what writes down that it did."""

    keys: KeyManager
    engine: SigningEngine
    requests: CertificateRequests
    certificates: KeyCertificates
    audit: Audit
    recorder: Recorder
    statements: StatementWriter


def make_tokens(config: Config, database: Database) -> Tokens:
    """Make the pools of workers, and those who are told of them. Needs a running event loop."""
    changed = asyncio.Event()
    pools: dict[str, TokenPool] = {}
    writer = TokenMessages({token.name: chosen(config, token).name for token in config.tokens})
    watchers = Watchers(pools, writer, config.limits.watchers)

    def on_change(transition: Transition) -> None:
        watchers.publish(transition)
        changed.set()

    guard = StoredPinGuard(database.pins, PinHasher(database.pin_guard_key))
    pools.update(make_pools(config, guard, StoredSerialBook(database.bindings), on_change))
    return Tokens(pools, guard, writer, watchers, changed)


def make_core(config: Config, database: Database, tokens: Tokens) -> Core:
    """Make the engine and the audit, which needs it for its own signatures."""
    keys = KeyManager(database.keys, tokens.pools)
    limits = {token.name: token.quarantine_after for token in config.tokens}

    async def record(key: RegisteredKey, faults: int) -> None:
        await audit.ledger.write(Entry(event=quarantined(key, faults)))

    engine = SigningEngine(keys, tokens.pools, FaultCounter(keys, limits, record))
    signer = AuditSigner(config.audit.key, keys, engine)
    audit = _audit(config, database, signer, tokens.changed)
    return Core(
        keys=keys,
        engine=engine,
        requests=CertificateRequests(keys, engine),
        certificates=KeyCertificates(keys, tokens.pools, utc_now),
        audit=audit,
        recorder=Recorder(audit.ledger, reads=config.audit.reads),
        statements=StatementWriter(signer, config.daemon.name, utc_now),
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
