"""Tells the service manager what the daemon is doing, as sd_notify(3) does."""

import os
import socket


def notify(state: str) -> bool:
    """Send *state*, such as "READY=1", to the socket that NOTIFY_SOCKET names.

    Returns False when there is no service manager to tell. Raises OSError when there is one that
    cannot be reached.
    """
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return False
    if address.startswith("@"):  # an abstract socket, written with @ for its leading NUL
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as connection:
        connection.settimeout(5.0)
        connection.connect(address)
        connection.sendall(state.encode())
    return True
