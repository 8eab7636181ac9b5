"""Objects of a token, found by python-pkcs11, in as little memory as may be."""

from collections.abc import Mapping
from typing import Any

import pkcs11
from pkcs11.constants import Attribute

_CLASSES: dict[tuple[str, tuple[type, ...]], type] = {}
"""The classes of objects, by name and bases: one for each set of things that an object can do."""


def find(session: pkcs11.Session, template: Mapping[Attribute, Any]) -> list[Any]:
    """List the objects that fit *template*. Raises PKCS11Error."""
    # Slimmed one by one, so that the classes of the first are gone when the last are made.
    return [slim(each) for each in session.get_objects(dict(template))]


def slim(found: Any) -> Any:
    """Let an object have its class in common with all that can do the same, and return it.

    python-pkcs11 makes a class for each object, which takes many times the memory of the object.
    """
    own = type(found)
    found.__class__ = _CLASSES.setdefault((own.__name__, own.__bases__), own)
    return found
