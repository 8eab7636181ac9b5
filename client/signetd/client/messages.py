"""Requests built and replies read, without any I/O; shared by both clients."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import google_crc32c
import grpc

from signetd.api.v1 import approval_service_pb2 as approvals
from signetd.api.v1 import resources_pb2 as resources
from signetd.api.v1 import signing_service_pb2 as signing
from signetd.client import errors

MAX_MESSAGE_BYTES: Final = 1 << 20
_MAX_STREAMED_BYTES: Final = MAX_MESSAGE_BYTES + (64 << 10)  # with names and signer ID


class Encoding(StrEnum):
    """How a signature is written."""

    DER = "DER"
    RAW = "RAW"


@dataclass(frozen=True, kw_only=True)
class SignItem:
    """What to sign, and how; exactly one of ``message`` and ``digest``.

    ``algorithm`` is a name such as "RSA_PSS_SHA256"; the key's default when None. ``approval`` is
    the name of an approval for exactly this, where the key or a grant asks for one; it is not for
    verifying.
    """

    key: str
    message: bytes | None = None
    digest: bytes | None = None
    algorithm: str | None = None
    encoding: str | None = None
    signer_id: bytes | None = None
    approval: str = ""


@dataclass(frozen=True, kw_only=True)
class Signature:
    """A signature, what made it, and the number of its record in the daemon's audit."""

    signature: bytes
    encoding: str
    algorithm: str
    key_version: str
    token: str
    token_serial: str
    protection_level: str
    audit_number: int = 0


def key_name(name: str) -> str:
    """Write the resource name of a key."""
    return name if name.startswith("keys/") else f"keys/{name}"


def version_name(name: str, version: int | None) -> str:
    """Write the resource name of a key, or of one of its versions."""
    return key_name(name) if version is None else f"{key_name(name)}/versions/{version}"


def token_name(name: str) -> str:
    """Write the resource name of a token."""
    return name if name.startswith("tokens/") else f"tokens/{name}"


def seal_name(name: str) -> str:
    """Write the resource name of a seal."""
    return name if name.startswith("seals/") else f"seals/{name}"


def approval_name(name: str) -> str:
    """Write the resource name of an approval; "" stays as it is."""
    return name if not name or name.startswith("approvals/") else f"approvals/{name}"


def enum_number(kind: str, name: str | None, names: list[str]) -> int:
    """Number of a value by its name, such as "rsa-2048"; 0 for None. Raises InvalidRequest."""
    if name is None:
        return 0
    full = f"{kind}_{name.upper().replace('-', '_')}"
    if full not in names or full.endswith("_UNSPECIFIED"):
        known = ", ".join(
            n.removeprefix(kind + "_").lower().replace("_", "-")
            for n in names
            if "UNSPECIFIED" not in n
        )
        raise errors.InvalidRequest(f"{name} is not one of {known}", reason="INPUT_INVALID")
    return names.index(full)


def algorithm_number(name: str | None) -> int:
    """Number of an algorithm by its name; 0 for None. Raises InvalidRequest."""
    return enum_number("ALGORITHM", name, resources.Algorithm.keys())


def encoding_number(name: str | None) -> int:
    """Number of an encoding by its name; 0 for None. Raises InvalidRequest."""
    return enum_number("SIGNATURE_ENCODING", name, resources.SignatureEncoding.keys())


def key_type_number(name: str) -> int:
    """Number of a key type by its name, such as "rsa-2048". Raises InvalidRequest."""
    return enum_number("KEY_TYPE", name, resources.KeyType.keys())


def approval_state_number(name: str) -> int:
    """Number of an approval's state by its name, such as "pending". Raises InvalidRequest."""
    return enum_number("APPROVAL_STATE", name, approvals.ApprovalState.keys())


def sign_request(item: SignItem) -> signing.SignRequest:
    """Build a request, with the checksum of its input."""
    data = item.message if item.message is not None else item.digest
    return signing.SignRequest(
        key=key_name(item.key),
        message=item.message,
        digest=item.digest,
        algorithm=resources.Algorithm.ValueType(algorithm_number(item.algorithm)),
        encoding=resources.SignatureEncoding.ValueType(encoding_number(item.encoding)),
        signer_id=item.signer_id,
        input_crc32c=None if data is None else google_crc32c.value(data),
        approval=approval_name(item.approval),
    )


def is_for_stream(request: signing.SignRequest) -> bool:
    """Tell whether a request may share a stream; a larger one is refused, and goes alone."""
    return request.ByteSize() <= _MAX_STREAMED_BYTES


def verify_request(item: SignItem, signature: bytes) -> signing.VerifyRequest:
    """Build a verification of *signature*."""
    request = sign_request(item)
    return signing.VerifyRequest(
        key=request.key,
        message=item.message,
        digest=item.digest,
        signature=signature,
        algorithm=request.algorithm,
        encoding=request.encoding,
        signer_id=item.signer_id,
        input_crc32c=request.input_crc32c if request.HasField("input_crc32c") else None,
    )


def read_signature(reply: signing.SignResponse) -> Signature:
    """Read a reply. Raises CorruptReply when its checksum does not match."""
    if google_crc32c.value(reply.signature) != reply.signature_crc32c:
        raise errors.CorruptReply("the signature's checksum does not match: it was altered")
    return Signature(
        signature=reply.signature,
        encoding=short(resources.SignatureEncoding.Name(reply.encoding), "SIGNATURE_ENCODING_"),
        algorithm=short(resources.Algorithm.Name(reply.algorithm), "ALGORITHM_"),
        key_version=reply.key_version,
        token=reply.token,
        token_serial=reply.token_serial,
        protection_level=short(
            resources.ProtectionLevel.Name(reply.protection_level), "PROTECTION_LEVEL_"
        ),
        audit_number=reply.audit_number,
    )


def short(name: str, prefix: str) -> str:
    """Drop the prefix of an enumeration's value."""
    return name.removeprefix(prefix)


def read_public_key(reply: resources.PublicKey) -> resources.PublicKey:
    """Check the public key's checksum: SM2's Z is computed from it. Raises CorruptReply."""
    if google_crc32c.value(reply.spki) != reply.spki_crc32c:
        raise errors.CorruptReply("the public key's checksum does not match: it was altered")
    return reply


def read_batch(
    reply: signing.BatchSignResponse, items: int
) -> list[Signature | errors.SignetdError]:
    """Read the results of a batch of *items*, in order; a corrupt one spoils only itself.

    Raises CorruptReply when there are more or fewer results than items.
    """
    if len(reply.results) != items:
        raise errors.CorruptReply(f"{len(reply.results)} results came for {items} items")
    return [_read_result(result) for result in reply.results]


def _read_result(result: signing.BatchSignResult) -> Signature | errors.SignetdError:
    if result.WhichOneof("outcome") != "response":
        return errors.from_status(result.error)
    return read_outcome(result.response)


def read_outcome(
    outcome: signing.SignResponse | errors.SignetdError,
) -> Signature | errors.SignetdError:
    """Read one of many results: a corrupt one is an error among them."""
    if isinstance(outcome, errors.SignetdError):
        return outcome
    try:
        return read_signature(outcome)
    except errors.CorruptReply as error:
        return error


def check_valid(reply: signing.VerifyResponse) -> str:
    """Return the key version with which it is valid; raises SignatureInvalid if with none."""
    if not reply.valid:
        raise errors.SignatureInvalid(
            "the signature is not valid", reason="SIGNATURE_INVALID", code=grpc.StatusCode.OK
        )
    return reply.key_version
