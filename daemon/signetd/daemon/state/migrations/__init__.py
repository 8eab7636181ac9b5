"""The migrations of the database, run by the daemon when it starts."""
