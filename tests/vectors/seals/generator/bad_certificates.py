"""Seals and stamps that are signed well, by or at what the standard does not allow."""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from tests.vectors.seals.generator import times, tokens
from tests.vectors.seals.generator.book import (
    CREATE_TIME,
    DOCUMENT_DIGEST,
    GOOD,
    MAKER_CERTIFICATE,
    MAKER_KEY_USAGE,
    MAKER_REVOCATION,
    MAKER_VALIDITY,
    SEAL,
    SEAL_TIMESTAMP,
    SEAL_VALIDITY,
    SIGNER_CERTIFICATE,
    SIGNER_IN_SEAL,
    SIGNER_KEY_USAGE,
    SIGNER_REVOCATION,
    SIGNER_VALIDITY,
    SIGNING_TIME,
    STAMP,
    STAMP_TIMESTAMP,
    Expected,
    Page,
    bad,
    both,
    notice,
)
from tests.vectors.seals.generator.good_stamps import seal as good_seal
from tests.vectors.seals.generator.people import People
from tests.vectors.seals.generator.seals import Seal, Sign, sealed
from tests.vectors.seals.generator.stamps import Stamp, stamped


def _by_rules(check: str) -> Expected:
    """What became wrong since the seal was made: a fault by one, a notice by the other."""
    return {"gbt38540": bad(check), "gmt0031": notice(check)}


_UNDECIDED: Final[Expected] = {"gbt38540": None, "gmt0031": None}
_MAKERS: Final[tuple[tuple[str, str, Expected], ...]] = (
    ("maker-expired-before", "expired before the seal was made", both(bad(MAKER_VALIDITY))),
    ("maker-revoked-before", "was revoked before the seal was made", both(bad(MAKER_REVOCATION))),
    ("maker-expired-since", "expired after the seal was made", _by_rules(MAKER_VALIDITY)),
    ("maker-revoked-since", "was revoked after the seal was made", _by_rules(MAKER_REVOCATION)),
    ("maker-usage", "is for encryption", both(bad(MAKER_KEY_USAGE))),
    ("maker-stranger", "is of a CA that nobody trusts", both(bad(MAKER_CERTIFICATE))),
    (
        "maker-later",
        "is valid now, but was not yet when the seal was made",
        {"gbt38540": None, "gmt0031": bad(MAKER_VALIDITY)},
    ),
)
_SIGNERS: Final = (
    ("signer-expired-before", "expired before signing", SIGNER_VALIDITY),
    ("signer-revoked-before", "was revoked before signing", SIGNER_REVOCATION),
    ("signer-later", "is valid now, but was not yet at signing", SIGNER_VALIDITY),
    ("signer-usage", "is for encryption", SIGNER_KEY_USAGE),
    ("signer-stranger", "is of a CA that nobody trusts", SIGNER_CERTIFICATE),
)
_MAKERS_OF_STAMPED: Final[tuple[tuple[str, str, Expected], ...]] = (
    ("maker-expired-before", "before the seal was made", both(bad(MAKER_VALIDITY))),
    ("maker-expired-between", "between making and signing", _by_rules(MAKER_VALIDITY)),
    ("maker-expired-since", "after signing", {"gbt38540": None, "gmt0031": GOOD}),
)


def pages(people: People) -> list[Page]:
    signers = [_signer(people, *each) for each in _SIGNERS]
    return [
        *_makers(people),
        *_seals(people),
        *signers,
        *_stamps_of_makers(people),
        *_stamps(people),
        *_tokens(people),
    ]


def _makers(people: People) -> list[Page]:
    made = []
    for version in (4, 5):
        seal = Seal(version, (people["signer"].certificate,), version)
        for name, shows, expected in _MAKERS:
            data = sealed(seal, people[name])
            told = f"the maker's certificate {shows}"
            made.append(Page(f"v{version}-{name}", SEAL, version, data, told, expected))
    return made


def _seals(people: People) -> list[Page]:
    plain = Seal(5, (people["signer"].certificate,), 5)
    late = times.NOW + timedelta(days=30)
    ended = replace(plain, end=times.AFTER_SIGNED)
    future = replace(plain, start=late)
    unborn = replace(plain, created=late)
    silent: Expected = {"gbt38540": None, "gmt0031": bad(CREATE_TIME)}
    made = [
        _seal(people, "v5-seal-ended", ended, "the seal was valid until before now", SEAL_VALIDITY),
        _seal(people, "v5-seal-not-yet", future, "the seal is valid from later on", SEAL_VALIDITY),
    ]
    shows = "createDate is later than now"
    data = sealed(unborn, people["maker"])
    return [*made, Page("v5-seal-created-later", SEAL, 5, data, shows, silent)]


def _seal(
    people: People, name: str, seal: Seal, shows: str, check: str, token: Sign | None = None
) -> Page:
    data = sealed(seal, people["maker"], token=token)
    return Page(name, SEAL, seal.format, data, shows, both(bad(check)))


