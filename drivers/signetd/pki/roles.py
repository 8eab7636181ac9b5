"""Whether each certificate may do what it does in a path: sign, or vouch for others."""

from typing import Final

from signetd.pki import extensions
from signetd.pki.certificate import Certificate
from signetd.pki.policy import Policy
from signetd.pki.report import Name, Notes, Status


def check_end(notes: Notes, policy: Policy) -> None:
    """Look at the end certificate's role."""
    _end_constraints(notes, policy)
    _end_usage(notes, policy)
    _end_purpose(notes, policy)
    _policies(notes)


def check_authority(notes: Notes, policy: Policy, below: int) -> None:
    """Look at the role of a CA with *below* CAs under it, self-issued ones not counted."""
    _ca_constraints(notes)
    _path_length(notes, below)
    _ca_usage(notes)
    _ca_purpose(notes, policy)
    _name_constraints(notes)
    _policies(notes)


def may_sign_lists(certificate: Certificate) -> bool:
    """Say whether a CA may sign revocation lists; without keyUsage it is not restricted."""
    return certificate.key_usage is None or "cRLSign" in certificate.key_usage


def _end_constraints(notes: Notes, policy: Policy) -> None:
    basic = notes.certificate.basic_constraints
    if basic is None or not basic.ca:
        notes.add(Name.BASIC_CONSTRAINTS, Status.PASSED, "it is not of a CA")
    else:
        notes.judge(
            Name.BASIC_CONSTRAINTS,
            policy.end_may_be_ca,
            "it is of a CA, as the policy allows",
            "it is of a CA, which signs certificates and nothing else",
        )


def _end_usage(notes: Notes, policy: Policy) -> None:
    usages, wanted = notes.certificate.key_usage, policy.key_usages
    if not wanted:
        notes.add(Name.KEY_USAGE, Status.NOT_CHECKED, "the policy asks for no usage")
    elif usages is None:
        notes.add(Name.KEY_USAGE, Status.WARNING, "it has no keyUsage, so that any is allowed")
    else:
        allowed = f"its usages are {', '.join(sorted(usages)) or 'none'}"
        asked = " or ".join(sorted(wanted))
        notes.judge(Name.KEY_USAGE, bool(usages & wanted), allowed, f"{allowed}; not {asked}")


def _end_purpose(notes: Notes, policy: Policy) -> None:
    purposes, wanted = notes.certificate.extended_key_usage, policy.extended_key_usages
    if not wanted:
        notes.add(Name.EXTENDED_KEY_USAGE, Status.NOT_CHECKED, "the policy asks for no purpose")
    elif purposes is None:
        notes.add(Name.EXTENDED_KEY_USAGE, Status.PASSED, "it is not limited to purposes")
    else:
        # RFC 5280, 4.2.1.12 leaves it open whether anyExtendedKeyUsage will do; here it will not.
        missing = ", ".join(sorted(wanted - purposes))
        good, bad = "its purposes have what is asked", f"its purposes lack {missing}"
        notes.judge(Name.EXTENDED_KEY_USAGE, not missing, good, bad)


def _ca_constraints(notes: Notes) -> None:
    basic = notes.certificate.basic_constraints
    if basic is None or not basic.ca:
        reason = "it is not of a CA, and yet another certificate is to be by it"
        notes.add(Name.BASIC_CONSTRAINTS, Status.FAILED, reason)
        return
    found = extensions.find(notes.certificate.extensions, extensions.BASIC_CONSTRAINTS)
    if found is None or not found.critical:
        reason = "it is of a CA, but the extension is not critical (RFC 5280, 4.2.1.9)"
        notes.add(Name.BASIC_CONSTRAINTS, Status.WARNING, reason)
    else:
        notes.add(Name.BASIC_CONSTRAINTS, Status.PASSED, "it is of a CA")


def _path_length(notes: Notes, below: int) -> None:
    basic = notes.certificate.basic_constraints
    limit = None if basic is None else basic.path_length
    if limit is None:
        notes.add(Name.PATH_LENGTH, Status.PASSED, "any number of CAs may be below it")
        return
    text = f"{below} CAs are below it, {limit} may be"
    notes.judge(Name.PATH_LENGTH, below <= limit, text, text)


def _ca_usage(notes: Notes) -> None:
    usages = notes.certificate.key_usage
    if usages is None:
        reason = "it has no keyUsage, so that keyCertSign is not forbidden"
        notes.add(Name.KEY_USAGE, Status.WARNING, reason)
    else:
        holds = "keyCertSign" in usages
        notes.judge(Name.KEY_USAGE, holds, "it has keyCertSign", "its keyUsage lacks keyCertSign")


def _ca_purpose(notes: Notes, policy: Policy) -> None:
    """Apply a CA's purposes to all below it, as browsers and openssl do."""
    purposes, wanted = notes.certificate.extended_key_usage, policy.extended_key_usages
    if purposes is None or extensions.ANY_EXTENDED_KEY_USAGE in purposes:
        notes.add(Name.EXTENDED_KEY_USAGE, Status.PASSED, "it is not limited to purposes")
    elif not wanted:
        reason = "it is limited to purposes, but the policy asks for none"
        notes.add(Name.EXTENDED_KEY_USAGE, Status.NOT_CHECKED, reason)
    else:
        missing = ", ".join(sorted(wanted - purposes))
        good, bad = "its purposes have what is asked", f"it may not issue for {missing}"
        notes.judge(Name.EXTENDED_KEY_USAGE, not missing, good, bad)


def _name_constraints(notes: Notes) -> None:
    found = extensions.find(notes.certificate.extensions, extensions.NAME_CONSTRAINTS)
    if found is None:
        notes.add(Name.NAME_CONSTRAINTS, Status.PASSED, "it is not limited to names")
        return
    # RFC 5280, 4.2: who cannot process a critical extension must refuse the certificate.
    status = Status.FAILED if found.critical else Status.WARNING
    notes.add(Name.NAME_CONSTRAINTS, status, "it is limited to names, which is not supported here")


_POLICY_EXTENSIONS: Final = (
    extensions.CERTIFICATE_POLICIES,
    extensions.POLICY_MAPPINGS,
    extensions.INHIBIT_ANY_POLICY,
)


def _policies(notes: Notes) -> None:
    """Without a policy that is asked for, only policyConstraints could make a path invalid."""
    found = notes.certificate.extensions
    limits = extensions.find(found, extensions.POLICY_CONSTRAINTS)
    if limits is not None:
        status = Status.FAILED if limits.critical else Status.WARNING
        notes.add(Name.POLICIES, status, "it has policyConstraints, which is not supported here")
    elif any(extensions.find(found, oid) for oid in _POLICY_EXTENSIONS):
        reason = "it has certificate policies, which are not compared with anything"
        notes.add(Name.POLICIES, Status.NOT_CHECKED, reason)
    else:
        notes.add(Name.POLICIES, Status.PASSED, "it has no certificate policies")
