"""The gRPC edge of the daemon: listeners, who may call what, translation, errors."""
