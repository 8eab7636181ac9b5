"""Reads and writes the registered keys."""

from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, Row, insert, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from signetd.daemon.keys.types import KeyOrigin, KeyState, RegisteredKey
from signetd.daemon.policy.types import KeyPolicy, KeyPurpose
from signetd.daemon.state.errors import StateError, explained
from signetd.daemon.state.groups import require_group
from signetd.daemon.state.key_versions import (
    Versions,
    older_than,
    owner_of,
    read_versions,
    write_versions,
)
from signetd.daemon.state.policy_version import bump_version
from signetd.daemon.state.reading import reader
from signetd.daemon.state.tables import KEYS
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import Algorithm, KeyType, ProtectionLevel
from signetd.pki.der import elements

_SUBJECT = "The registered keys"


class KeyStore:
    """The registered keys in the database; its methods block and may be called in any thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._reader = reader(engine)

    def add(self, key: RegisteredKey) -> None:
        """Write a new key; SignetError KEY_EXISTS if its name or public key is there already.

        Raises SignetError INTERNAL when it cannot be written. Its caller then takes the key out of
        the token, so that one whose commit was done, although the answer got lost, is looked for.
        """
        with explained(_SUBJECT):
            try:
                with self._engine.begin() as connection:
                    bump_version(connection)
                    _check_new(connection, key)
                    connection.execute(insert(KEYS).values(_values(key)))
            except IntegrityError as error:
                raise SignetError(Reason.KEY_EXISTS, self._conflict(key)) from error
            except DBAPIError as error:
                if not error.connection_invalidated or not self._is_there(key):
                    raise

    def update(self, key: RegisteredKey, seen: RegisteredKey) -> None:
        """Replace *seen*, which is the key as its changer has read it.

        Raises SignetError POLICY_CHANGED if another daemon has changed it meanwhile, KEY_EXISTS if
        the public key of a new version is registered already, GROUP_NOT_FOUND if a new policy asks
        a group to approve that there is not, or INTERNAL. A new version whose commit was done,
        although the answer got lost, is looked for, as in `add`.
        """
        with explained(_SUBJECT):
            try:
                with self._engine.begin() as connection:
                    self._update(connection, key, seen)
            except IntegrityError as error:
                raise SignetError(Reason.KEY_EXISTS, self._conflict(key)) from error
            except DBAPIError as error:
                lost = error.connection_invalidated and key.version != seen.version
                if not lost or not self._is_there(key):
                    raise

    def _update(self, connection: Connection, key: RegisteredKey, seen: RegisteredKey) -> None:
        bump_version(connection)
        _check_approvers(connection, key, seen)
        if key.version != seen.version:
            _check_new(connection, key)
        same = (KEYS.c.id == key.id) & (KEYS.c.update_time == seen.update_time)
        changed = connection.execute(update(KEYS).where(same).values(_values(key)))
        if changed.rowcount != 1:
            raise SignetError(
                Reason.POLICY_CHANGED,
                f"The key {key.id!r} was changed by somebody else meanwhile. Look at it, and "
                "try again.",
            )
        write_versions(connection, key, seen)

    def all(self) -> list[RegisteredKey]:
        """Read every key, by name; StateError if one cannot be understood, SignetError INTERNAL."""
        with explained(_SUBJECT), self._reader.connect() as connection:
            rows = connection.execute(select(KEYS).order_by(KEYS.c.id)).all()
            versions = read_versions(connection)
        return [_key(row, versions) for row in rows]

    def _is_there(self, key: RegisteredKey) -> bool:
        same = (KEYS.c.id == key.id) & (KEYS.c.fingerprint == key.fingerprint)
        with self._engine.connect() as connection:
            return connection.scalar(select(KEYS.c.id).where(same)) is not None

    def _conflict(self, key: RegisteredKey) -> str:
        with self._engine.connect() as connection:
            owner = owner_of(connection, key.fingerprint)
        if owner is None or owner == key.id:
            return f"There is a key {key.id!r} already. Choose another key_id."
        return _registered(owner)


def _check_new(connection: Connection, key: RegisteredKey) -> None:
    """Raise KEY_EXISTS if the public key is registered; to be called under `bump_version`'s lock.

    The two tables have a unique column each, and none that spans both.
    """
    owner = owner_of(connection, key.fingerprint)
    if owner is not None:
        raise SignetError(Reason.KEY_EXISTS, _registered(owner))


def _registered(owner: str) -> str:
    return f"This public key is registered already, as the key {owner!r}. Use that one."


def _check_approvers(connection: Connection, key: RegisteredKey, seen: RegisteredKey) -> None:
    rule = key.policy.approval
    if rule is not None and rule.group and rule != seen.policy.approval:
        require_group(connection, rule.group)


def _values(key: RegisteredKey) -> dict[str, Any]:
    # str() because a driver must get the text, not the member of an enumeration.
    return {
        "id": key.id,
        "key_type": str(key.key_type),
        "default_algorithm": str(key.default_algorithm),
        "state": str(key.state),
        "origin": str(key.origin),
        "version": key.version,
        "token": key.token,
        "token_label": key.token_label,
        "token_serial": key.token_serial,
        "cka_id": key.cka_id,
        "spki": key.spki,
        "fingerprint": key.fingerprint,
        "protection_level": str(key.protection_level),
        "create_time": key.create_time,
        "update_time": key.update_time,
        "purpose": str(key.purpose),
        "policy": msgspec.json.encode(key.policy).decode(),
        "certificates": b"".join(key.certificates),
    }


def _key(row: Row[Any], versions: Versions) -> RegisteredKey:
    try:
        key = RegisteredKey(
            id=row.id,
            key_type=KeyType(row.key_type),
            default_algorithm=Algorithm(row.default_algorithm),
            state=KeyState(row.state),
            origin=KeyOrigin(row.origin),
            version=row.version,
            token=row.token,
            token_label=row.token_label,
            token_serial=row.token_serial,
            cka_id=row.cka_id,
            spki=row.spki,
            protection_level=ProtectionLevel(row.protection_level),
            create_time=row.create_time,
            update_time=row.update_time,
            purpose=KeyPurpose(row.purpose),
            policy=msgspec.json.decode(row.policy, type=KeyPolicy),
            certificates=tuple(each.raw for each in elements(row.certificates, "certificates")),
            older=older_than(versions, row.id, row.version),
        )
    except ValueError as error:
        raise StateError(
            f"The database's row of the key {row.id!r} cannot be read: {error}. Restore a backup."
        ) from error
    if key.fingerprint != row.fingerprint:
        raise StateError(
            f"The public key of {key.id!r} in the database does not match its fingerprint: it was "
            "altered. Restore a backup."
        )
    return key
