"""Drivers: how signetd reaches the tokens, each in worker processes of its own."""
