"""Answers KeyService."""

from typing import Protocol

from signetd.api.v1 import key_service_pb2 as messages
from signetd.api.v1.resources_pb2 import Key, PublicKey
from signetd.daemon.keys import RegisteredKey
from signetd.daemon.policy.types import KeyPolicy, KeyPurpose
from signetd.daemon.rpc import calls, convert, policy_convert
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import Algorithm, KeyType


class Keys(Protocol):
    """The registered keys."""

    def get(self, key_id: str) -> RegisteredKey:
        """Return one key."""
        ...

    def page(self, page_size: int, page_token: str) -> tuple[list[RegisteredKey], str]:
        """Return a page of keys, and the token of the next."""
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

    async def destroy(self, key_id: str) -> RegisteredKey:
        """Destroy a key pair."""
        ...

    async def set_policy(self, key_id: str, policy: KeyPolicy) -> RegisteredKey:
        """Replace what holds for every use of a key."""
        ...


class KeyApi:
    """Shows and manages keys for callers that may."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    async def list_keys(self, request: messages.ListKeysRequest) -> messages.ListKeysResponse:
        """Answer ListKeys."""
        keys, following = self._keys.page(request.page_size, request.page_token)
        return messages.ListKeysResponse(
            keys=[_message(key) for key in keys], next_page_token=following
        )

    async def get_key(self, request: messages.GetKeyRequest) -> Key:
        """Answer GetKey."""
        return _message(self._keys.get(_key_id(request.name)))

    async def get_public_key(self, request: messages.GetPublicKeyRequest) -> PublicKey:
        """Answer GetPublicKey."""
        return convert.public_key_message(self._keys.get(_key_id(request.name)))

    async def generate_key(self, request: messages.GenerateKeyRequest) -> Key:
        """Answer GenerateKey."""
        key = await self._keys.generate(
            _new_key_id(request.key_id),
            _token(request.token),
            convert.key_type(request.key_type),
            convert.algorithm(request.default_algorithm, "default_algorithm"),
            policy_convert.purpose(request.purpose) or KeyPurpose.SIGNING,
        )
        return _message(key)

    async def enrol_key(self, request: messages.EnrolKeyRequest) -> Key:
        """Answer EnrolKey."""
        key = await self._keys.enrol(
            _new_key_id(request.key_id),
            _token(request.token),
            cka_id=request.cka_id,
            label=request.label,
            default_algorithm=convert.algorithm(request.default_algorithm, "default_algorithm"),
            purpose=policy_convert.purpose(request.purpose) or KeyPurpose.SIGNING,
        )
        return _message(key)

    async def disable_key(self, request: messages.DisableKeyRequest) -> Key:
        """Answer DisableKey."""
        return _message(await self._keys.disable(_key_id(request.name)))

    async def enable_key(self, request: messages.EnableKeyRequest) -> Key:
        """Answer EnableKey."""
        return _message(await self._keys.enable(_key_id(request.name)))

    async def destroy_key(self, request: messages.DestroyKeyRequest) -> Key:
        """Answer DestroyKey."""
        return _message(await self._keys.destroy(_key_id(request.name)))

    async def set_key_policy(self, request: messages.SetKeyPolicyRequest) -> Key:
        """Answer SetKeyPolicy."""
        key_id = _key_id(request.name)
        if not request.HasField("policy"):
            raise SignetError(
                Reason.INPUT_MISSING, "policy is missing; an empty one lifts all limits."
            )
        policy = policy_convert.policy(request.policy)
        return _message(await self._keys.set_policy(key_id, policy))


def _message(key: RegisteredKey) -> Key:
    message = convert.key_message(key)
    message.purpose = policy_convert.purpose_number(key.purpose)
    message.policy.CopyFrom(policy_convert.policy_message(key.policy))
    return message


def _key_id(name: str) -> str:
    key_id = convert.resource_id(name, "keys", "name")
    calls.current().facts["key"] = key_id
    return key_id


def _new_key_id(key_id: str) -> str:
    checked = convert.new_id(key_id, "key_id")
    calls.current().facts["key"] = checked
    return checked


def _token(name: str) -> str:
    token = convert.resource_id(name, "tokens", "token")
    calls.current().facts["token"] = token
    return token
