"""Whether a time stamp is true: of this data, and signed by an authority that was one then."""

from collections.abc import Iterable
from typing import Final

import msgspec

from signetd.pki import validation
from signetd.pki.certificate import Certificate
from signetd.pki.crl import RevocationList
from signetd.pki.errors import InputError
from signetd.pki.ocsp import OcspResponse
from signetd.pki.policy import REASONS, Policy
from signetd.pki.report import Report, Status
from signetd.pki.timestamp import authority, signatures, statements
from signetd.pki.timestamp.report import TokenName, TokenNotes, TokenReport
from signetd.pki.timestamp.token import TimeStampToken
from signetd.pki.truststore import TrustStore

_LATER_ONLY: Final = frozenset({"affiliationChanged", "superseded", "cessationOfOperation"})
"""With these reasons a revoked authority's earlier stamps go on to count (RFC 3161, 4)."""
_USAGES: Final = frozenset({"digitalSignature", "nonRepudiation"})


def verify(
    token: TimeStampToken | bytes,
    data: bytes,
    policy: Policy,
    store: TrustStore,
    others: Iterable[Certificate | bytes] = (),
    lists: Iterable[RevocationList | bytes] = (),
    responses: Iterable[OcspResponse | bytes] = (),
    *,
    nonce: int | None = None,
    policies: frozenset[str] = frozenset(),
    digested: str = "",
) -> TokenReport:
    """Make all checks of *token* (read, or DER) of *data*.

    With *digested*, ``sm3`` or ``sha256``, *data* is already the digest by that hash.

    *policy* is for the authority's chain. Its ``at`` is when this verification is made, and lists
    must be current then; the chain must be valid at the time of the stamp. Usages and purposes are
    set here, and reasons of revocations refused as RFC 3161, 4 says. *policies* are the object
    identifiers of which the token must have one, empty for any. A token that cannot be read gives a
    report in which FORMAT has failed. Raises InputError for other input that cannot be read or is
    too much, and signetd.gm.backend.NoBackendError where nothing on this host verifies SM2.
    """
    notes = TokenNotes()
    try:
        read = TimeStampToken.read(token) if isinstance(token, bytes) else token
        own = [RevocationList.read(each, "time stamp, crl") for each in read.signed.lists]
    except InputError as error:
        notes.add(TokenName.FORMAT, Status.FAILED, str(error))
        return TokenReport(None, None, None, tuple(notes.checks))
    notes.add(TokenName.FORMAT, Status.PASSED, f"TSTInfo of version {read.content.version}")
    statements.check_extensions(notes, read)
    statements.check_imprint(notes, read, data, digested)
    statements.check_nonce(notes, read, nonce)
    statements.check_policy(notes, read, policies)
    statements.check_time(notes, read, policy)
    signatures.check_content(notes, read)
    known = [*read.certificates, *_certificates(others)]
    signer = signatures.find_signer(read, known)
    if signer is None:
        reason = "the certificate that it names for its signer is neither in it nor known"
        notes.add(TokenName.SIGNER, Status.FAILED, reason)
        return TokenReport(read, None, None, tuple(notes.checks))
    notes.add(TokenName.SIGNER, Status.PASSED, f"it names {signer.name}")
    signatures.check_signer(notes, read, signer, policy)
    at = _at(read, policy)
    chain = validation.validate(signer, at, store, known, [*own, *lists], responses)
    _chain(notes, read, chain)
    return TokenReport(read, signer, chain, tuple(notes.checks))


def _at(token: TimeStampToken, policy: Policy) -> Policy:
    """Return the policy for the authority's chain."""
    return msgspec.structs.replace(
        policy,
        at=token.gen_time,
        evidence_at=policy.current_at,
        key_usages=_USAGES,
        extended_key_usages=frozenset({authority.TIME_STAMPING}),
        refused_reasons=policy.refused_reasons | (frozenset(REASONS) - _LATER_ONLY),
    )


def _certificates(given: Iterable[Certificate | bytes]) -> list[Certificate]:
    found: list[Certificate] = []
    for i, each in enumerate(given, 1):
        if isinstance(each, bytes):
            found += Certificate.read_all(each, f"other certificate {i}")
        else:
            found.append(each)
    return found


def _chain(notes: TokenNotes, token: TimeStampToken, chain: Report) -> None:
    """Sum up the chain's own report."""
    failed = [f"{each.name} of {each.subject}: {each.reason}" for each in chain.failures]
    warned = [
        f"{each.name} of {each.subject}: {each.reason}" for each in chain.having(Status.WARNING)
    ]
    if failed:
        notes.add(TokenName.CHAIN, Status.FAILED, "; ".join(failed))
    elif warned:
        notes.add(TokenName.CHAIN, Status.WARNING, "; ".join(warned))
    else:
        reason = f"its chain holds at {token.gen_time.isoformat()}"
        notes.add(TokenName.CHAIN, Status.PASSED, reason)
