"""What lists and responses say of one certificate, after their signatures, ages and limits."""

from typing import Final

import msgspec

from signetd.pki import extensions, names, roles
from signetd.pki.certificate import Certificate
from signetd.pki.crl import Entry, RevocationList, Scope
from signetd.pki.errors import InputError
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

_LIST_EXTENSIONS: Final = frozenset(
    {
        extensions.CRL_NUMBER,
        extensions.AUTHORITY_KEY_ID,
        extensions.ISSUING_DISTRIBUTION_POINT,
        extensions.EXPIRED_CERTS_ON_CRL,
    }
)
_HOLD, _REMOVAL = REASONS[6], REASONS[8]


def check(notes: Notes, place: Place, evidence: Evidence) -> None:
    """Look at the revocation of the certificate of *notes*; every source is asked."""
    findings: list[Finding] = []
    problems: list[str] = []
    _ask_lists(place, evidence, findings, problems)
    for response in evidence.responses:
        for told in response.singles:
            if told.cert_id.is_of(place.certificate, place.issuer):
                try:
                    findings.append(_of_response(response, told, place, evidence))
                except Unusable as error:
                    problems.append(f"{response.place}: {error}")
    conclude(notes, evidence.policy, findings, problems)


def _ask_lists(
    place: Place, evidence: Evidence, findings: list[Finding], problems: list[str]
) -> None:
    wanted = place.certificate.issuer_key
    for each in evidence.lists:
        if names.key(each.issuer) == wanted:
            try:
                findings.append(_of_list(each, place, evidence))
            except Unusable as error:
                problems.append(f"{each.place}: {error}")


def _of_list(crl: RevocationList, place: Place, evidence: Evidence) -> Finding:
    """Ask a list (RFC 5280, 6.3.3). Raises Unusable."""
    _check_form(crl)
    _check_signer(crl, place, evidence)
    _check_scope(crl.scope, place.certificate)
    stale = staleness(evidence.policy, crl.this_update, crl.next_update, None)
    entry = crl.entry(place.certificate.serial)
    # What a CA has revoked stays so, also on an old list; but a hold may have ended.
    if stale and (entry is None or entry.reason == _HOLD):
        raise Unusable(stale)
    source = f"{crl.place} of {crl.this_update.isoformat()}"
    if entry is None:
        _check_expired(crl, place.certificate)
        return Finding(source, None)
    return _revoked(source, entry)


def _revoked(source: str, entry: Entry) -> Finding:
    if entry.reason == _REMOVAL:
        raise Unusable("it takes back a revocation, as in lists of changes, which do not count")
    return Finding(source, entry.since, entry.reason)


def _check_form(crl: RevocationList) -> None:
    if crl.inner_algorithm != crl.algorithm:
        raise Unusable("the signature algorithm inside is another than the one outside")
    if twice := extensions.duplicates(crl.extensions):
        raise Unusable(f"it has extensions more than once: {', '.join(twice)}")
    if extensions.find(crl.extensions, extensions.DELTA_CRL):
        raise Unusable("it is a list of changes only; give the complete one")
    for each in crl.extensions:
        if each.critical and each.oid not in _LIST_EXTENSIONS:
            raise Unusable(f"its critical extension {each.oid} is not known here")
    if crl.has_other_issuers:
        raise Unusable("it is indirect: it has entries of other CAs")


def _check_signer(crl: RevocationList, place: Place, evidence: Evidence) -> None:
    """Find who of the CA has signed it: the key above the certificate, or another of its keys."""
    problem = ""
    for signer in place.issuers:
        if not roles.may_sign_lists(signer):
            why = "the keyUsage of the CA lacks cRLSign"
        else:
            why = signer_problem(evidence, signer, crl.algorithm, crl.tbs, crl.signature)
        if not why:
            return
        problem = problem or why
    raise Unusable(problem)


def _check_scope(scope: Scope | None, certificate: Certificate) -> None:
    if scope is None:
        return
    if scope.problem:
        raise Unusable(scope.problem)
    basic = certificate.basic_constraints
    is_ca = basic is not None and basic.ca
    if (scope.only_users and is_ca) or (scope.only_authorities and not is_ca):
        raise Unusable("it is for the other kind of certificates: of CAs, or of users")
    if scope.points is not None and not scope.points & _points(certificate):
        raise Unusable("it is a part of the CA's list that the certificate does not point to")


def _points(certificate: Certificate) -> frozenset[bytes]:
    found = extensions.find(certificate.extensions, extensions.CRL_DISTRIBUTION_POINTS)
    try:
        return (
            frozenset()
            if found is None
            else extensions.distribution_points(found.value, "cRLDistributionPoints")
        )
    except InputError as error:
        raise Unusable(f"the certificate's pointer to its list is malformed ({error})") from None


def _check_expired(crl: RevocationList, certificate: Certificate) -> None:
    """Not being on the list says nothing when CAs take off what has expired (RFC 5280, 5)."""
    if crl.this_update <= certificate.not_after:
        return
    kept = extensions.find(crl.extensions, extensions.EXPIRED_CERTS_ON_CRL)
    try:
        if kept is not None:
            since = extensions.generalized_time(kept.value, "expiredCertsOnCRL")
            if since <= certificate.not_after:
                return
    except InputError as error:
        raise Unusable(str(error)) from None
    raise Unusable("it is of a time when the certificate had expired, which CAs take off then")


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
    _ask_lists(Place(signer, place.issuers), evidence, findings, [])
    if any(each.since is not None for each in findings):
        raise Unusable(f"its responder {signer.name} is revoked")
    return "" if findings else " (not known whether its responder is revoked)"
