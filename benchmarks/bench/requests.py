"""Requests as bytes: what a load is on the wire of each server."""

from dataclasses import dataclass

from benchmarks.bench.algorithms import Algorithm
from benchmarks.bench.loads import Load
from signetd.api.v1 import signing_service_pb2 as signing
from signetd.client import messages


@dataclass(frozen=True)
class Request:
    """A method's full name, a request of it, and how many signatures that asks for."""

    method: str
    body: bytes
    weight: int


def of_signetd(algorithm: Algorithm, load: Load) -> Request:
    """Return a request of SigningService."""
    one = messages.sign_request(algorithm.item())
    if load.size == 1:
        return Request("/signetd.api.v1.SigningService/Sign", one.SerializeToString(), 1)
    batch = signing.BatchSignRequest(requests=[one] * load.size)
    body = batch.SerializeToString()
    return Request("/signetd.api.v1.SigningService/BatchSign", body, load.size)


def of_reference(algorithm: Algorithm, load: Load) -> Request:
    """Return a request of the reference server: the bytes to sign, one after the other."""
    method = "/ref.Signer/Sign" if load.size == 1 else "/ref.Signer/Batch"
    return Request(method, algorithm.data * load.size, load.size)
