"""Reads and writes the versions of keys that only verify; each public key is registered once."""

from collections import defaultdict
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from signetd.daemon.keys.types import KeyVersion, RegisteredKey
from signetd.daemon.state.errors import StateError
from signetd.daemon.state.tables import KEY_VERSIONS, KEYS
from signetd.drivers.types import ProtectionLevel
from signetd.pki.der import elements

Versions = dict[str, list[KeyVersion]]


def read_versions(connection: Connection) -> Versions:
    """Read the older versions of all keys, by key, the newest first; raises StateError.

    To be read after the keys: what a key that was read then does not know yet is left out by
    `older_than`.
    """
    found: Versions = defaultdict(list)
    query = select(KEY_VERSIONS).order_by(KEY_VERSIONS.c.key_id, KEY_VERSIONS.c.version.desc())
    for row in connection.execute(query):
        found[row.key_id].append(_version(row))
    return found


def older_than(versions: Versions, key_id: str, version: int) -> tuple[KeyVersion, ...]:
    """Return the versions of a key below *version*; StateError unless all of them are there."""
    older = tuple(each for each in versions.get(key_id, []) if each.version < version)
    if [each.version for each in older] != list(range(version - 1, 0, -1)):
        raise StateError(
            f"The database has lost versions of the key {key_id!r}, which is at version {version}. "
            "Restore a backup."
        )
    return older


def write_versions(connection: Connection, key: RegisteredKey, seen: RegisteredKey) -> None:
    """Write what is new or has changed in the older versions of *key*."""
    before = {each.version: each for each in seen.older}
    for each in key.older:
        if each.version not in before:
            values = _values(each) | {"key_id": key.id}
            connection.execute(insert(KEY_VERSIONS).values(values))
        elif each != before[each.version]:
            same = (KEY_VERSIONS.c.key_id == key.id) & (KEY_VERSIONS.c.version == each.version)
            connection.execute(update(KEY_VERSIONS).where(same).values(_values(each)))


def owner_of(connection: Connection, fingerprint: str) -> str | None:
    """Name the key that has, or had, a public key by its fingerprint; None if none has."""
    for column, of in ((KEYS.c.id, KEYS), (KEY_VERSIONS.c.key_id, KEY_VERSIONS)):
        owner = connection.scalar(select(column).where(of.c.fingerprint == fingerprint))
        if owner is not None:
            return str(owner)
    return None


def _values(version: KeyVersion) -> dict[str, Any]:
    return {
        "version": version.version,
        "destroyed": version.destroyed,
        "token": version.token,
        "token_label": version.token_label,
        "token_serial": version.token_serial,
        "cka_id": version.cka_id,
        "spki": version.spki,
        "fingerprint": version.fingerprint,
        "protection_level": str(version.protection_level),
        "create_time": version.create_time,
        "certificates": b"".join(version.certificates),
    }


def _version(row: Row[Any]) -> KeyVersion:
    try:
        version = KeyVersion(
            version=row.version,
            destroyed=row.destroyed,
            token=row.token,
            token_label=row.token_label,
            token_serial=row.token_serial,
            cka_id=row.cka_id,
            spki=row.spki,
            protection_level=ProtectionLevel(row.protection_level),
            create_time=row.create_time,
            certificates=tuple(each.raw for each in elements(row.certificates, "certificates")),
        )
    except ValueError as error:
        raise StateError(
            f"The database's row of the version {row.version} of the key {row.key_id!r} cannot be "
            f"read: {error}. Restore a backup."
        ) from error
    if version.fingerprint != row.fingerprint:
        raise StateError(
            f"The public key of the version {row.version} of {row.key_id!r} in the database does "
            "not match its fingerprint: it was altered. Restore a backup."
        )
    return version
