"""Between the messages of the API and the daemon's own values."""

import base64
import re
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, TypeVar

import google_crc32c
from google.protobuf.timestamp_pb2 import Timestamp

from signetd.api.v1 import resources_pb2, signing_service_pb2
from signetd.daemon.keys import RegisteredKey
from signetd.daemon.signing import Encoding, SignInput, Verified, VerifyInput
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.life import TokenState
from signetd.drivers.types import Algorithm, KeyType, ProtectionLevel

_Value = TypeVar("_Value", bound=StrEnum)
_ID: Final = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
_VERSION: Final = re.compile(r"[1-9][0-9]{0,8}")
_PEM_COLUMNS: Final = 64  # RFC 7468, 2


def resource_id(name: str, collection: str, field: str) -> str:
    """Return the last part of the resource name `collection/{id}`.

    Raises INPUT_MISSING or INPUT_INVALID, naming *field*.
    """
    shape = f"{collection}/{{{collection.removesuffix('s')}}}"
    if not name:
        raise SignetError(Reason.INPUT_MISSING, f"{field} is missing; give it as {shape}.")
    prefix, _, last = name.partition("/")
    if prefix != collection or not _ID.fullmatch(last):
        raise SignetError(
            Reason.INPUT_INVALID,
            f"{field} is {name[:80]!r}, which is not a resource name of the form {shape}: the "
            "last part has 1 to 63 lower-case letters, digits and hyphens.",
        )
    return last


def version_id(name: str, field: str = "name") -> tuple[str, int | None]:
    """Return the key and the version that a resource name names, None without one.

    Raises INPUT_MISSING or INPUT_INVALID, naming *field*.
    """
    head, separator, version = name.partition("/versions/")
    found = resource_id(head, "keys", field)
    if not separator:
        return found, None
    if not _VERSION.fullmatch(version):
        raise SignetError(
            Reason.INPUT_INVALID,
            f"{field} is {name[:100]!r}; a version is named keys/{{key}}/versions/{{version}}, the "
            "last part being its number, from 1 on.",
        )
    return found, int(version)


def new_id(value: str, field: str, what: str = "key") -> str:
    """Return *value* if it can be the last part of a resource name.

    Raises INPUT_MISSING or INPUT_INVALID, naming *field*.
    """
    if not value:
        raise SignetError(Reason.INPUT_MISSING, f"{field} is missing; give the new {what} a name.")
    if not _ID.fullmatch(value):
        raise SignetError(
            Reason.INPUT_INVALID,
            f"{field} is {value[:80]!r}; use 1 to 63 lower-case letters, digits and hyphens, "
            "beginning with a letter and not ending with a hyphen.",
        )
    return value


def enum(kind: type[_Value], wrapper: Any, prefix: str, number: int, field: str) -> _Value | None:
    """Return the daemon's value for an enum number, None for UNSPECIFIED; or INPUT_INVALID."""
    if number == 0:
        return None
    try:
        return kind[wrapper.Name(number).removeprefix(prefix)]
    except (ValueError, KeyError):
        known = ", ".join(name for name, value in wrapper.items() if value)
        raise SignetError(
            Reason.INPUT_INVALID,
            f"{field} has the number {number}, which this daemon does not know; it knows {known}.",
        ) from None


def algorithm(number: int, field: str = "algorithm") -> Algorithm | None:
    """Read an Algorithm; None if it is not given."""
    return enum(Algorithm, resources_pb2.Algorithm, "ALGORITHM_", number, field)


def key_type(number: int) -> KeyType:
    """Read a KeyType, which must be given."""
    kind = enum(KeyType, resources_pb2.KeyType, "KEY_TYPE_", number, "key_type")
    if kind is None:
        raise SignetError(Reason.INPUT_MISSING, "key_type is missing; say what key to generate.")
    return kind


def _encoding(number: int) -> Encoding | None:
    wrapper = resources_pb2.SignatureEncoding
    return enum(Encoding, wrapper, "SIGNATURE_ENCODING_", number, "encoding")


def sign_input(request: signing_service_pb2.SignRequest) -> SignInput:
    """Read what is to be signed; absent fields become None, and so does the version."""
    key, version = version_id(request.key, "key")
    return SignInput(
        key=key,
        version=version,
        message=request.message if request.HasField("message") else None,
        digest=request.digest if request.HasField("digest") else None,
        algorithm=algorithm(request.algorithm),
        encoding=_encoding(request.encoding),
        signer_id=request.signer_id if request.HasField("signer_id") else None,
        input_crc32c=request.input_crc32c if request.HasField("input_crc32c") else None,
        approval=request.approval,
    )


