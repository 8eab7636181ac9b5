"""The calls of the API, for both clients."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from signetd.api.v1 import key_service_pb2 as keys
from signetd.api.v1 import resources_pb2 as resources
from signetd.api.v1 import signing_service_pb2 as signing
from signetd.api.v1 import token_service_pb2 as tokens
from signetd.client import key_policies, messages
from signetd.client.key_policies import KeyPolicyItem
from signetd.client.messages import SignItem

_PREFIX = "/signetd.api.v1."


@dataclass(frozen=True)
class Operation:
    """One call: the method, the request, the reply's type, and whether it may be tried again."""

    method: str
    request: Any = field(repr=False)  # it may hold a PIN
    reply: Any
    again: bool = True


def sign(item: SignItem) -> Operation:
    """SigningService.Sign."""
    return sign_request(messages.sign_request(item))


def sign_request(request: signing.SignRequest) -> Operation:
    """SigningService.Sign, of a request that is made already."""
    return Operation(_PREFIX + "SigningService/Sign", request, signing.SignResponse)


def batch_sign(items: list[SignItem]) -> Operation:
    """SigningService.BatchSign."""
    request = signing.BatchSignRequest(requests=[messages.sign_request(item) for item in items])
    return Operation(_PREFIX + "SigningService/BatchSign", request, signing.BatchSignResponse)


def verify(item: SignItem, signature: bytes) -> Operation:
    """SigningService.Verify."""
    request = messages.verify_request(item, signature)
    return Operation(_PREFIX + "SigningService/Verify", request, signing.VerifyResponse)


def list_keys(page_token: str) -> Operation:
    """KeyService.ListKeys."""
    request = keys.ListKeysRequest(page_size=1000, page_token=page_token)
    return Operation(_PREFIX + "KeyService/ListKeys", request, keys.ListKeysResponse)


def get_key(name: str) -> Operation:
    """KeyService.GetKey."""
    request = keys.GetKeyRequest(name=messages.key_name(name))
    return Operation(_PREFIX + "KeyService/GetKey", request, resources.Key)


def get_public_key(name: str, version: int | None = None) -> Operation:
    """KeyService.GetPublicKey."""
    request = keys.GetPublicKeyRequest(name=messages.version_name(name, version))
    return Operation(_PREFIX + "KeyService/GetPublicKey", request, resources.PublicKey)


def generate_key(
    name: str, token: str, key_type: str, algorithm: str | None, purpose: str | None = None
) -> Operation:
    """KeyService.GenerateKey."""
    request = keys.GenerateKeyRequest(
        key_id=name,
        token=messages.token_name(token),
        key_type=resources.KeyType.ValueType(messages.key_type_number(key_type)),
        default_algorithm=resources.Algorithm.ValueType(messages.algorithm_number(algorithm)),
        purpose=key_policies.purpose_value(purpose),
    )
    return Operation(_PREFIX + "KeyService/GenerateKey", request, resources.Key, again=False)


def enrol_key(
    name: str,
    token: str,
    cka_id: bytes,
    label: str,
    algorithm: str | None,
    purpose: str | None = None,
) -> Operation:
    """KeyService.EnrolKey."""
    request = keys.EnrolKeyRequest(
        key_id=name,
        token=messages.token_name(token),
        cka_id=cka_id,
        label=label,
        default_algorithm=resources.Algorithm.ValueType(messages.algorithm_number(algorithm)),
        purpose=key_policies.purpose_value(purpose),
    )
    return Operation(_PREFIX + "KeyService/EnrolKey", request, resources.Key, again=False)


def disable_key(name: str) -> Operation:
    """KeyService.DisableKey."""
    request = keys.DisableKeyRequest(name=messages.key_name(name))
    return Operation(_PREFIX + "KeyService/DisableKey", request, resources.Key)


def enable_key(name: str) -> Operation:
    """KeyService.EnableKey."""
    request = keys.EnableKeyRequest(name=messages.key_name(name))
    return Operation(_PREFIX + "KeyService/EnableKey", request, resources.Key)


def replace_key(name: str, token: str, cka_id: bytes, label: str) -> Operation:
    """KeyService.ReplaceKey."""
    request = keys.ReplaceKeyRequest(
        name=messages.key_name(name),
        token=messages.token_name(token) if token else "",
        cka_id=cka_id,
        label=label,
    )
    return Operation(_PREFIX + "KeyService/ReplaceKey", request, resources.Key, again=False)


def list_key_versions(name: str) -> Operation:
    """KeyService.ListKeyVersions."""
    request = keys.ListKeyVersionsRequest(name=messages.key_name(name))
    return Operation(_PREFIX + "KeyService/ListKeyVersions", request, keys.ListKeyVersionsResponse)


def destroy_key(name: str, version: int | None = None, approval: str = "") -> Operation:
    """KeyService.DestroyKey."""
    request = keys.DestroyKeyRequest(
        name=messages.version_name(name, version), approval=messages.approval_name(approval)
    )
    return Operation(_PREFIX + "KeyService/DestroyKey", request, resources.Key, again=False)


def set_key_policy(name: str, item: KeyPolicyItem) -> Operation:
    """KeyService.SetKeyPolicy."""
    request = keys.SetKeyPolicyRequest(
        name=messages.key_name(name), policy=key_policies.policy_message(item)
    )
    return Operation(_PREFIX + "KeyService/SetKeyPolicy", request, resources.Key)


def attest_key(name: str, version: int | None, nonce: bytes) -> Operation:
    """KeyService.AttestKey."""
    request = keys.AttestKeyRequest(name=messages.version_name(name, version), nonce=nonce)
    return Operation(_PREFIX + "KeyService/AttestKey", request, keys.Statement)


def list_tokens(page_token: str) -> Operation:
    """TokenService.ListTokens."""
    request = tokens.ListTokensRequest(page_size=1000, page_token=page_token)
    return Operation(_PREFIX + "TokenService/ListTokens", request, tokens.ListTokensResponse)


def get_token(name: str) -> Operation:
    """TokenService.GetToken."""
    request = tokens.GetTokenRequest(name=messages.token_name(name))
    return Operation(_PREFIX + "TokenService/GetToken", request, resources.Token)


def unlock_token(name: str, pin: str, *, accept_final_try: bool = False) -> Operation:
    """TokenService.UnlockToken: never tried again, since each try may count against the PIN."""
    request = tokens.UnlockTokenRequest(
        name=messages.token_name(name), pin=pin, accept_final_try=accept_final_try
    )
    return Operation(_PREFIX + "TokenService/UnlockToken", request, resources.Token, again=False)


def lock_token(name: str) -> Operation:
    """TokenService.LockToken."""
    request = tokens.LockTokenRequest(name=messages.token_name(name))
    return Operation(_PREFIX + "TokenService/LockToken", request, resources.Token)


def watch_tokens(names: Iterable[str]) -> Operation:
    """TokenService.WatchTokens, whose replies come as a stream."""
    request = tokens.WatchTokensRequest(names=[messages.token_name(name) for name in names])
    return Operation(_PREFIX + "TokenService/WatchTokens", request, tokens.WatchTokensResponse)
