"""Has the audit's checkpoints signed by a key that is for nothing else."""

from typing import Final, Protocol

from signetd.daemon.audit.signer import AuditKey
from signetd.daemon.keys import versions
from signetd.daemon.keys.types import KeyState, RegisteredKey
from signetd.daemon.policy.types import KeyPurpose
from signetd.daemon.signing.digests import named_digest
from signetd.daemon.signing.types import Signed, SignInput
from signetd.daemon.signing.validate import Checked, check, check_purpose
from signetd.drivers.errors import SignetError
from signetd.drivers.types import Requester

_REQUESTER: Final = Requester(client="audit")


class Keys(Protocol):
    """Where keys are looked up."""

    def get(self, key_id: str) -> RegisteredKey:
        """Return a key; raises SignetError KEY_NOT_FOUND."""
        ...


class Engine(Protocol):
    """What makes signatures."""

    async def sign(self, checked: Checked, digest: bytes, requester: Requester) -> Signed:
        """Sign what was checked."""
        ...


class AuditSigner:
    """Signs with the key of the configuration, if there is one; implements audit.signer.Signer."""

    def __init__(self, key_id: str | None, keys: Keys, engine: Engine) -> None:
        self._key_id = key_id
        self._keys = keys
        self._engine = engine

    def key(self) -> AuditKey | None:
        """Return the key that signs from now on; None if none is configured, or not made yet."""
        if self._key_id is None:
            return None
        try:
            key = self._keys.get(self._key_id)
        except SignetError:
            return None
        if key.state is KeyState.DESTROYED:
            return None
        return AuditKey(name=f"keys/{key.id}", algorithm=key.default_algorithm.value, spki=key.spki)

    async def sign(self, key: AuditKey, data: bytes) -> bytes:
        """Sign the message *data*; DER for SM2 and ECDSA.

        With the very pair that *key* names, even if another has just come in its place. Raises
        SignetError KEY_PURPOSE_WRONG, and what the engine does.
        """
        registered = self._keys.get(key.name.removeprefix("keys/"))
        check_purpose(registered, KeyPurpose.AUDIT)
        pair = next((v for v in versions.every(registered) if v.spki == key.spki), registered)
        checked = check(pair, SignInput(key=registered.id, message=data))
        signed = await self._engine.sign(checked, await named_digest(checked), _REQUESTER)
        return signed.signature
