"""What a key itself says to a use, for explanations: its state, purpose and algorithms."""

from collections.abc import Iterator
from typing import Final

from signetd.daemon.keys.types import KeyState, RegisteredKey
from signetd.daemon.policy.finding import Finding
from signetd.daemon.policy.types import USES, KeyPurpose, Operation
from signetd.daemon.policy.use import Use
from signetd.drivers.algorithms import ALGORITHMS_OF
from signetd.drivers.types import Algorithm

_PURPOSES: Final = {
    Operation.SIGN: (KeyPurpose.SIGNING, "sign what signers give"),
    Operation.STAMP: (KeyPurpose.SEALING, "stamp with seals"),
}


def findings(key: RegisteredKey | None, use: Use) -> Iterator[Finding]:
    """Yield what was found; each that does not support the use makes it impossible.

    Without a key, what grants say is all there is: it is explained what a key of that name could
    be used for.
    """
    if key is None:
        text = f"there is no key {use.key_id!r}; this is about one that signers may use"
        yield Finding(supports=True, text=text)
        return
    if use.operation in USES:
        yield _state(key)
        yield _purpose(key, use.operation)
    if use.algorithm is not None and use.operation is not Operation.READ:
        yield _suits(key, use.algorithm)
    if use.algorithm is not None and use.operation in USES and key.policy.algorithms:
        yield _permitted(key, use.algorithm)


def _state(key: RegisteredKey) -> Finding:
    return Finding(
        supports=key.state is KeyState.ENABLED,
        text=f"the key is in the state {key.state}; it signs when it is {KeyState.ENABLED}",
    )


def _purpose(key: RegisteredKey, operation: Operation) -> Finding:
    wanted, does = _PURPOSES[operation]
    return Finding(
        supports=key.purpose is wanted,
        text=f"the key is for {key.purpose}; keys for {wanted} {does}",
    )


def _suits(key: RegisteredKey, algorithm: Algorithm) -> Finding:
    suits = algorithm in ALGORITHMS_OF[key.key_type]
    word = "suits" if suits else "does not suit"
    return Finding(supports=suits, text=f"{algorithm} {word} a key of the type {key.key_type}")


def _permitted(key: RegisteredKey, algorithm: Algorithm) -> Finding:
    allowed = algorithm in key.policy.algorithms
    text = f"the key may be used with {', '.join(sorted(key.policy.algorithms))}; not with others"
    return Finding(supports=allowed, text=text)
