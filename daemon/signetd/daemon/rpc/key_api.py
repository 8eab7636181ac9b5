"""Answers KeyService."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from typing import Protocol

from signetd.api.v1 import key_service_pb2 as messages
from signetd.api.v1.resources_pb2 import Key, PublicKey
from signetd.daemon.approvals import subjects
from signetd.daemon.approvals.parts import ActApprovals
from signetd.daemon.audit.types import Charge, Effect
from signetd.daemon.keys import RegisteredKey, versions
from signetd.daemon.keys.destruction import Destroyed
from signetd.daemon.policy.types import Asker, KeyPolicy, KeyPurpose, Operation
from signetd.daemon.rpc import calls, convert, policy_convert
from signetd.daemon.rpc.key_messages import key_and_version, key_message, resource
from signetd.daemon.rpc.key_messages import key_id as _key_id
from signetd.daemon.rpc.key_versions_api import KeyVersionsApi, Replacing
from signetd.daemon.rpc.recording import Recorder
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import Algorithm, KeyType


class Keys(Replacing, Protocol):
    """The registered keys."""

    def get(self, key_id: str) -> RegisteredKey:
        """Return one key."""
        ...

    def page(
        self, page_size: int, page_token: str, shown: Callable[[RegisteredKey], bool]
    ) -> tuple[list[RegisteredKey], str]:
        """Return a page of the keys that are shown, and the token of the next."""
        ...

    async def generate(
        self,
        key_id: str,
        token: str,
        key_type: KeyType,
        default_algorithm: Algorithm | None,
        purpose: KeyPurpose = KeyPurpose.SIGNING,
    ) -> RegisteredKey:
        """Have a token generate a key pair and register it."""
        ...

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
        """Register a key pair that is on a token."""
        ...

    async def disable(self, key_id: str) -> RegisteredKey:
        """Stop a key from signing."""
        ...

    async def enable(self, key_id: str) -> RegisteredKey:
        """Let a key sign again."""
        ...

    async def destroy(
        self, key_id: str, version: int | None = None, *, spki: bytes | None = None
    ) -> Destroyed:
        """Destroy one version of a key, or all pairs that it has left."""
        ...

    def check_destroyable(self, key_id: str, version: int | None = None) -> RegisteredKey:
        """Return what could be destroyed now, as far as is known: a key as one of its versions."""
        ...

    async def set_policy(self, key_id: str, policy: KeyPolicy) -> RegisteredKey:
        """Replace what holds for every use of a key."""
        ...


class Gate(Protocol):
    """What knows who may see which keys."""

    def key(self, asker: Asker, operation: Operation, key_id: str) -> RegisteredKey:
        """Return a key that somebody may use; raises PERMISSION_DENIED, KEY_NOT_FOUND."""
        ...

    def sees(self, asker: Asker, key: RegisteredKey) -> bool:
        """Whether a list of keys shows this one to somebody."""
        ...


class Usage(Protocol):
    """The counters of uses; its method blocks and is called in threads."""

    def counts(self, charges: Collection[Charge]) -> Mapping[tuple[str, str], int]:
        """Return what is counted so far, by scope and window."""
        ...


class SealsOfKeys(Protocol):
    """Knows which seals a key stamps with."""

    def check_unused(self, key: str) -> None:
        """Raise KEY_STATE_WRONG if there are such in use or suspended; blocks."""
        ...

    def unused(self, key: str) -> Effect:
        """Return what raises the same in the transaction that something begins in."""
        ...


class KeyApi:
    """Shows and manages keys for callers that may."""

    def __init__(
        self,
        keys: Keys,
        gate: Gate,
        approvals: ActApprovals,
        recorder: Recorder,
        usage: Usage,
        seals: SealsOfKeys,
        destroy_approvals: int = 0,
    ) -> None:
        self._seals = seals
        self._destroy_approvals = destroy_approvals
        self._keys = keys
        self._gate = gate
        self._approvals = approvals
        self._recorder = recorder
        self._usage = usage
        part = KeyVersionsApi(keys, self._readable, self._begin)
        self.replace_key, self.list_key_versions = part.replace_key, part.list_key_versions

    async def list_keys(self, request: messages.ListKeysRequest) -> messages.ListKeysResponse:
        """Answer ListKeys."""
        asker = calls.current().asker
        keys, following = self._keys.page(
            request.page_size, request.page_token, lambda key: self._gate.sees(asker, key)
        )
        uses = await self._uses(*(key.id for key in keys))
        return messages.ListKeysResponse(
            keys=[key_message(key, uses[key.id]) for key in keys], next_page_token=following
        )

    async def get_key(self, request: messages.GetKeyRequest) -> Key:
        """Answer GetKey."""
        key = self._readable(_key_id(request.name))
        return key_message(key, (await self._uses(key.id))[key.id])

    async def get_public_key(self, request: messages.GetPublicKeyRequest) -> PublicKey:
        """Answer GetPublicKey."""
        key_id, version = key_and_version(request.name)
        key = self._readable(key_id)
        return convert.public_key_message(versions.at(key, version))

    def _readable(self, key_id: str) -> RegisteredKey:
        return self._gate.key(calls.current().asker, Operation.READ, key_id)

    async def generate_key(self, request: messages.GenerateKeyRequest) -> Key:
        """Answer GenerateKey."""
        key_id, token = _new_key_id(request.key_id), _token(request.token)
        kind = convert.key_type(request.key_type)
        algorithm = convert.algorithm(request.default_algorithm, "default_algorithm")
        purpose = policy_convert.purpose(request.purpose) or KeyPurpose.SIGNING
        uses = await self._begin(key_id, f"{kind} for {purpose} in tokens/{token}")
        key = await self._keys.generate(key_id, token, kind, algorithm, purpose)
        return key_message(key, uses)

    async def enrol_key(self, request: messages.EnrolKeyRequest) -> Key:
        """Answer EnrolKey."""
        key_id, token = _new_key_id(request.key_id), _token(request.token)
        algorithm = convert.algorithm(request.default_algorithm, "default_algorithm")
        purpose = policy_convert.purpose(request.purpose) or KeyPurpose.SIGNING
        uses = await self._begin(key_id, f"for {purpose} from tokens/{token}")
        key = await self._keys.enrol(
            key_id,
            token,
            cka_id=request.cka_id,
            label=request.label,
            default_algorithm=algorithm,
            purpose=purpose,
        )
        return key_message(key, uses)

    async def disable_key(self, request: messages.DisableKeyRequest) -> Key:
        """Answer DisableKey."""
        key_id = _key_id(request.name)
        uses = await self._begin(key_id)
        return key_message(await self._keys.disable(key_id), uses)

    async def enable_key(self, request: messages.EnableKeyRequest) -> Key:
        """Answer EnableKey."""
        key_id = _key_id(request.name)
        uses = await self._begin(key_id)
        return key_message(await self._keys.enable(key_id), uses)

    async def destroy_key(self, request: messages.DestroyKeyRequest) -> Key:
        """Answer DestroyKey. An approval is used up when the destruction begins."""
        key_id, version = key_and_version(request.name)
        pair = self._keys.check_destroyable(key_id, version)
        guards: tuple[Effect, ...] = ()
        if version is None:  # an older pair stamps nothing any more
            await asyncio.to_thread(self._seals.check_unused, key_id)  # before approvals are asked
            guards = (self._seals.unused(key_id),)
        user, subject = calls.current().identity, subjects.destruction(pair, version)
        with self._approvals.reserve(request.approval, user):
            others = () if pair.policy.approval is None else (pair.policy.approval,)
            effects = await self._approvals.effects_for_act(
                subject, request.approval, user, self._destroy_approvals, others
            )
            detail = f"public key {pair.fingerprint}"
            uses = await self._begin(
                key_id, detail, *guards, *effects, approval=request.approval, version=version
            )
        destroyed = await self._keys.destroy(key_id, version, spki=pair.spki)
        calls.current().outcome = destroyed.proof
        return key_message(destroyed.key, uses)

    async def _begin(
        self,
        key_id: str,
        detail: str = "",
        *effects: Effect,
        approval: str = "",
        version: int | None = None,
    ) -> int:
        """Write down that an act begins; return how often the key was used, for the answer.

        That is read before the act, so that what is done is never answered with a failure to read.
        """
        uses = (await self._uses(key_id))[key_id]
        name = resource(key_id, version)
        await self._recorder.begin(name, *effects, detail=detail, approval=approval)
        return uses

    async def _uses(self, *key_ids: str) -> dict[str, int]:
        charges = {key_id: Charge(scope=f"keys/{key_id}") for key_id in key_ids}
        found = await asyncio.to_thread(self._usage.counts, charges.values())
        return {key_id: found[each.scope, each.window] for key_id, each in charges.items()}

    async def set_key_policy(self, request: messages.SetKeyPolicyRequest) -> Key:
        """Answer SetKeyPolicy."""
        key_id = _key_id(request.name)
        if not request.HasField("policy"):
            raise SignetError(
                Reason.INPUT_MISSING, "policy is missing; an empty one lifts all limits."
            )
        policy = policy_convert.policy(request.policy)
        uses = await self._begin(key_id, policy_convert.policy_text(policy))
        return key_message(await self._keys.set_policy(key_id, policy), uses)


def _new_key_id(key_id: str) -> str:
    checked = convert.new_id(key_id, "key_id")
    calls.current().facts["key"] = checked
    return checked


def _token(name: str) -> str:
    token = convert.resource_id(name, "tokens", "token")
    calls.current().facts["token"] = token
    return token
