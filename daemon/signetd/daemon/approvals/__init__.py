"""Approvals of several people, each bound to one use and used once."""
