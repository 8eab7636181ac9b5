"""Certificates of keys, as parts of both clients."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any

from signetd.api.v1 import key_service_pb2 as keys
from signetd.client import _certificate_operations as operations
from signetd.client._operations import Operation


class CertificateCalls(ABC):
    """What a client can do about certificates; names of keys are with or without `keys/`."""

    @abstractmethod
    def _call(self, operation: Operation) -> Any: ...

    def create_csr(
        self,
        name: str,
        *,
        subject: str,
        alternative_names: Iterable[str] = (),
        key_usages: Iterable[str] = (),
        extended_key_usages: Iterable[str] = (),
        algorithm: str | None = None,
    ) -> keys.Csr:
        """Have a request for a certificate (PKCS #10) signed with a key in its token.

        *subject* is as in RFC 4514: "CN=Example,O=Example Ltd,C=CN". *alternative_names* are
        "dns:…", "email:…", "ip:…" or "uri:…"; *key_usages* names of RFC 5280, by default what the
        key's purpose needs; *extended_key_usages* object identifiers with dots.
        """
        operation = operations.create_csr(
            name, subject, alternative_names, key_usages, extended_key_usages, algorithm
        )
        return self._call(operation)  # type: ignore[no-any-return]

    def import_certificate(
        self, name: str, certificates: bytes, *, not_on_token: bool = False
    ) -> keys.KeyCertificate:
        """Have the certificate of a key kept, with its chain, in place of the former.

        *certificates* are PEM in any order, or one in DER. It is written to the token as well,
        unless *not_on_token*.
        """
        operation = operations.import_certificate(name, certificates, not_on_token=not_on_token)
        return self._call(operation)  # type: ignore[no-any-return]

    def get_certificate(self, name: str, *, version: int | None = None) -> keys.KeyCertificate:
        """Return the certificate of a key with its chain; of the version that signs if None."""
        return self._call(operations.get_certificate(name, version))  # type: ignore[no-any-return]


class AsyncCertificateCalls(ABC):
    """As CertificateCalls, for asyncio."""

    @abstractmethod
    async def _call(self, operation: Operation) -> Any: ...

    async def create_csr(
        self,
        name: str,
        *,
        subject: str,
        alternative_names: Iterable[str] = (),
        key_usages: Iterable[str] = (),
        extended_key_usages: Iterable[str] = (),
        algorithm: str | None = None,
    ) -> keys.Csr:
        """Have a request for a certificate signed; see ``CertificateCalls.create_csr``."""
        operation = operations.create_csr(
            name, subject, alternative_names, key_usages, extended_key_usages, algorithm
        )
        return await self._call(operation)  # type: ignore[no-any-return]

    async def import_certificate(
        self, name: str, certificates: bytes, *, not_on_token: bool = False
    ) -> keys.KeyCertificate:
        """Have a certificate kept; see ``CertificateCalls.import_certificate``."""
        operation = operations.import_certificate(name, certificates, not_on_token=not_on_token)
        return await self._call(operation)  # type: ignore[no-any-return]

    async def get_certificate(
        self, name: str, *, version: int | None = None
    ) -> keys.KeyCertificate:
        """Return the certificate of a key with its chain; of the version that signs if None."""
        operation = operations.get_certificate(name, version)
        return await self._call(operation)  # type: ignore[no-any-return]
