"""Requests as bytes: what a load is on the wire of each server."""

from dataclasses import dataclass

from benchmarks.bench.algorithms import Algorithm
from benchmarks.bench.loads import Load
from signetd.api.v1 import signing_service_pb2 as signing
from signetd.client import messages, streaming


@dataclass(frozen=True)
class Request:
    """A method's full name, a request of it, and how many signatures that asks for.

    With *streams* the body is one item's, and so many streams carry it again and again, *gathers*:
    as many as wait in one message.
    """

    method: str
    body: bytes
    weight: int
    streams: int = 0
    gathers: bool = False


def of_signetd(algorithm: Algorithm, load: Load, key: str = "") -> Request:
    """Return a request of SigningService; with the key of that name in place of its own."""
    one = messages.sign_request(algorithm.item(key))
    if load.streams:
        body = one.SerializeToString()
        return Request(streaming.METHOD, body, 1, streams=load.streams, gathers=load.gathers)
    if load.size == 1:
        return Request("/signetd.api.v1.SigningService/Sign", one.SerializeToString(), 1)
    batch = signing.BatchSignRequest(requests=[one] * load.size)
    body = batch.SerializeToString()
    return Request("/signetd.api.v1.SigningService/BatchSign", body, load.size)


def of_reference(algorithm: Algorithm, load: Load) -> Request:
    """Return a request of the reference server: the bytes to sign, one after the other."""
    method = "/ref.Signer/Sign" if load.size == 1 else "/ref.Signer/Batch"
    return Request(method, algorithm.data * load.size, load.size)
