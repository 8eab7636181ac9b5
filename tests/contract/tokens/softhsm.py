"""SoftHSM as it is, and behind the SM2 module as three vendors' tokens that differ."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from signetd.drivers.types import Algorithm, KeyType, Pin, TokenSettings
from signetd.softhsm import ProvisionedToken, provision
from tests.contract import pooled
from tests.contract.subject import Feature, Lacks, Subject
from tests.integration.doctor.disguises import DISGUISES

LABEL = "签章 token"
# What real devices of Sansec were seen to return: DER whose INTEGERs always have 32 bytes.
_OTHERS = {
    "sansec": {
        "SIGNETD_SM2_KEY_TYPE": "0x80000004",
        "SIGNETD_SM2_KEY_PAIR_GEN": "0x80008001",
        "SIGNETD_SM2_SIGN": "0x80008104",
        "SIGNETD_SM2_SIGN_SM3": "0x80008101",
        "SIGNETD_SM2_HASHING": "plain",
        "SIGNETD_SM2_OUTPUT": "der-padded",
    }
}
_LONELY = Lacks(features=frozenset({Feature.LONE_PRIVATE_KEYS}))
# The SM2 module hands these to SoftHSM untouched.
_SAME = dict.fromkeys(
    (KeyType.EC_P521, KeyType.RSA_3072, KeyType.RSA_4096),
    "the SM2 module forwards it to SoftHSM, which is asked itself",
)


@contextmanager
def plain(folder: Path) -> Iterator[Subject]:
    """SoftHSM itself."""
    lacks = replace(
        _LONELY,
        key_types=frozenset({KeyType.SM2}),
        algorithms=frozenset({Algorithm.SM2_SM3}),
    )
    yield _subject("softhsm", provision(folder / "token", LABEL), "standard", folder, lacks=lacks)


@contextmanager
def disguised(vendor: str, folder: Path) -> Iterator[Subject]:
    """SoftHSM behind the SM2 module, which poses as a vendor's."""
    token = provision(folder / "token", LABEL, module="sm2", install=True)
    made = _subject(vendor, token, vendor, folder, lacks=_LONELY, **(DISGUISES | _OTHERS)[vendor])
    yield replace(made, same_as=_SAME)


def _subject(
    name: str,
    token: ProvisionedToken,
    profile: str,
    folder: Path,
    *,
    lacks: Lacks,
    **environment: str,
) -> Subject:
    settings = TokenSettings(
        module=str(token.module),
        label=token.label,
        serial=token.serial,
        profile=profile,
        environment=token.environment | environment,
    )
    return pooled.subject(
        name=name,
        settings=settings,
        pin=Pin(token.user_pin_file.read_text()),
        lacks=lacks,
        twin=partial(twin, token, folder),
        remove=partial(remove, folder),
    )


def twin(token: ProvisionedToken, folder: Path) -> set[str]:
    """Put a second token with the same label beside *token*, which is in *folder*."""
    other = provision(folder / "twin", token.label)
    for made in (folder / "twin" / "tokens").iterdir():
        made.rename(folder / "token" / "tokens" / made.name)
    return {token.serial, other.serial}


def remove(folder: Path) -> None:
    """Remove the token's files, with programs that have it open."""
    for made in (folder / "token" / "tokens").iterdir():
        shutil.rmtree(made)
