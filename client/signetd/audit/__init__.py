"""Verifies exports of the audit and statements offline; shares no code with who writes them."""

from signetd.audit.keys import PublicKeyError, read_public_key
from signetd.audit.report import Problem, Report
from signetd.audit.statements import StatementReport, verify_statement
from signetd.audit.verifier import Verifier

__all__ = [
    "Problem",
    "PublicKeyError",
    "Report",
    "StatementReport",
    "Verifier",
    "read_public_key",
    "verify_statement",
]
