"""The signatures in an export: those of checkpoints, and that of the end line."""

from collections.abc import Callable, Collection, Iterator

from signetd.audit.canonical import LineError, Values, encode, number, octets, text, time
from signetd.audit.keys import PublicKeyError, decode_spki, fingerprint, is_valid
from signetd.audit.report import Report


def check_checkpoint(
    values: Values,
    hash_of: Callable[[int], bytes | None],
    trusted: Collection[bytes],
    report: Report,
    *,
    unsigned: bool,
) -> Iterator[str]:
    """Check what a checkpoint covers and its signature; *hash_of* returns hashes of records."""
    covered = number(values, "covers_number")
    if covered >= number(values, "number"):
        raise LineError("the checkpoint covers what comes after it")
    found = hash_of(covered)
    if found is None and covered >= report.first:
        yield f"the checkpoint covers the record {covered}, which is not there or too far back"
    elif found is not None and found.hex() != text(values, "covers_hash"):
        yield f"the checkpoint covers another record {covered} than the one that is there"
    statement: Values = {
        "type": "checkpoint",
        "chain": text(values, "chain"),
        "covers_number": covered,
        "covers_hash": text(values, "covers_hash"),
        "time": time(values, "checkpoint_time"),
        "key": text(values, "key"),
        "algorithm": text(values, "algorithm"),
    }
    report.checkpoints += 1
    yield from _check(values, statement, trusted, report, unsigned=unsigned)


def check_end(
    end: Values, trusted: Collection[bytes], report: Report, *, unsigned: bool
) -> Iterator[str]:
    """Check the signature of an end line."""
    if "signature" not in end:
        if not unsigned:
            yield "UNSIGNED: the export has no signature, so that anybody can have written it"
        report.notice("An export has no signature: it only agrees with itself.")
        if extra := end.keys() & {"key", "key_spki", "algorithm", "time"}:
            yield f"the end line has no signature, but {', '.join(sorted(extra))}"
        return
    signed = {name: value for name, value in end.items() if name != "signature"}
    try:
        time(end, "time")
        yield from _check(end, signed, trusted, report, unsigned=unsigned)
    except LineError as error:
        yield str(error)


def _check(
    values: Values, signed: Values, trusted: Collection[bytes], report: Report, *, unsigned: bool
) -> Iterator[str]:
    try:
        spki = decode_spki(text(values, "key_spki"))
        valid = is_valid(
            spki, text(values, "algorithm"), encode(signed), octets(values, "signature")
        )
    except PublicKeyError as error:
        yield f"the signature cannot be verified: {error}"
        return
    key = fingerprint(spki)
    if text(values, "key") != key:
        yield "the fingerprint is not that of the public key"
    if not valid:
        yield "the signature is not valid"
    report.keys[key] = "trusted" if spki in trusted else "unknown"
    if spki in trusted:
        return
    if trusted or not unsigned:
        report.untrusted += 1
        yield (
            f"it is signed with the key {key}, which is not among the trusted ones; give its "
            "public key if it is one"
        )
    else:
        report.notice(f"Nobody vouches for the key {key}, which has signed: no key was given.")
