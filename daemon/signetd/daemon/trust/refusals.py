"""What is said where there is no trust list, or one that cannot be used."""

from signetd.drivers.errors import Reason, SignetError


def not_found(list_id: str, version: int = 0) -> SignetError:
    """Return the error for a list, or a version of one, that there is not."""
    which = f"version {version} of the" if version else "the"
    return SignetError(
        Reason.TRUST_LIST_NOT_FOUND,
        f"There is not {which} trust list {list_id[:80]!r}. List the trust lists to see their "
        "names and newest versions.",
    )
