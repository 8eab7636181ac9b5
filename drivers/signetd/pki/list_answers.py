"""What revocation lists say of one certificate, after their signatures, ages and limits."""

from typing import Final

from signetd.pki import extensions, names, roles
from signetd.pki.certificate import Certificate
from signetd.pki.crl import Entry, RevocationList, Scope
from signetd.pki.errors import InputError
from signetd.pki.policy import REASONS
from signetd.pki.revocation import Evidence, Finding, Place, Unusable, signer_problem, staleness

_LIST_EXTENSIONS: Final = frozenset(
    {
        extensions.CRL_NUMBER,
        extensions.AUTHORITY_KEY_ID,
        extensions.ISSUING_DISTRIBUTION_POINT,
        extensions.EXPIRED_CERTS_ON_CRL,
    }
)
_HOLD, _REMOVAL = REASONS[6], REASONS[8]


def ask(place: Place, evidence: Evidence, findings: list[Finding], problems: list[str]) -> None:
    """Ask every list of the CA; add what they say to *findings*, and why not to *problems*."""
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
