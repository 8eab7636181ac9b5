"""What lists and responses say of one certificate: all of them are asked."""

import msgspec

from signetd.pki import extensions, list_answers
from signetd.pki.certificate import Certificate
from signetd.pki.ocsp import OcspResponse, Single
from signetd.pki.policy import REASONS
from signetd.pki.report import Notes
from signetd.pki.revocation import (
    Evidence,
    Finding,
    Place,
    Unusable,
    conclude,
    delegate_problem,
    signer_problem,
    staleness,
)

_HOLD, _REMOVAL = REASONS[6], REASONS[8]


def check(notes: Notes, place: Place, evidence: Evidence) -> None:
    """Look at the revocation of the certificate of *notes*; every source is asked."""
    findings: list[Finding] = []
    problems: list[str] = []
    list_answers.ask(place, evidence, findings, problems)
    for response in evidence.responses:
        for told in response.singles:
            if told.cert_id.is_of(place.certificate, place.issuer):
                try:
                    findings.append(_of_response(response, told, place, evidence))
                except Unusable as error:
                    problems.append(f"{response.place}: {error}")
    conclude(notes, evidence.policy, findings, problems)


def _of_response(response: OcspResponse, told: Single, place: Place, evidence: Evidence) -> Finding:
    """Ask a response (RFC 6960, 3.2). Raises Unusable."""
    for each in (*response.extensions, *told.extensions):
        if each.critical:
            raise Unusable(f"its critical extension {each.oid} is not known here")
    remark = _check_responder(response, place, evidence)
    policy = evidence.policy
    stale = staleness(policy, told.this_update, told.next_update, policy.max_evidence_age)
    lasting = told.status == "revoked" and told.reason not in (_HOLD, _REMOVAL)
    if stale and not lasting:
        raise Unusable(stale)
    if told.status == "unknown" or told.reason == _REMOVAL:
        raise Unusable("the responder does not know the certificate")
    source = f"{response.place} of {told.this_update.isoformat()}{remark}"
    if told.since is None and told.this_update > place.certificate.not_after:
        raise Unusable("it is of a time when the certificate had expired, and need not be known")
    return Finding(source, told.since, told.reason)


def _check_responder(response: OcspResponse, place: Place, evidence: Evidence) -> str:
    """Find who has signed it: the CA, or whom it has told to; return what to remark of it."""
    problem = "none of its certificates, nor the CA's, is the one that it names as signer"
    for signer in (*place.issuers, *response.certificates):
        if not response.is_by(signer):
            continue
        own = signer in place.issuers
        why = "" if own else _delegate_problem(evidence, signer, place)
        why = why or signer_problem(
            evidence, signer, response.algorithm, response.tbs, response.signature
        )
        if not why:
            return "" if own else _remark(signer, place, evidence)
        problem = why
    raise Unusable(problem)


def _delegate_problem(evidence: Evidence, signer: Certificate, place: Place) -> str:
    """Apply RFC 6960, 4.2.2.2: issued by the CA itself, for this purpose and said so."""
    if signer.extended_key_usage is None:
        return f"{signer.name}: the purpose OCSPSigning is not in its certificate"
    asked = msgspec.structs.replace(
        evidence.policy,
        key_usages=frozenset({"digitalSignature", "nonRepudiation"}),
        extended_key_usages=frozenset({extensions.OCSP_SIGNING}),
        end_may_be_ca=True,
    )
    return delegate_problem(evidence, signer, place.issuer, asked)


def _remark(signer: Certificate, place: Place, evidence: Evidence) -> str:
    """Look whether the responder itself is revoked, unless the CA has said not to."""
    if extensions.find(signer.extensions, extensions.OCSP_NO_CHECK):
        return ""
    findings: list[Finding] = []
    list_answers.ask(Place(signer, place.issuers), evidence, findings, [])
    if any(each.since is not None for each in findings):
        raise Unusable(f"its responder {signer.name} is revoked")
    return "" if findings else " (not known whether its responder is revoked)"
