"""The life of a key: generated or enrolled, disabled and enabled, destroyed."""

import asyncio
import secrets
from collections import defaultdict
from collections.abc import Callable, Coroutine, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from signetd.daemon.keys import checks, destruction, quarantine, tokens, versions
from signetd.daemon.keys.destruction import Destroyed
from signetd.daemon.keys.generation import generate_registered
from signetd.daemon.keys.registry import Registry, Store
from signetd.daemon.keys.tokens import KeyToken
from signetd.daemon.keys.types import KeyOrigin, KeyState, RegisteredKey
from signetd.daemon.policy.types import KeyPolicy, KeyPurpose
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import Algorithm, KeyInfo, KeyType, TokenInfo

_CKA_ID_BYTES = 16
_Result = TypeVar("_Result")


class KeyManager:
    """Looks up keys and changes them; one per daemon, used from one event loop.

    A change that has begun is finished even if its caller goes away: a token and the store
    must not be left disagreeing. ``drain`` waits for such changes. Calls of the API are seen
    through by their dispatcher already; a quarantine in the middle of a signature, and who makes
    keys without the API, are not.
    """

    def __init__(self, store: Store, tokens: Mapping[str, KeyToken]) -> None:
        self._registry = Registry(store)
        self._tokens = tokens
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._changes: set[asyncio.Task[Any]] = set()
        # Proven to be gone from their tokens, but the store could not be told yet. After a restart
        # that is not known, and the next destruction finds it out.
        self._gone: set[str] = set()

    async def load(self) -> None:
        """Read the registered keys from the store, and show the tokens of those in quarantine."""
        await self._registry.load()
        for key in self._registry.all():
            quarantine.show(key, self._tokens)

    async def drain(self) -> None:
        """Wait until the changes under way are finished; their callers get the errors."""
        await asyncio.gather(*self._changes, return_exceptions=True)

    def get(self, key_id: str) -> RegisteredKey:
        """Return a key; raises SignetError KEY_NOT_FOUND."""
        return self._registry.get(key_id)

    def all(self) -> list[RegisteredKey]:
        """Return every key, by name."""
        return self._registry.all()

    def page(
        self,
        page_size: int,
        page_token: str,
        shown: Callable[[RegisteredKey], bool] = lambda key: True,
    ) -> tuple[list[RegisteredKey], str]:
        """Return the *shown* keys by name, and the token of the next page ("" on the last).

        ``page_size`` is 1 to 1,000, or 0 for 100. Raises SignetError INPUT_INVALID.
        """
        return self._registry.page(page_size, page_token, shown)

    async def generate(
        self,
        key_id: str,
        token: str,
        key_type: KeyType,
        default_algorithm: Algorithm | None,
        purpose: KeyPurpose = KeyPurpose.SIGNING,
    ) -> RegisteredKey:
        """Have a token make a key pair, and register it; the label is the name of the key.

        Raises SignetError INPUT_INVALID, KEY_EXISTS, ALGORITHM_UNSUITABLE,
        ALGORITHM_NOT_ON_TOKEN, TOKEN_NOT_FOUND, TOKEN_LOCKED, TOKEN_ABSENT, and what the token
        answers. The pair is destroyed again if it cannot be registered.
        """
        checks.check_key_id(key_id)
        algorithm = checks.choose_default(key_type, default_algorithm)
        return await self._finish(self._generate(key_id, token, key_type, algorithm, purpose))

    async def enrol(
        self,
        key_id: str,
        token: str,
        *,
        cka_id: bytes,
        label: str,
        default_algorithm: Algorithm | None,
        purpose: KeyPurpose = KeyPurpose.SIGNING,
    ) -> RegisteredKey:
        """Register the one key pair on a token that has this CKA_ID and this label.

        Empty means any, but one of the two is needed. Raises SignetError INPUT_MISSING,
        INPUT_INVALID, KEY_EXISTS, KEY_NOT_ON_TOKEN, KEY_AMBIGUOUS, KEY_UNPROTECTED,
        ALGORITHM_UNSUITABLE, ALGORITHM_NOT_ON_TOKEN, TOKEN_NOT_FOUND, TOKEN_LOCKED, TOKEN_ABSENT.
        """
        checks.check_key_id(key_id)
        checks.check_location(cka_id, label)
        return await self._finish(
            self._enrol(key_id, token, cka_id, label, default_algorithm, purpose)
        )

    async def disable(self, key_id: str) -> RegisteredKey:
        """Stop a key from signing; raises KEY_NOT_FOUND, KEY_STATE_WRONG when destroyed."""
        self.get(key_id)
        return await self._finish(self._switch(key_id, KeyState.DISABLED))

    async def enable(self, key_id: str) -> RegisteredKey:
        """Let a key sign again; raises KEY_NOT_FOUND, KEY_STATE_WRONG when destroyed."""
        self.get(key_id)
        return await self._finish(self._switch(key_id, KeyState.ENABLED))

    async def quarantine(self, key_id: str, faults: int) -> RegisteredKey:
        """Stop an enabled key from signing: *faults* signatures in a row did not verify.

        An alarm is logged, and the token is shown as degraded. Does nothing with a key that is
        not enabled. Raises KEY_NOT_FOUND.
        """
        self.get(key_id)
        return await self._finish(self._quarantine(key_id, faults))

    async def replace(
        self, key_id: str, token: str = "", *, cka_id: bytes = b"", label: str = ""
    ) -> RegisteredKey:
        """Have another pair of the same type sign from now on; the present one only verifies.

        The new pair is on *token* (default: that of the key): the one with this CKA_ID and label,
        as in `enrol`, or with neither a new one. The state and the policy stay as they are. Raises
        SignetError KEY_NOT_FOUND, KEY_STATE_WRONG when destroyed or when there are 100 versions,
        INPUT_INVALID, KEY_EXISTS, KEY_NOT_ON_TOKEN, KEY_AMBIGUOUS, KEY_UNPROTECTED,
        ALGORITHM_UNSUITABLE, ALGORITHM_NOT_ON_TOKEN, TOKEN_NOT_FOUND, TOKEN_LOCKED, TOKEN_ABSENT,
        and what the token answers; nothing has changed then, on the token neither.
        """
        self.get(key_id)
        if cka_id or label:
            checks.check_location(cka_id, label)
        return await self._finish(self._replace(key_id, token, cka_id, label))

    async def destroy(
        self, key_id: str, version: int | None = None, *, spki: bytes | None = None
    ) -> Destroyed:
        """Destroy one version that only verifies, or all pairs of a disabled or quarantined key.

        The registration stays. *spki* is the public key, as `check_destroyable` gave it, with which
        this was approved. Raises SignetError POLICY_CHANGED if it is another one now;
        KEY_NOT_FOUND, KEY_STATE_WRONG, KEY_NOT_ON_TOKEN for another token under the name,
        TOKEN_FAILED naming what is left on the token, TOKEN_NOT_FOUND, TOKEN_LOCKED, TOKEN_ABSENT,
        and what the token answers. The pairs that were destroyed before that are written down as
        such.
        """
        self.get(key_id)
        return await self._finish(self._destroy(key_id, version, spki))

    def check_destroyable(self, key_id: str, version: int | None = None) -> RegisteredKey:
        """Return what could be destroyed now, as far as is known without asking its token.

        That is the key, or the key as one of its versions. Raises what `destroy` does.
        """
        key = self.get(key_id)
        chosen = destruction.pairs(key, version)
        destruction.check_tokens(chosen, self._tokens)
        return chosen[0] if version is not None else key

    async def set_policy(self, key_id: str, policy: KeyPolicy) -> RegisteredKey:
        """Replace what holds for every use of a key.

        Raises SignetError KEY_NOT_FOUND, KEY_STATE_WRONG when destroyed, ALGORITHM_UNSUITABLE, and
        KEY_PURPOSE_WRONG if signatures shall leave unverified that must not.
        """
        key = self.get(key_id)
        checks.check_verification(key, policy)
        for algorithm in sorted(policy.algorithms):
            checks.check_suits(key.key_type, algorithm)
        return await self._finish(self._change(key_id, policy=policy))

    async def set_certificates(
        self, key_id: str, certificates: tuple[bytes, ...], spki: bytes
    ) -> RegisteredKey:
        """Keep the certificates (DER, the key's own first) of the pair with the public key *spki*.

        Raises SignetError KEY_NOT_FOUND, KEY_STATE_WRONG when destroyed, and POLICY_CHANGED when
        the key signs with another pair now.
        """
        self.get(key_id)
        return await self._finish(self._certify(key_id, certificates, spki))

    async def _certify(
        self, key_id: str, certificates: tuple[bytes, ...], spki: bytes
    ) -> RegisteredKey:
        async with self._locks[key_id]:
            key = self._changeable(key_id)
            checks.check_same_pair(key, spki)
            same = key.certificates == certificates
            return key if same else await self._store(key, certificates=certificates)

    async def _finish(self, change: Coroutine[Any, Any, _Result]) -> _Result:
        task = asyncio.ensure_future(change)
        self._changes.add(task)
        task.add_done_callback(self._changes.discard)
        return await asyncio.shield(task)

    async def _generate(
        self,
        key_id: str,
        name: str,
        key_type: KeyType,
        algorithm: Algorithm,
        purpose: KeyPurpose,
    ) -> RegisteredKey:
        token = tokens.find(self._tokens, name)
        with self._registry.reserve(key_id):
            info = tokens.ready(name, token)
            tokens.check_offered(name, info, algorithm)

            async def register(pair: KeyInfo) -> RegisteredKey:
                key = _registration(key_id, name, info, pair, algorithm, KeyOrigin.GENERATED)
                key = msgspec.structs.replace(key, purpose=purpose)
                await self._registry.add(key)
                return key

            cka_id = secrets.token_bytes(_CKA_ID_BYTES)
            return await generate_registered(
                token, key_type, label=key_id, cka_id=cka_id, register=register
            )

    async def _enrol(
        self,
        key_id: str,
        name: str,
        cka_id: bytes,
        label: str,
        default: Algorithm | None,
        purpose: KeyPurpose,
    ) -> RegisteredKey:
        token = tokens.find(self._tokens, name)
        with self._registry.reserve(key_id):
            info = tokens.ready(name, token)
            pair = await token.find_key(cka_id=cka_id, label=label)
            algorithm = checks.choose_default(pair.key_type, default)
            tokens.check_offered(name, info, algorithm)
            key = _registration(key_id, name, info, pair, algorithm, KeyOrigin.ENROLLED)
            key = msgspec.structs.replace(key, purpose=purpose)
            await self._registry.add(key)
            return key

    async def _switch(self, key_id: str, state: KeyState) -> RegisteredKey:
        return await self._change(key_id, state=state)

    async def _change(self, key_id: str, **values: object) -> RegisteredKey:
        async with self._locks[key_id]:
            key = self._changeable(key_id)
            same = all(getattr(key, name) == value for name, value in values.items())
            return key if same else await self._store(key, **values)

    def _changeable(self, key_id: str) -> RegisteredKey:
        key = self.get(key_id)
        if key.state is KeyState.DESTROYED or key_id in self._gone:
            raise SignetError(
                Reason.KEY_STATE_WRONG,
                f"The key {key_id!r} is destroyed; that is final. Register another key.",
            )
        return key

    async def _quarantine(self, key_id: str, faults: int) -> RegisteredKey:
        async with self._locks[key_id]:
            key = self.get(key_id)
            if key.state is not KeyState.ENABLED or key_id in self._gone:
                return key
            key = await self._store(key, state=KeyState.QUARANTINED)
            quarantine.alarm(key, faults)
            return key

    async def _replace(self, key_id: str, name: str, cka_id: bytes, label: str) -> RegisteredKey:
        async with self._locks[key_id]:
            await self._registry.load()  # another daemon may have made the next version already
            key = self._changeable(key_id)
            versions.check_room(key)
            name = name or key.token
            token = tokens.find(self._tokens, name)
            info = tokens.ready(name, token)
            tokens.check_offered(name, info, key.default_algorithm)
            adopted = bool(cka_id or label)

            async def register(pair: KeyInfo) -> RegisteredKey:
                checks.check_same_type(key.key_type, pair.key_type)
                origin = KeyOrigin.ENROLLED if adopted else KeyOrigin.GENERATED
                changes = versions.replaced(key, name, info, pair, datetime.now(UTC))
                return await self._store(key, **changes, origin=origin)

            if adopted:
                return await register(await token.find_key(cka_id=cka_id, label=label))
            return await generate_registered(
                token,
                key.key_type,
                label=versions.label(key.id, key.version + 1),
                cka_id=secrets.token_bytes(_CKA_ID_BYTES),
                register=register,
            )

    async def _destroy(self, key_id: str, version: int | None, spki: bytes | None) -> Destroyed:
        async with self._locks[key_id]:
            # What cannot be undone is not done by what another daemon has changed since.
            await self._registry.load()
            key = self.get(key_id)
            if spki is not None:
                checks.check_same_pair(key if version is None else versions.at(key, version), spki)
            chosen = destruction.pairs(key, version)
            destruction.check_tokens(chosen, self._tokens)
            proofs = []
            for pair in chosen:
                proofs.append(await destruction.destroy_pair(pair, self._tokens))
                key = await self._note_gone(key, pair.version)
            return Destroyed(key=key, proof=destruction.joined(proofs))

    async def _note_gone(self, key: RegisteredKey, version: int) -> RegisteredKey:
        if version != key.version:
            return await self._store(key, older=versions.marked_destroyed(key, version))
        self._gone.add(key.id)
        key = await self._store(key, state=KeyState.DESTROYED)
        self._gone.discard(key.id)
        return key

    async def _store(self, key: RegisteredKey, **values: object) -> RegisteredKey:
        changed = msgspec.structs.replace(key, **values, update_time=datetime.now(UTC))
        await self._registry.replace(changed, key)
        quarantine.show(changed, self._tokens)
        return changed


def _registration(
    key_id: str,
    token: str,
    info: TokenInfo,
    pair: KeyInfo,
    algorithm: Algorithm,
    origin: KeyOrigin,
) -> RegisteredKey:
    now = datetime.now(UTC)
    return RegisteredKey(
        id=key_id,
        key_type=pair.key_type,
        default_algorithm=algorithm,
        state=KeyState.ENABLED,
        origin=origin,
        version=1,
        token=token,
        token_label=info.label,
        token_serial=info.serial,
        cka_id=pair.ref.cka_id,
        spki=pair.spki,
        protection_level=pair.protection_level,
        create_time=now,
        update_time=now,
    )
