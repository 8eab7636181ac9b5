"""What is the same for every signature of a key with one algorithm, worked out once."""

from dataclasses import dataclass

from pkcs11.mechanisms import Mechanism

from signetd.drivers.pkcs11 import vendor
from signetd.drivers.pkcs11.plan import Form, SignPlan


@dataclass(frozen=True)
class Way:
    """How a token is asked: the mechanism with its parameter, and what *head* stands before data.

    It belongs to one key pair that was found in one session, and is forgotten with that.
    """

    mechanism: Mechanism
    parameter: bytes | None
    head: bytes
    form: Form

    @classmethod
    def of(cls, planned: SignPlan, data: bytes) -> "Way":
        """Take the way of a plan whose data ends with *data*."""
        head = planned.data[: len(planned.data) - len(data)]
        return cls(vendor.mechanism(planned.mechanism), planned.parameter, head, planned.form)
