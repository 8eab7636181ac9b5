"""Who has certificates: CAs, makers of seals, owners and signers, authorities for time stamps."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from tests.vectors.seals.generator import times
from tests.vectors.seals.generator.authority import Authority, Holder
from tests.vectors.seals.generator.openssl import Key

_PLACEHOLDER: Final = "zhangzhangzz@seal.example"
_CHINESE: Final = "张三李四@seal.example"
"""As long as the placeholder, in UTF-8."""


@dataclass(frozen=True)
class People:
    """All of them; each name says what is special about the certificate."""

    authorities: dict[str, Authority]
    holders: dict[str, Holder]

    def __getitem__(self, name: str) -> Holder:
        return self.holders[name]


@dataclass(frozen=True)
class _Wanted:
    name: str
    title: str
    profile: str = "signer"
    start: datetime = times.ISSUED
    end: datetime = times.END
    revoked: datetime | None = None


_WANTED: Final = (
    _Wanted("maker", "示例制章中心"),
    _Wanted(
        "maker-expired-before", "制章 过期于制作前", start=times.LONG_AGO, end=times.BEFORE_CREATED
    ),
    _Wanted("maker-expired-between", "制章 过期于签章前", end=times.BEFORE_SIGNED),
    _Wanted("maker-expired-since", "制章 过期于签章后", end=times.AFTER_SIGNED),
    _Wanted("maker-revoked-before", "制章 撤销于制作前", revoked=times.BEFORE_CREATED),
    _Wanted("maker-revoked-since", "制章 撤销于签章后", revoked=times.AFTER_SIGNED),
    _Wanted("maker-usage", "制章 加密证书", profile="encryption"),
    _Wanted("maker-later", "制章 晚于制作", start=times.BEFORE_SIGNED),
    _Wanted("signer", "示例科技有限公司"),
    _Wanted("signer-second", "示例科技有限公司 二"),
    _Wanted("signer-tax", "示例税务局", profile="tax"),
    _Wanted("person", "张三"),
    _Wanted("signer-expired-before", "签章人 过期于签章前", end=times.BEFORE_SIGNED),
    _Wanted("signer-expired-since", "签章人 过期于签章后", end=times.AFTER_SIGNED),
    _Wanted("signer-revoked-before", "签章人 撤销于签章前", revoked=times.BEFORE_SIGNED),
    _Wanted("signer-revoked-since", "签章人 撤销于签章后", revoked=times.AFTER_SIGNED),
    _Wanted("signer-later", "签章人 晚于签章", start=times.AFTER_SIGNED),
    _Wanted("signer-usage", "签章人 加密证书", profile="encryption"),
    _Wanted("tsa", "示例时间戳中心", profile="stamper"),
    _Wanted("tsa-usage", "非时间戳证书"),
)


def everybody(folder: Path) -> People:
    """Make all keys and certificates. *folder* keeps the private keys, and is to be deleted."""
    root = Authority.root(folder / "root", "示例根CA", 0x1000)
    ca = root.below(folder / "ca", "示例运营CA")
    stranger = Authority.root(folder / "stranger", "陌生根CA", 0x3000)
    rsa_root = Authority.root(folder / "rsa-root", "示例RSA根CA", 0x4000, rsa=True)
    holders = {each.name: _issued(ca, each, folder) for each in _WANTED}
    holders |= _altered(ca, holders["signer"].key, folder)
    for name in ("maker-stranger", "signer-stranger"):
        holders[name] = stranger.issue(f"陌生 {name}", "signer", Key.sm2(folder / f"{name}.key"))
    rsa_key = Key.rsa(folder / "tsa-rsa.key")
    holders["tsa-rsa"] = rsa_root.issue("RSA时间戳中心", "stamper", rsa_key)
    authorities = {"root": root, "ca": ca, "stranger": stranger, "rsa-root": rsa_root}
    return People(authorities, holders)


def _issued(ca: Authority, wanted: _Wanted, folder: Path) -> Holder:
    key = Key.sm2(folder / f"{wanted.name}.key")
    return ca.issue(
        wanted.title,
        wanted.profile,
        key,
        start=wanted.start,
        end=wanted.end,
        revoked=wanted.revoked,
    )


def _altered(ca: Authority, signer: Key, folder: Path) -> dict[str, Holder]:
    """Return certificates that openssl does not make by itself, and one with a key used before."""
    null = ca.issue("制章 空参数", "signer", Key.sm2(folder / "maker-null.key"))
    key = Key.sm2(folder / "signer-email.key")
    mail = ca.issue("电子邮件", "signer", key, email=_PLACEHOLDER)
    chinese = ca.signed_anew(mail.certificate, _PLACEHOLDER.encode(), _CHINESE.encode())
    return {
        "signer-reissued": ca.issue("示例科技有限公司", "signer", signer),
        "maker-null": Holder(ca.with_null(null.certificate), null.key),
        "signer-email": Holder(chinese, key),
    }
