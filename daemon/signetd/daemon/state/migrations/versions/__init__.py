"""One module per change of the database's layout, oldest first."""
