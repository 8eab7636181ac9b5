"""Electronic seals: whom to trust, their making and keeping, and stamps."""

from dataclasses import dataclass

from signetd.daemon.assembly.access import Access
from signetd.daemon.assembly.core import Core
from signetd.daemon.config import Config
from signetd.daemon.credentials import utc_now
from signetd.daemon.rpc.seal_api import Seals
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
from signetd.daemon.state import Database
from signetd.daemon.timestamps import TimeStampService
from signetd.daemon.trust.book import TrustBook
from signetd.daemon.trust.folders import TrustFolders
from signetd.daemon.trust.threads import VerifyThreads
from signetd.daemon.trust.verifier import Verifier


@dataclass(frozen=True)
class Recognition:
    """Whose seals count: `judge` says so of those that are kept here, `verifier` of any."""

    lists: TrustBook
    threads: VerifyThreads
    verifier: Verifier
    judge: SealJudge


@dataclass(frozen=True)
class Sealing:
    """What is done with the seals that are kept here."""

    seals: Seals
    stamps: StampDesk
    time_stamps: TimeStampService | None


def make_recognition(config: Config, database: Database, core: Core) -> Recognition:
    """Make those who judge; the folders of [seals] have one reader for both."""
    given = config.seals
    lists = TrustBook(database.trust_lists, core.recorder, utc_now)
    folders, threads = TrustFolders(given, config.timestamps), VerifyThreads()
    return Recognition(
        lists=lists,
        threads=threads,
        verifier=Verifier(given, folders, lists, database.seals, threads, utc_now),
        judge=SealJudge(given, folders, utc_now),
    )


def make_sealing(
    config: Config, database: Database, core: Core, access: Access, recognition: Recognition
) -> Sealing:
    """Make what seals live by, and the desk that stamps."""
    times = config.timestamps
    service = None if times is None else TimeStampService(times)
    tokens = StampTokens(service, degrade=times is not None and times.on_failure == "degrade")
    return Sealing(
        seals=_seals(config, database, core, access, recognition, tokens),
        stamps=_stamps(config, database, core, access, recognition, tokens),
        time_stamps=service,
    )


def _seals(
    config: Config,
    database: Database,
    core: Core,
    access: Access,
    recognition: Recognition,
    times: StampTokens,
) -> Seals:
    store, book, keys, recorder = database.seals, access.book, core.keys, core.recorder
    view = SealView(store, keys, access.gate, utc_now, published=config.seals.publish_status)
    return Seals(
        view=view,
        applications=Applications(store, view, book, access.gate, recorder, utc_now),
        maker=SealMaker(
            store,
            view,
            book,
            keys,
            recognition.judge,
            core.engine,
            times,
            access.uses,
            recorder,
            utc_now,
            config.seals.vendor,
        ),
        filing=Filing(store, view, book, keys, core.statements, recorder, utc_now),
        keeper=SealKeeper(store, view, book, keys, recorder),
        importer=Importer(store, book, keys, recognition.verifier, recorder, utc_now),
    )


def _stamps(
    config: Config,
    database: Database,
    core: Core,
    access: Access,
    recognition: Recognition,
    times: StampTokens,
) -> StampDesk:
    ledger = core.audit.ledger
    return StampDesk(
        database.seals,
        core.keys,
        access.gate,
        recognition.judge,
        StampClock(utc_now, lambda: ledger.tail.time, config.seals.clock_tolerance),
        times,
        core.engine,
        access.uses,
        ledger,
    )
