"""Answers the methods of KeyService that are about certificates."""

from typing import Final, Protocol

from signetd.api.v1 import key_service_pb2 as messages
from signetd.daemon.certificates import KeptCertificate, expiry
from signetd.daemon.certificates.requests import Prepared
from signetd.daemon.certificates.service import CheckedImport
from signetd.daemon.keys import RegisteredKey
from signetd.daemon.policy.types import Asker, Operation
from signetd.daemon.rpc import calls, certificate_messages, convert
from signetd.daemon.rpc.recording import Recorder
from signetd.drivers.types import Algorithm, Requester
from signetd.pki import Certificate, csr

_MOST_TOLD: Final = 500  # characters of what a token answered


class Requests(Protocol):
    """Makes requests for certificates."""

    async def prepare(
        self, key_id: str, wanted: csr.Wanted, algorithm: Algorithm | None
    ) -> Prepared:
        """Make what is to be signed."""
        ...

    async def sign(self, prepared: Prepared, requester: Requester) -> bytes:
        """Have the token sign; return the request in DER."""
        ...


class Certificates(Protocol):
    """Keeps the certificates of keys."""

    async def check(self, key_id: str, data: bytes) -> CheckedImport:
        """Read and judge what shall be imported."""
        ...

    async def keep(self, checked: CheckedImport, *, on_token: bool) -> KeptCertificate:
        """Keep what was checked."""
        ...

    async def get(
        self, key: RegisteredKey, version: int | None, requester: Requester
    ) -> KeptCertificate:
        """Return the certificate of a version, None for the one that signs."""
        ...


class Gate(Protocol):
    """Decides who may read which key."""

    def key(self, asker: Asker, operation: Operation, key_id: str) -> RegisteredKey:
        """Return a key that *asker* may use so."""
        ...


class CertificatesApi:
    """Has certificates requested, imported and shown for callers that may."""

    def __init__(
        self, requests: Requests, certificates: Certificates, gate: Gate, recorder: Recorder
    ) -> None:
        self._requests = requests
        self._certificates = certificates
        self._gate = gate
        self._recorder = recorder

    async def create_csr(self, request: messages.CreateCsrRequest) -> messages.Csr:
        """Answer CreateCsr. The record names what is signed before the token is asked."""
        key_id, call = _key_id(request.name), calls.current()
        algorithm = convert.algorithm(request.algorithm)
        wanted = certificate_messages.wanted(request)
        prepared = await self._requests.prepare(key_id, wanted, algorithm)
        detail = (
            f"PKCS #10 request, digest {prepared.digest.hex()} "
            f"({prepared.checked.algorithm}), for {wanted.subject[:200]}"
        )
        await self._recorder.begin(call.resource, detail=detail)
        return certificate_messages.csr_message(await self._requests.sign(prepared, call.requester))

    async def import_certificate(
        self, request: messages.ImportCertificateRequest
    ) -> messages.KeyCertificate:
        """Answer ImportCertificate. The records name the new certificate and the former one, and
        say whether the token has it."""
        key_id = _key_id(request.name)
        checked = await self._certificates.check(key_id, request.certificates)
        await self._recorder.begin(calls.current().resource, detail=_import_text(checked))
        kept = await self._certificates.keep(checked, on_token=not request.not_on_token)
        told = f"not on the token: {kept.token_note[:_MOST_TOLD]}"
        calls.current().outcome = "on the token too" if kept.on_token else told
        return certificate_messages.certificate_message(kept)

    async def get_certificate(
        self, request: messages.GetCertificateRequest
    ) -> messages.KeyCertificate:
        """Answer GetCertificate."""
        key_id, version = convert.version_id(request.name)
        call = _note(key_id)
        key = self._gate.key(call.asker, Operation.READ, key_id)
        kept = await self._certificates.get(key, version, call.requester)
        return certificate_messages.certificate_message(kept)


def _import_text(checked: CheckedImport) -> str:
    own, former = checked.chain[0], expiry.own(checked.key)
    text = f"certificate {_named(own)}"
    return f"{text}, in place of {_named(former)}" if former is not None else text


def _named(certificate: Certificate) -> str:
    end = expiry.text(certificate.not_after)
    return f"SHA-256 {certificate.fingerprint} of {certificate.name[:200]} until {end}"


def _key_id(name: str) -> str:
    key_id = convert.resource_id(name, "keys", "name")
    _note(key_id)
    return key_id


def _note(key_id: str) -> calls.Call:
    call = calls.current()
    call.facts["key"] = key_id
    call.resource = f"keys/{key_id}"
    return call
