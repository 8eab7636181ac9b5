"""Verifies exports of the audit offline; shares no code with the daemon that writes them."""

from signetd.audit.keys import PublicKeyError, read_public_key
from signetd.audit.report import Problem, Report
from signetd.audit.verifier import Verifier

__all__ = ["Problem", "PublicKeyError", "Report", "Verifier", "read_public_key"]