def document_input(start: signing_service_pb2.SignDocumentStart) -> SignInput:
    """Read how a document is to be signed, which is still to come."""
    key, version = version_id(start.key, "start.key")
    return SignInput(
        key=key,
        version=version,
        algorithm=algorithm(start.algorithm),
        encoding=_encoding(start.encoding),
        signer_id=start.signer_id if start.HasField("signer_id") else None,
        approval=start.approval,
    )


def verify_input(request: signing_service_pb2.VerifyRequest) -> VerifyInput:
    """Read what is to be verified; absent fields become None, and so does the version."""
    key, version = version_id(request.key, "key")
    return VerifyInput(
        key=key,
        version=version,
        message=request.message if request.HasField("message") else None,
        digest=request.digest if request.HasField("digest") else None,
        signature=request.signature,
        algorithm=algorithm(request.algorithm),
        encoding=_encoding(request.encoding),
        signer_id=request.signer_id if request.HasField("signer_id") else None,
        input_crc32c=request.input_crc32c if request.HasField("input_crc32c") else None,
    )


def verify_response(verified: Verified) -> signing_service_pb2.VerifyResponse:
    """Write the answer to a verification."""
    return signing_service_pb2.VerifyResponse(
        valid=verified.valid,
        algorithm=algorithm_number(verified.algorithm),
        key_version=version_name(verified.key),
    )


def key_message(key: RegisteredKey) -> resources_pb2.Key:
    """Write a key."""
    return resources_pb2.Key(
        name=f"keys/{key.id}",
        key_type=enum_number(resources_pb2.KeyType, "KEY_TYPE_", key.key_type),
        default_algorithm=algorithm_number(key.default_algorithm),
        state=enum_number(resources_pb2.KeyState, "KEY_STATE_", key.state),
        primary_version=version_name(key),
        token=f"tokens/{key.token}",
        token_serial=key.token_serial,
        cka_id=key.cka_id,
        public_key_fingerprint=key.fingerprint,
        protection_level=protection_number(key.protection_level),
        origin=enum_number(resources_pb2.KeyOrigin, "KEY_ORIGIN_", key.origin),
        create_time=timestamp(key.create_time),
        update_time=timestamp(key.update_time),
    )


def public_key_message(key: RegisteredKey) -> resources_pb2.PublicKey:
    """Write the public half of a key."""
    return resources_pb2.PublicKey(
        name=version_name(key),
        pem=pem(key.spki),
        spki=key.spki,
        key_type=enum_number(resources_pb2.KeyType, "KEY_TYPE_", key.key_type),
        default_algorithm=algorithm_number(key.default_algorithm),
        fingerprint=key.fingerprint,
        spki_crc32c=google_crc32c.value(key.spki),
    )


def version_name(key: RegisteredKey) -> str:
    """Return the resource name of a key's current version."""
    return f"keys/{key.id}/versions/{key.version}"


def algorithm_number(value: Algorithm) -> Any:
    """Write an Algorithm."""
    return enum_number(resources_pb2.Algorithm, "ALGORITHM_", value)


def protection_number(value: ProtectionLevel) -> Any:
    """Write a ProtectionLevel."""
    return enum_number(resources_pb2.ProtectionLevel, "PROTECTION_LEVEL_", value)


def token_state_number(value: TokenState) -> Any:
    """Write a TokenState."""
    return enum_number(resources_pb2.TokenState, "TOKEN_STATE_", value)


def enum_number(wrapper: Any, prefix: str, value: StrEnum) -> Any:
    """Return the number of an enum's value in the API."""
    return wrapper.Value(prefix + value.name)


def timestamp(moment: datetime) -> Timestamp:
    """Write an aware time."""
    written = Timestamp()
    written.FromDatetime(moment)
    return written


def pem(der: bytes, label: str = "PUBLIC KEY") -> str:
    """Write a SubjectPublicKeyInfo (DER), or what *label* says, as PEM (RFC 7468)."""
    text = base64.b64encode(der).decode()
    lines = [text[start : start + _PEM_COLUMNS] for start in range(0, len(text), _PEM_COLUMNS)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])
