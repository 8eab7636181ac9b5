"""While a stamp is written down, nobody changes its seal: also not another daemon."""

import threading

from signetd.daemon.seals.parts import Step
from signetd.daemon.seals.types import Act, SealState
from tests.unit.daemon.stamps.office import StampOffice


async def test_a_suspension_waits_for_the_stamps_that_are_being_written(every: StampOffice) -> None:
    await every.sealed()
    seals = every.database.seals
    seen = seals.get("company")
    assert seen is not None
    suspended = threading.Event()

    def suspend() -> None:
        step = Step(act=Act.SUSPEND, identity="reviewer", reason="elsewhere")
        with every.database.transaction("The test") as connection:
            seals.move(seen, step)(connection, every.now)
        suspended.set()

    other = threading.Thread(target=suspend)
    with every.database.transaction("The test") as connection:
        seals.in_use(seen)(connection, every.now)
        other.start()
        assert not suspended.wait(0.5), "the seal was changed under a stamp that is being written"
        seals.in_use(seen)(connection, every.now)
    other.join(30)
    after = seals.get("company")
    assert after is not None
    assert after.state is SealState.SUSPENDED
