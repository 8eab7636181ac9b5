"""Checks that need one certificate only: its form, its algorithms, its dates."""

from typing import Final

from signetd.pki import algorithms, extensions, keys
from signetd.pki.certificate import Certificate
from signetd.pki.policy import Policy
from signetd.pki.report import Name, Notes, Status

_UNDERSTOOD: Final = frozenset(
    {
        extensions.SUBJECT_KEY_ID,
        extensions.KEY_USAGE,
        extensions.SUBJECT_ALT_NAME,
        extensions.BASIC_CONSTRAINTS,
        extensions.CRL_DISTRIBUTION_POINTS,
        extensions.AUTHORITY_KEY_ID,
        extensions.EXTENDED_KEY_USAGE,
        # These have checks of their own.
        extensions.NAME_CONSTRAINTS,
        extensions.CERTIFICATE_POLICIES,
        extensions.POLICY_MAPPINGS,
        extensions.POLICY_CONSTRAINTS,
        extensions.INHIBIT_ANY_POLICY,
    }
)
_SERIAL_BITS: Final = 160


def check(notes: Notes, policy: Policy, *, is_anchor: bool) -> None:
    """Look at the certificate of *notes* alone.

    An anchor is trusted as it is: its own signature, and so the algorithm of that, say nothing.
    """
    certificate = notes.certificate
    _version(notes, certificate, is_anchor)
    _serial(notes, certificate, is_anchor)
    _extensions(notes, certificate)
    if not is_anchor:
        _agreement(notes, certificate)
        _algorithm(notes, certificate, policy)
    _public_key(notes, certificate, policy)
    _validity(notes, certificate, policy)


def _version(notes: Notes, certificate: Certificate, is_anchor: bool) -> None:
    if certificate.version == 3:
        notes.add(Name.VERSION, Status.PASSED, "version 3")
        return
    status = Status.WARNING if is_anchor and not certificate.extensions else Status.FAILED
    notes.add(Name.VERSION, status, f"it is of version {certificate.version}, not 3")


def _serial(notes: Notes, certificate: Certificate, is_anchor: bool) -> None:
    serial = certificate.serial
    if serial <= 0:
        status = Status.WARNING if is_anchor else Status.FAILED
        notes.add(Name.SERIAL_NUMBER, status, "the serial number is not positive")
    elif serial.bit_length() > _SERIAL_BITS:
        notes.add(Name.SERIAL_NUMBER, Status.WARNING, "the serial number has more than 20 octets")
    else:
        notes.add(Name.SERIAL_NUMBER, Status.PASSED, f"the serial number is {serial:x} (hex)")


def _extensions(notes: Notes, certificate: Certificate) -> None:
    twice = extensions.duplicates(certificate.extensions)
    notes.judge(
        Name.DUPLICATE_EXTENSIONS,
        not twice,
        "no extension is there twice",
        f"there more than once: {', '.join(twice)}",
    )
    unknown = [
        each.oid for each in certificate.extensions if each.critical and each.oid not in _UNDERSTOOD
    ]
    notes.judge(
        Name.CRITICAL_EXTENSIONS,
        not unknown,
        "every critical extension is known here",
        f"critical, and not known here: {', '.join(unknown)}",
    )


def _agreement(notes: Notes, certificate: Certificate) -> None:
    notes.judge(
        Name.ALGORITHM_AGREEMENT,
        certificate.inner_algorithm == certificate.algorithm,
        "the signature algorithm inside and outside is the same",
        "the signature algorithm inside is another than the one outside",
    )


def _algorithm(notes: Notes, certificate: Certificate, policy: Policy) -> None:
    try:
        name = algorithms.scheme(certificate.algorithm).name
    except algorithms.UnsupportedError as error:
        notes.add(Name.ALGORITHM, Status.FAILED, str(error))
        return
    broken = ": its hash is broken" if name in algorithms.BROKEN else ""
    notes.judge(
        Name.ALGORITHM,
        name in policy.algorithms,
        f"it is signed with {name}",
        f"it is signed with {name}, which is not accepted{broken}",
    )


def _public_key(notes: Notes, certificate: Certificate, policy: Policy) -> None:
    try:
        key = keys.read(certificate.spki)
    except keys.KeyProblem as error:
        notes.add(Name.PUBLIC_KEY, Status.FAILED, str(error))
        return
    if key.kind == "rsa":
        accepted, wanted = key.bits >= policy.min_rsa_bits, f"at least {policy.min_rsa_bits} bits"
    else:
        accepted, wanted = key.kind in policy.curves, ", ".join(sorted(policy.curves))
    text = f"the key is {key.kind} with {key.bits} bits"
    if not accepted:
        notes.add(Name.PUBLIC_KEY, Status.FAILED, f"{text}; accepted: {wanted}")
    elif key.remark:
        notes.add(Name.PUBLIC_KEY, Status.WARNING, f"{text}, {key.remark}")
    else:
        notes.add(Name.PUBLIC_KEY, Status.PASSED, text)


def _validity(notes: Notes, certificate: Certificate, policy: Policy) -> None:
    first, last, at = certificate.not_before, certificate.not_after, policy.at
    span = f"it counts from {first.isoformat()} until {last.isoformat()}"
    if at < first:
        notes.add(Name.VALIDITY, Status.FAILED, f"not yet valid at {at.isoformat()}: {span}")
    elif at > last:
        notes.add(Name.VALIDITY, Status.FAILED, f"expired at {at.isoformat()}: {span}")
    else:
        notes.add(Name.VALIDITY, Status.PASSED, span)