def _signer(people: People, name: str, shows: str, check: str) -> Page:
    stamp = Stamp(4, good_seal(people, 4, name), 4)
    data = stamped(stamp, people[name])
    told = f"the signer's certificate {shows}"
    return Page(f"stamp-{name}", STAMP, 4, data, told, both(bad(check)))


def _stamps_of_makers(people: People) -> list[Page]:
    made = []
    for name, shows, expected in _MAKERS_OF_STAMPED:
        seal = sealed(Seal(4, (people["signer"].certificate,), 4), people[name])
        told = f"the maker's certificate expired {shows}"
        made.append(_stamp(people, f"stamp-{name}", Stamp(4, seal, 4), told, expected))
    return made


def _stamps(people: People) -> list[Page]:
    owner = (people["signer"].certificate,)
    plain = Stamp(4, good_seal(people, 4), 4)
    ended = Seal(4, owner, 4, end=times.BEFORE_SIGNED)
    later = Seal(4, owner, 4, start=times.AFTER_SIGNED)
    since = Seal(4, owner, 4, end=times.AFTER_SIGNED)
    digests = replace(plain, seal=good_seal(people, 4, digests=True))
    first = Stamp(1, good_seal(people, 1), 1)
    future = replace(plain, time=times.NOW + timedelta(days=4))
    wrong_version = replace(plain, version=5)
    again, listed = "the owner's key with a new certificate", both(bad(SIGNER_IN_SEAL))
    digest = "dataHash is of another document"
    other = b"<another/>"
    return [
        _stamp(people, "stamp-reissued", plain, again, listed, "signer-reissued"),
        _stamp(people, "v1-stamp-reissued", first, again, listed, "signer-reissued"),
        _stamp(people, "stamp-digest-of-other", digests, again, listed, "signer-reissued"),
        _stamp(people, "stamp-not-listed", plain, "another owner", listed, "person"),
        _stamp(
            people,
            "stamp-seal-ended",
            replace(plain, seal=sealed(ended, people["maker"])),
            "the seal had ended when it was applied",
            both(bad(SIGNING_TIME)),
        ),
        _stamp(
            people,
            "stamp-seal-not-yet",
            replace(plain, seal=sealed(later, people["maker"])),
            "the seal was not yet valid when it was applied, but is now",
            both(bad(SIGNING_TIME)),
        ),
        _stamp(
            people,
            "stamp-document",
            replace(plain, document=other),
            digest,
            both(bad(DOCUMENT_DIGEST)),
        ),
        _stamp(
            people,
            "v1-stamp-document",
            replace(first, document=other),
            digest,
            both(bad(DOCUMENT_DIGEST)),
        ),
        _stamp(
            people,
            "stamp-seal-ended-since",
            replace(plain, seal=sealed(since, people["maker"])),
            "the seal was valid when it was applied, and has ended since",
            _UNDECIDED,
        ),
        _stamp(people, "stamp-in-future", future, "timeInfo is later than now", _UNDECIDED),
        _stamp(
            people,
            "stamp-version-5-seal-4",
            wrong_version,
            "TBS_Sign says version 5, the seal's header 4",
            _UNDECIDED,
        ),
    ]


def _stamp(
    people: People,
    name: str,
    stamp: Stamp,
    shows: str,
    expected: Expected,
    signer: str = "signer",
    token: Sign | None = None,
) -> Page:
    data = stamped(stamp, people[signer], token=token)
    return Page(name, STAMP, stamp.format, data, shows, expected)


def _tokens(people: People) -> list[Page]:
    seal, stamp = Seal(5, (people["signer"].certificate,), 5), Stamp(4, good_seal(people, 4), 4)
    tsa, usage = people["tsa"], people["tsa-usage"]
    other_key = replace(tsa, key=people["person"].key)
    made = [
        _seal(
            people,
            "v5-seal-token-earlier",
            seal,
            "createDate is later than the time stamp",
            SEAL_TIMESTAMP,
            lambda given: tokens.sm2(given, tsa, times.BEFORE_CREATED),
        )
    ]
    wrong: tuple[tuple[str, str, Sign], ...] = (
        ("other", "is over something else", lambda given: tokens.sm2(b"else", tsa)),
        ("usage", "is of a certificate that is not for it", lambda given: tokens.sm2(given, usage)),
        ("signature", "has another key's signature", lambda given: tokens.sm2(given, other_key)),
        ("garbage", "is no token", lambda given: b"\x04\x03abc"),
    )
    for name, shows, token in wrong:
        told = f"the time stamp {shows}"
        made += [
            _seal(people, f"v5-seal-token-{name}", seal, told, SEAL_TIMESTAMP, token),
            _stamp(
                people, f"stamp-token-{name}", stamp, told, both(bad(STAMP_TIMESTAMP)), token=token
            ),
        ]
    return made
