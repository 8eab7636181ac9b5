"""The names of key pairs on a token: CKA_ID and CKA_LABEL, and that no two share one."""

from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.pkcs11.inventory import Inventory


def check(inventory: Inventory, label: str, cka_id: bytes) -> None:
    """Raise SignetError(KEY_EXISTS) if a key on the token has this CKA_ID or this label."""
    holder = inventory.holder(cka_id, label)
    if holder is not None:
        found_id, found_label = holder
        raise SignetError(
            Reason.KEY_EXISTS,
            f'the token holds a key "{found_label}" (CKA_ID {found_id.hex() or "empty"}) already: '
            f'none is generated with the label "{label}" and the CKA_ID {cka_id.hex() or "empty"}. '
            "Choose another name, or remove that key with the token's own tool",
        )
