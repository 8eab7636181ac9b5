"""Whose seals are recognised: trust lists, the folders of the configuration, and verification."""
