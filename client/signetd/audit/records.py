"""The records of exports, one after the other: whether each follows on the one before."""

from collections.abc import Collection, Iterator

from signetd.audit.canonical import LineError, Values, number, text, time
from signetd.audit.hashes import RecentHashes
from signetd.audit.report import Report
from signetd.audit.seals import check_checkpoint
from signetd.gm.sm3 import sm3

_ZERO = "0" * 64
_USES = ("sign", "stamp", "make-seal")  # the operations that sign with a key


class Records:
    """Follows a chain through all files. Problems are yielded as sentences.

    After a problem it goes on from what it has read, so that one change is told once or twice and
    not for all that follows.
    """

    def __init__(self, report: Report, trusted: Collection[bytes], *, unsigned: bool) -> None:
        self._report, self._trusted, self._unsigned = report, trusted, unsigned
        self._hashes = RecentHashes()
        self._uses: dict[str, int] = {}
        self._shared = False
        self._time = ""
        self._begun = False
        self.last = 0
        self.last_hash = _ZERO

    def begin(self, header: Values) -> Iterator[str]:
        """Take the header of a file; raises LineError for one that cannot be used."""
        chain, first, anchor = (
            text(header, "chain"),
            number(header, "first"),
            text(header, "anchor"),
        )
        time(header, "time")
        if not isinstance(header.get("shared"), bool):
            raise LineError("shared is not a boolean")
        self._note(shared=bool(header["shared"]))
        if not self._begun:
            yield from self._begin_first(chain, first, anchor)
        elif chain != self._report.chain:
            yield f"it is of the chain {chain!r}, and the file before of {self._report.chain!r}"
        elif (first, anchor) != (self.last + 1, self.last_hash):
            yield (
                f"it begins with the record {first} and does not follow on the file before, which "
                f"ends with {self.last}"
            )
        self._begun = True
        self.last, self.last_hash = first - 1, anchor

    def _begin_first(self, chain: str, first: int, anchor: str) -> Iterator[str]:
        self._report.chain, self._report.first = chain, first
        if first < 1 or (first == 1) != (anchor == _ZERO):
            yield f"the record {first} cannot follow on the anchor {anchor[:80]!r}"
        if first > 1:
            self._report.notice(f"The records before {first} are not in these files.")
        self._hashes.put(first - 1, sm3(b"") if len(anchor) != 64 else _bytes(anchor))

    def _note(self, *, shared: bool) -> None:
        self._shared = self._shared or shared
        if shared:
            self._report.notice(
                "Several daemons count uses of the same keys: a gap in the counts of this chain is "
                "what another daemon has signed."
            )

    def add(self, line: bytes, values: Values) -> Iterator[str]:
        """Take the next record: its bytes, and what they say."""
        self._report.records += 1
        try:
            yield from self._check_place(values)
            yield from self._check_content(values)
        except LineError as error:
            yield str(error)
        self.lose(line, values)

    def lose(self, line: bytes, values: Values | None = None) -> None:
        """Go on behind this line, whatever was wrong with it."""
        given = (values or {}).get("number")
        self.last = given if type(given) is int and given > 0 else self.last + 1
        digest = sm3(line)
        self.last_hash = digest.hex()
        self._report.last = self.last
        self._hashes.put(self.last, digest)

    def _check_place(self, values: Values) -> Iterator[str]:
        given, moment = number(values, "number"), time(values, "time")
        if given != self.last + 1:
            yield (
                f"the record {given} stands where {self.last + 1} must be: records were removed, "
                "added or put in another order"
            )
        elif text(values, "previous") != self.last_hash:
            yield (
                f"the record {given} does not follow on the one before it, which was changed or "
                "is not the one that was there"
            )
        if text(values, "chain") != self._report.chain:
            yield f"the record {given} is of another chain"
        if moment < self._time:
            yield f"the record {given} is older than the one before it"
        self._time = moment
        self._report.first_time = self._report.first_time or moment
        self._report.last_time = moment

    def _check_content(self, values: Values) -> Iterator[str]:
        kind = text(values, "kind")
        self._report.kinds[kind] += 1
        if not isinstance(values.get("allowed"), bool):
            raise LineError("allowed is not a boolean")
        self._report.denied += not values["allowed"]
        if kind == "checkpoint":
            yield from check_checkpoint(
                values, self._hashes.get, self._trusted, self._report, unsigned=self._unsigned
            )
        if _is_use(values):
            yield from self._check_use(text(values, "resource"), number(values, "use"))

    def _check_use(self, key: str, use: int) -> Iterator[str]:
        self._report.uses[key] += 1
        before = self._uses.get(key)
        self._uses[key] = use
        if before is None:
            return
        if use <= before or (use != before + 1 and not self._shared):
            yield f"use {use} of {key} follows on use {before}: uses are missing or counted twice"


def _is_use(values: Values) -> bool:
    return "use" in values or (
        (values.get("kind"), values.get("result")) == ("use", "OK")
        and values.get("operation") in _USES
        and values.get("allowed") is True
    )


def _bytes(anchor: str) -> bytes:
    try:
        return bytes.fromhex(anchor)
    except ValueError:
        raise LineError("anchor is not lower-case hex") from None
