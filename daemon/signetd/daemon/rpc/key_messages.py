"""Keys and their versions between the messages of the API and the daemon's own values."""

from datetime import datetime

from signetd.api.v1 import resources_pb2
from signetd.api.v1.resources_pb2 import Key, KeyVersion
from signetd.daemon.credentials import utc_now
from signetd.daemon.keys import RegisteredKey, versions
from signetd.daemon.keys.types import KeyState
from signetd.daemon.rpc import calls, certificate_messages, convert, policy_convert


def key_message(key: RegisteredKey, uses: int) -> Key:
    """Write a key, with how often it was used."""
    message = convert.key_message(key)
    message.uses = uses
    certificate_messages.describe(message, key, utc_now())
    message.purpose = policy_convert.purpose_number(key.purpose)
    message.policy.CopyFrom(policy_convert.policy_message(key.policy))
    message.create_time.CopyFrom(convert.timestamp(_registered(key)))
    return message


def _registered(key: RegisteredKey) -> datetime:
    return key.older[-1].create_time if key.older else key.create_time


def version_messages(key: RegisteredKey) -> list[KeyVersion]:
    """Write the versions of a key, the newest first."""
    destroyed = {each.version for each in key.older if each.destroyed}
    if key.state is KeyState.DESTROYED:
        destroyed.add(key.version)
    return [
        KeyVersion(
            name=convert.version_name(each),
            state=_state(each.version, key.version, destroyed),
            token=f"tokens/{each.token}",
            token_serial=each.token_serial,
            cka_id=each.cka_id,
            public_key_fingerprint=each.fingerprint,
            protection_level=convert.protection_number(each.protection_level),
            create_time=convert.timestamp(each.create_time),
        )
        for each in versions.every(key)
    ]


def _state(
    version: int, primary: int, destroyed: set[int]
) -> resources_pb2.KeyVersionState.ValueType:
    if version in destroyed:
        return resources_pb2.KEY_VERSION_STATE_DESTROYED
    if version == primary:
        return resources_pb2.KEY_VERSION_STATE_PRIMARY
    return resources_pb2.KEY_VERSION_STATE_VERIFY_ONLY


def key_id(name: str) -> str:
    """Return the key that `keys/{key}` names, and note that the call is about it."""
    return _noted(convert.resource_id(name, "keys", "name"))


def key_and_version(name: str, field: str = "name") -> tuple[str, int | None]:
    """Return what `keys/{key}` (version None) or `keys/{key}/versions/{version}` names; note it.

    Raises INPUT_MISSING or INPUT_INVALID, naming *field*.
    """
    found, version = convert.version_id(name, field)
    _noted(found, version)
    return found, version


def _noted(found: str, version: int | None = None) -> str:
    call = calls.current()
    call.facts["key"] = found
    call.resource = resource(found, version)
    return found


def resource(found: str, version: int | None) -> str:
    """Write the resource name of a key, or of one of its versions."""
    return f"keys/{found}" if version is None else f"keys/{found}/versions/{version}"
