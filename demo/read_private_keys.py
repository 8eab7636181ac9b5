"""Try to read the private keys out of a token, with its PIN, past the daemon.

``read_private_keys.py CONFIG`` takes module, environment, label and PIN file from the first token
of a daemon's configuration. Every way that PKCS#11 has is tried; one that succeeds is an error.
"""

import os
import sys
import tomllib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

SECRET_PARTS = ("VALUE", "PRIVATE_EXPONENT", "PRIME_1", "PRIME_2", "EXPONENT_1", "COEFFICIENT")


def refused(attempt: Callable[[], Any]) -> str | None:
    """Say how an attempt was refused; None when it was not."""
    from pkcs11.exceptions import PKCS11Error

    try:
        attempt()
    except PKCS11Error as error:
        return type(error).__name__
    except (AttributeError, NotImplementedError):
        return "not offered"
    return None


def attempts(key: Any, wrapping: Any) -> dict[str, Callable[[], Any]]:
    """Name every way out of the token."""
    from pkcs11 import Attribute

    ways: dict[str, Callable[[], Any]] = {
        f"read CKA_{name}": partial(key.__getitem__, Attribute[name]) for name in SECRET_PARTS
    }
    copy = {Attribute.EXTRACTABLE: True, Attribute.SENSITIVE: False}
    ways["copy as extractable"] = lambda: key.copy(copy)
    ways["make extractable"] = lambda: key.__setitem__(Attribute.EXTRACTABLE, True)
    ways["make not sensitive"] = lambda: key.__setitem__(Attribute.SENSITIVE, False)
    ways["wrap with an AES key"] = lambda: wrapping.wrap_key(key)
    return ways


def main() -> None:
    """Try everything and print how it was refused."""
    path = Path(sys.argv[1])
    settings = tomllib.loads(path.read_text())["token"][0]
    os.environ.update(settings["environment"])
    import pkcs11

    token = next(
        t
        for t in (slot.get_token() for slot in pkcs11.lib(settings["module"]).get_slots(True))
        if t.label == settings["label"]
    )
    pin = (path.parent / settings["pin_file"]).read_text().strip()
    # The PIN's holder, with PKCS#11 itself: more than any client of the daemon has.
    from signetd.drivers.pkcs11.vendor import TolerantMapper

    with token.open(rw=True, user_pin=pin, attribute_mapper=TolerantMapper()) as session:
        wrapping = session.generate_key(pkcs11.KeyType.AES, 256)
        private = {pkcs11.Attribute.CLASS: pkcs11.ObjectClass.PRIVATE_KEY}
        for key in list(session.get_objects(private)):
            label = key[pkcs11.Attribute.LABEL]
            answers = {way: refused(tried) for way, tried in attempts(key, wrapping).items()}
            leaks = [way for way, answer in answers.items() if answer is None]
            if leaks:
                sys.exit(f"{label}: NOT refused: {', '.join(leaks)}")
            print(f"  {label}: {len(answers)} ways tried, all refused: {answers}")


if __name__ == "__main__":
    main()
