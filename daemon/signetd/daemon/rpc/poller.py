"""How gRPC waits for the network. This module must not import grpc."""

import os
from typing import Final

VARIABLE: Final = "GRPC_EXPERIMENTS"
_OWN_POLLER: Final = "-event_engine_listener"


def poll_in_own_thread() -> None:
    """Have the thread that waits for calls watch the connections itself; before grpc is loaded.

    gRPC's core would have threads of an engine of its own do that, and hand over each event: the
    daemon's processor time for an empty call is a quarter less without (grpcio 1.85). Whoever has
    set the variable has decided otherwise. A gRPC that knows no such choice leaves it alone.
    """
    os.environ.setdefault(VARIABLE, _OWN_POLLER)
