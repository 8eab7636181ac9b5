"""The daemon: configuration, state, policy, audit, signing and the gRPC services."""
