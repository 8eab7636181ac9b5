"""The services of the API, by name."""

from typing import Final

from signetd.daemon.assembly.access import Access
from signetd.daemon.assembly.core import Core, Tokens
from signetd.daemon.assembly.seals import Recognition, Sealing
from signetd.daemon.bootstrap import socket_names
from signetd.daemon.config import Config
from signetd.daemon.policy.credential import credential_of
from signetd.daemon.rpc.access_api import AccessApi
from signetd.daemon.rpc.approval_api import ApprovalApi
from signetd.daemon.rpc.attestation_api import AttestationApi
from signetd.daemon.rpc.audit_api import AuditApi
from signetd.daemon.rpc.certificates_api import CertificatesApi
from signetd.daemon.rpc.following import Followers
from signetd.daemon.rpc.key_api import KeyApi
from signetd.daemon.rpc.seal_api import SealApi
from signetd.daemon.rpc.sign_document import SignDocuments
from signetd.daemon.rpc.sign_stream import SignStreams
from signetd.daemon.rpc.signing_api import SigningApi
from signetd.daemon.rpc.stamp_api import StampApi
from signetd.daemon.rpc.token_api import TokenApi
from signetd.daemon.rpc.verification_api import VerificationApi
from signetd.daemon.signing import SigningDesk
from signetd.daemon.state import Database
from signetd.daemon.statements.attestation import Attestation

_API: Final = "signetd.api.v1."


def make_services(
    config: Config,
    database: Database,
    tokens: Tokens,
    core: Core,
    access: Access,
    recognition: Recognition,
    sealing: Sealing,
    desk: SigningDesk,
    followers: Followers,
    streams: SignStreams,
    documents: SignDocuments,
) -> dict[str, object]:
    """Return what answers each service; of several, each answers some of its methods."""
    keys, gate, recorder, usage = core.keys, access.gate, core.recorder, database.usage
    sockets = socket_names(config)
    found: dict[str, object] = {
        "SigningService": (SigningApi(desk, gate, core.engine, recorder), streams, documents),
        "KeyService": (
            KeyApi(
                keys,
                gate,
                access.uses,
                recorder,
                usage,
                database.seals,
                config.access.destroy_approvals,
            ),
            AttestationApi(keys, Attestation(tokens.pools, core.statements), recorder),
            CertificatesApi(core.requests, core.certificates, gate, recorder),
        ),
        "TokenService": TokenApi(tokens.pools, tokens.writer, tokens.watchers, recorder),
        "AccessService": AccessApi(
            access.book, keys, recorder, usage, sockets, access.administrators
        ),
        "ApprovalService": ApprovalApi(
            access.approvals,
            access.watchers,
            access.wanted,
            sealing.seals.maker,
            sealing.stamps,
            lambda name: credential_of(name, sockets),
        ),
        "AuditService": AuditApi(core.audit, followers),
        "VerificationService": VerificationApi(recognition.verifier, recognition.lists),
        "SealService": (SealApi(sealing.seals, usage), StampApi(sealing.stamps, recorder)),
    }
    return {_API + name: api for name, api in found.items()}
