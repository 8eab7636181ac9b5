"""signetctl: the administrators' command."""
