"""A second process on the same token: the driver without a pool, and objects as they lie there.

``python -m tests.contract.direct``: one task as JSON on standard input, its result on standard
output. The PIN comes with it, so it is in no argument and no variable.
"""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import pkcs11
from pkcs11.constants import DEFAULT, Attribute, MechanismFlag, ObjectClass

from signetd.drivers.errors import SignetError
from signetd.drivers.pkcs11 import finder, plan, profiles, vendor
from signetd.drivers.pkcs11.token import Pkcs11Token
from signetd.drivers.types import KeyType, Pin, TokenSettings

_PROVING = ("SENSITIVE", "ALWAYS_SENSITIVE", "EXTRACTABLE", "NEVER_EXTRACTABLE", "LOCAL")
_ASKED = (*_PROVING, "PRIVATE", "TOKEN", "LABEL", "SIGN", "DECRYPT", "UNWRAP")


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """What to do: ``what`` is one of the names in TASKS; the rest is for some of them."""

    what: str
    settings: TokenSettings
    pin: str = ""
    cka_id: bytes = b""
    label: str = ""
    extractable: bool = False


def _keys(task: Task) -> Any:
    """Find, unlock and list by the driver itself."""
    with _driver(task) as token:
        token.login(Pin(task.pin))
        return msgspec.to_builtins(token.keys())


def _find(task: Task) -> Any:
    with _driver(task) as token:
        return msgspec.to_builtins(token.info)


@contextmanager
def _driver(task: Task) -> Iterator[Pkcs11Token]:
    profile = profiles.of(task.settings)
    library = finder.load_module(task.settings.module, profile.init_text(dict(os.environ)))
    token = Pkcs11Token(task.settings, library)
    try:
        yield token
    finally:
        token.close()


@contextmanager
def _session(task: Task) -> Iterator[pkcs11.Session]:
    profile = profiles.of(task.settings)
    library = finder.load_module(task.settings.module, profile.init_text(dict(os.environ)))
    token = finder.find_token(library, task.settings)
    session = token.open(rw=True, user_pin=task.pin, attribute_mapper=vendor.TolerantMapper())
    with session:
        yield session


def _objects(session: pkcs11.Session, task: Task, kind: ObjectClass) -> list[Any]:
    return list(session.get_objects({Attribute.CLASS: kind, Attribute.ID: task.cka_id}))


def _attributes(task: Task) -> Any:
    """Read the attributes of the private key, one by one; null is what is not told."""
    with _session(task) as session:
        (private,) = _objects(session, task, ObjectClass.PRIVATE_KEY)
        found: dict[str, Any] = {}
        for name in _ASKED:
            found[name] = private.get_attributes([Attribute[name]]).get(Attribute[name])
        try:
            found["VALUE"] = private[Attribute.VALUE].hex()
        except pkcs11.PKCS11Error:
            found["VALUE"] = None
        return found


def _make(task: Task) -> Any:
    """Make a key pair on P-256 past the driver."""
    profile = profiles.of(task.settings)
    public: dict[Any, Any] = {Attribute[n]: DEFAULT for n in profile.keygen.leave_out_public}
    private: dict[Any, Any] = {Attribute[n]: DEFAULT for n in profile.keygen.leave_out_private}
    public[Attribute.EC_PARAMS] = plan.EC_PARAMS[KeyType.EC_P256]
    private |= {
        Attribute.PRIVATE: True,
        Attribute.SENSITIVE: not task.extractable,
        Attribute.EXTRACTABLE: task.extractable,
    }
    with _session(task) as session:
        session.generate_keypair(
            pkcs11.KeyType.EC,
            id=task.cka_id,
            label=task.label,
            store=True,
            capabilities=MechanismFlag.SIGN | MechanismFlag.VERIFY,
            mechanism=pkcs11.Mechanism.EC_KEY_PAIR_GEN,
            public_template=public,
            private_template=private,
        )
    return None


def _drop_public(task: Task) -> Any:
    with _session(task) as session:
        for each in _objects(session, task, ObjectClass.PUBLIC_KEY):
            each.destroy()
    return None


def _destroy(task: Task) -> Any:
    """Destroy whatever has this CKA_ID; tell how many objects that were."""
    count = 0
    with _session(task) as session:
        for kind in (ObjectClass.PRIVATE_KEY, ObjectClass.PUBLIC_KEY):
            for each in _objects(session, task, kind):
                each.destroy()
                count += 1
    return count


def _certificates(task: Task) -> Any:
    """Return the values of the certificates with this CKA_ID, in hex."""
    with _session(task) as session:
        found = _objects(session, task, ObjectClass.CERTIFICATE)
        return [each[Attribute.VALUE].hex() for each in found]


def _count(task: Task) -> Any:
    """Tell how many objects have this CKA_ID; all keys, where there is none."""
    with _session(task) as session:
        name = {Attribute.ID: task.cka_id} if task.cka_id else {}
        kinds = (ObjectClass.PRIVATE_KEY, ObjectClass.PUBLIC_KEY)
        return sum(len(list(session.get_objects({Attribute.CLASS: k} | name))) for k in kinds)


TASKS = {
    "keys": _keys,
    "find": _find,
    "attributes": _attributes,
    "make": _make,
    "drop-public": _drop_public,
    "destroy": _destroy,
    "certificates": _certificates,
    "count": _count,
}


def main() -> None:
    """Do the task on standard input."""
    task = msgspec.json.decode(sys.stdin.buffer.read(), type=Task)
    try:
        answer = {"result": TASKS[task.what](task)}
    except SignetError as error:
        answer = {"reason": error.reason.value, "message": error.message}
    except pkcs11.PKCS11Error as error:
        answer = {"refused": type(error).__name__}
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
