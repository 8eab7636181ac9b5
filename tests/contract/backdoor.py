"""What the suite does to a token past its driver: looks at its objects, makes and removes some."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import KeyInfo, Pin, TokenInfo, TokenSettings
from tests.contract.direct import Task

_SECONDS = 60


class Refused(Exception):
    """The token itself refused what was asked of it past the driver."""


class Backdoor(Protocol):
    """Another program's view of a token."""

    def find(self, settings: TokenSettings) -> TokenInfo:
        """Find the token by other settings. Raises SignetError."""
        ...

    def list_keys(self) -> list[KeyInfo]:
        """List the key pairs, from scratch."""
        ...

    def attributes(self, cka_id: bytes) -> dict[str, Any]:
        """Read attributes of the one private key; None is what is not told."""
        ...

    def make(self, cka_id: bytes, label: str, *, extractable: bool = False) -> None:
        """Make a pair on P-256. Raises Refused."""
        ...

    def drop_public(self, cka_id: bytes) -> None:
        """Destroy the public object alone. Raises Refused."""
        ...

    def destroy(self, cka_id: bytes) -> int:
        """Destroy what has this CKA_ID; tell how many objects that were."""
        ...

    def certificates(self, cka_id: bytes) -> list[bytes]:
        """Return the values of the certificates with this CKA_ID."""
        ...

    def count(self, cka_id: bytes = b"") -> int:
        """Tell how many objects of keys have this CKA_ID; of all keys, where none is given."""
        ...


@dataclass(frozen=True)
class Process:
    """A process for each task, which loads the module afresh."""

    settings: TokenSettings
    pin: Pin

    def find(self, settings: TokenSettings) -> TokenInfo:
        """Find the token by other settings. Raises SignetError."""
        return msgspec.convert(self._do("find", settings), TokenInfo)

    def list_keys(self) -> list[KeyInfo]:
        """List the key pairs, from scratch."""
        return msgspec.convert(self._do("keys"), list[KeyInfo])

    def attributes(self, cka_id: bytes) -> dict[str, Any]:
        """Read attributes of the one private key; None is what is not told."""
        found: dict[str, Any] = self._do("attributes", cka_id=cka_id)
        return found

    def make(self, cka_id: bytes, label: str, *, extractable: bool = False) -> None:
        """Make a pair on P-256. Raises Refused."""
        self._do("make", cka_id=cka_id, label=label, extractable=extractable)

    def drop_public(self, cka_id: bytes) -> None:
        """Destroy the public object alone. Raises Refused."""
        self._do("drop-public", cka_id=cka_id)

    def destroy(self, cka_id: bytes) -> int:
        """Destroy what has this CKA_ID; tell how many objects that were."""
        return int(self._do("destroy", cka_id=cka_id))

    def certificates(self, cka_id: bytes) -> list[bytes]:
        """Return the values of the certificates with this CKA_ID."""
        return [bytes.fromhex(each) for each in self._do("certificates", cka_id=cka_id)]

    def count(self, cka_id: bytes = b"") -> int:
        """Tell how many objects of keys have this CKA_ID; of all keys, where none is given."""
        return int(self._do("count", cka_id=cka_id))

    def _do(self, what: str, settings: TokenSettings | None = None, **how: Any) -> Any:
        chosen = settings or self.settings
        task = Task(what=what, settings=chosen, pin=self.pin.reveal(), **how)
        done = subprocess.run(
            [sys.executable, "-m", "tests.contract.direct"],
            input=msgspec.json.encode(task),
            env=os.environ | chosen.environment,
            capture_output=True,
            timeout=_SECONDS,
        )
        assert done.returncode == 0, done.stderr.decode()[-3000:]
        answer = json.loads(done.stdout)
        if "reason" in answer:
            raise SignetError(Reason(answer["reason"]), answer["message"])
        if "refused" in answer:
            raise Refused(answer["refused"])
        return answer["result"]
