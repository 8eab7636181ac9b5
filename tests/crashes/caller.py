"""Requests that are made once: what is tried again would hide what became of the first try."""

from pathlib import Path
from typing import Final

import grpc

from signetd.api.v1 import signing_service_pb2 as signing
from signetd.api.v1 import signing_service_pb2_grpc as services
from signetd.client import SignetdError, SignItem, errors, messages
from tests.chaos.load import CHANNEL

DEADLINE: Final = 20.0
"""Seconds: longer than anything a daemon waits for, so that each request has an answer."""


class Caller:
    """One connection to a daemon's socket, which comes back when the daemon does."""

    def __init__(self, socket: Path) -> None:
        self._address = f"unix:{socket}"
        self._channel = grpc.insecure_channel(self._address, options=CHANNEL)
        self._stub = services.SigningServiceStub(self._channel)

    def close(self) -> None:
        """Close the connection."""
        self._channel.close()

    def sign(self, item: SignItem) -> tuple[int, bytes]:
        """Sign; return the number of the record and the signature. Raises SignetdError."""
        try:
            return _read(self._stub.Sign(messages.sign_request(item), timeout=DEADLINE))
        except grpc.RpcError as error:
            raise errors.from_rpc(error, self._address) from None

    def batch(self, items: list[SignItem]) -> list[tuple[int, bytes] | SignetdError]:
        """Sign a batch; what fails as a whole fails for each."""
        request = signing.BatchSignRequest(requests=[messages.sign_request(it) for it in items])
        try:
            reply = self._stub.BatchSign(request, timeout=DEADLINE)
        except grpc.RpcError as error:
            return [errors.from_rpc(error, self._address)] * len(items)
        return [
            _read(each.response)
            if each.WhichOneof("outcome") == "response"
            else errors.from_status(each.error)
            for each in reply.results
        ]


def _read(reply: signing.SignResponse) -> tuple[int, bytes]:
    return reply.audit_number, messages.read_signature(reply).signature
