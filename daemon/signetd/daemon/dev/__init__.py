"""A complete throw-away instance of the daemon, for demonstrations and for tests."""
