"""What the daemon remembers of PINs and serials, without a database."""

from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import Pin


class Guard:
    """A PIN guard in memory; several pools that share one are as after a restart."""

    def __init__(self) -> None:
        self.known: dict[tuple[str, str], str] = {}

    async def begin(self, serial: str, pin: Pin, *, by_itself: bool) -> None:
        if not by_itself:
            self.known = {place: why for place, why in self.known.items() if place[0] != serial}
        elif (why := self.known.get((serial, pin.reveal()))) is not None:
            raise SignetError(Reason.PIN_BLOCKED, f"it was presented before: {why}")
        self.known[serial, pin.reveal()] = "how that ended is not known"

    async def accepted(self, serial: str) -> None:
        self.known = {place: why for place, why in self.known.items() if place[0] != serial}

    async def refused(self, serial: str, pin: Pin, why: str) -> None:
        self.known[serial, pin.reveal()] = why

    async def not_presented(self, serial: str, pin: Pin) -> None:
        self.known.pop((serial, pin.reveal()), None)


class Serials:
    """A book of serials in memory."""

    def __init__(self) -> None:
        self.bound: dict[str, str] = {}

    async def serial(self, name: str) -> str:
        return self.bound.get(name, "")

    async def bind(self, name: str, serial: str) -> None:
        self.bound[name] = serial


class Source:
    """A PIN as an administrator's file would hold it."""

    def __init__(self, pin: Pin) -> None:
        self.pin = pin

    async def read(self) -> Pin:
        return self.pin
