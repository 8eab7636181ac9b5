"""The Python client of signetd: ``Client``, and ``AsyncClient`` for asyncio."""

from signetd.client._audit_operations import RecordFilter
from signetd.client.aio import AsyncClient
from signetd.client.connection import Endpoint
from signetd.client.documents import DocumentSignature
from signetd.client.errors import (
    AlreadyExists,
    CorruptReply,
    DeadlineExceeded,
    FailedPrecondition,
    InternalError,
    InvalidRequest,
    NotFound,
    PermissionDenied,
    ResourceExhausted,
    SignatureInvalid,
    SignetdError,
    Unauthenticated,
    Unavailable,
)
from signetd.client.grants import GrantItem, ScheduleItem
from signetd.client.identities import IdentityItem
from signetd.client.key_policies import KeyPolicyItem
from signetd.client.messages import Encoding, Signature, SignItem
from signetd.client.seals import SealItem, Stamp, StampExtensionItem, StampItem
from signetd.client.sync import Client

__all__ = [
    "AlreadyExists",
    "AsyncClient",
    "Client",
    "CorruptReply",
    "DeadlineExceeded",
    "DocumentSignature",
    "Encoding",
    "Endpoint",
    "FailedPrecondition",
    "GrantItem",
    "IdentityItem",
    "InternalError",
    "InvalidRequest",
    "KeyPolicyItem",
    "NotFound",
    "PermissionDenied",
    "RecordFilter",
    "ResourceExhausted",
    "ScheduleItem",
    "SealItem",
    "SignItem",
    "Signature",
    "SignatureInvalid",
    "SignetdError",
    "Stamp",
    "StampExtensionItem",
    "StampItem",
    "Unauthenticated",
    "Unavailable",
]
