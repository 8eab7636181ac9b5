"""Statements of the daemon, signed by the audit's key: of keys, of their ends, of filings."""
