"""Signatures in the messages of the API."""

from functools import lru_cache
from typing import Final

import google_crc32c

from signetd.api.v1 import resources_pb2
from signetd.api.v1.signing_service_pb2 import SignResponse
from signetd.daemon.rpc import convert
from signetd.daemon.signing import Encoding, Released
from signetd.drivers.types import Algorithm, ProtectionLevel

_CACHED: Final = 1024


def sign_response(released: Released) -> SignResponse:
    """Write a signature."""
    response = SignResponse()
    fill_response(response, released)
    return response


def fill_response(response: SignResponse, released: Released) -> None:
    """Write a signature into an empty message."""
    signed = released.signed
    key = signed.key
    response.MergeFrom(
        _common(
            convert.version_name(key),
            key.token,
            key.token_serial,
            key.protection_level,
            signed.algorithm,
            signed.encoding,
        )
    )
    response.signature = signed.signature
    response.signature_crc32c = google_crc32c.value(signed.signature)
    response.audit_number = released.number


@lru_cache(maxsize=_CACHED)
def _common(
    key_version: str,
    token: str,
    serial: str,
    protection: ProtectionLevel,
    algorithm: Algorithm,
    encoding: Encoding,
) -> SignResponse:
    """Return what all signatures of a key have in common; for reading only."""
    return SignResponse(
        encoding=convert.enum_number(
            resources_pb2.SignatureEncoding, "SIGNATURE_ENCODING_", encoding
        ),
        algorithm=convert.algorithm_number(algorithm),
        key_version=key_version,
        token=f"tokens/{token}",
        token_serial=serial,
        protection_level=convert.protection_number(protection),
    )
