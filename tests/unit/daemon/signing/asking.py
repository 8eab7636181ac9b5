"""An engine that is asked as the desk asks it, without its decisions."""

from typing import Any

from signetd.daemon.signing import Signed, SigningEngine, SignInput, Verified, VerifyInput
from signetd.daemon.signing.digests import named_digest
from signetd.daemon.signing.validate import check
from signetd.drivers.types import Requester


class AskedEngine:
    """Checks and hashes what is to be signed, then has the engine sign it."""

    def __init__(self, engine: SigningEngine, keys: Any) -> None:
        self._engine = engine
        self._keys = keys

    async def sign(self, request: SignInput, requester: Requester | None = None) -> Signed:
        checked = check(self._keys.get(request.key), request)
        digest = await named_digest(checked)
        return await self._engine.sign(checked, digest, requester or Requester())

    async def verify(self, request: VerifyInput) -> Verified:
        return await self._engine.verify(request)
