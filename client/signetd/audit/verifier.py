"""Reads exports line by line, in memory of one size, and finds what is not as it was written."""

from collections.abc import Collection
from typing import BinaryIO, Final

from signetd.audit.canonical import MAX_LINE_BYTES, LineError, Values, number, parse, text
from signetd.audit.records import Records
from signetd.audit.report import Problem, Report
from signetd.audit.seals import check_end
from signetd.gm import sm3

FORMAT: Final = "signetd-audit-1"


class Verifier:
    """Verifies exports that follow on each other, and gathers a report of all.

    *trusted* are the SubjectPublicKeyInfos (DER) of the keys that may have signed. With *unsigned*
    it is no problem that nothing is signed, or that nobody has said which keys are trusted: then
    it is only found out whether the files agree with themselves.
    """

    def __init__(self, trusted: Collection[bytes] = (), *, unsigned: bool = False) -> None:
        self.report = Report()
        self._trusted = frozenset(trusted)
        self._unsigned = unsigned
        self._records = Records(self.report, self._trusted, unsigned=unsigned)

    def read(self, name: str, file: BinaryIO) -> None:
        """Read one export; *name* is that of the file in problems. Raises OSError."""
        self.report.files += 1
        _File(self._records, self.report, name).read(file, self._trusted, unsigned=self._unsigned)


class _File:
    """One export: its header, its records, its end."""

    def __init__(self, records: Records, report: Report, name: str) -> None:
        self._records, self._report, self._name = records, report, name
        self._line = 0
        self._header: Values = {}
        self._end: Values | None = None
        self._digest = sm3.new()

    def read(self, file: BinaryIO, trusted: Collection[bytes], *, unsigned: bool) -> None:
        """Read all lines."""
        while raw := file.readline(MAX_LINE_BYTES):
            self._line += 1
            if self._end is not None:
                self._problem("there is something behind the end line")
                return
            if not raw.endswith(b"\n"):
                self._problem("the line is cut off, or too long")
            if self._line == 1 and not self._read_header(raw):
                return
            if self._line > 1:
                self._read_line(raw)
            if self._end is None:
                self._digest.update(raw)
        self._finish(trusted, unsigned=unsigned)

    def _read_header(self, raw: bytes) -> bool:
        try:
            self._header = parse(raw.removesuffix(b"\n"))
            if self._header.get("type") != "header" or self._header.get("format") != FORMAT:
                raise LineError(f"it is not the header of an export in the format {FORMAT}")
            for problem in self._records.begin(self._header):
                self._problem(problem)
        except LineError as error:
            self._problem(f"{error}; nothing of this file was verified")
            return False
        return True

    def _read_line(self, raw: bytes) -> None:
        line = raw.removesuffix(b"\n")
        try:
            values = parse(line)
            if values.get("type") == "end":
                self._end = values
                return
        except LineError as error:
            self._problem(str(error))
            self._records.lose(line)
            return
        for problem in self._records.add(line, values):
            self._problem(problem)

    def _finish(self, trusted: Collection[bytes], *, unsigned: bool) -> None:
        if self._line == 0:
            self._problem("the file is empty")
        elif self._end is None:
            self._line = 0
            self._problem("the end line is missing: the file is cut off")
        else:
            self._check_end(self._end, trusted, unsigned=unsigned)

    def _check_end(self, end: Values, trusted: Collection[bytes], *, unsigned: bool) -> None:
        try:
            found = {
                "chain": text(self._header, "chain"),
                "first": number(self._header, "first"),
                "last": self._records.last,
                "last_hash": self._records.last_hash,
                "file_digest": self._digest.digest().hex(),
            }
        except LineError as error:
            self._problem(str(error))
            return
        for name, value in found.items():
            if end.get(name) != value:
                self._problem(f"the end line says {name} {end.get(name)!r}, but it is {value!r}")
        for problem in check_end(end, trusted, self._report, unsigned=unsigned):
            self._problem(problem)

    def _problem(self, what: str) -> None:
        self._report.add(Problem(self._name, self._line, what))
