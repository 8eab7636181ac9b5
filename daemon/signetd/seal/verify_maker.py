"""The maker of a seal: whether its certificate holds, by either rule, and is one to be accepted."""

import hashlib
from datetime import datetime
from typing import Final

from signetd.gm import sm3
from signetd.pki import Certificate
from signetd.seal.circumstances import Circumstances
from signetd.seal.model import Seal
from signetd.seal.report import Result, Rules
from signetd.seal.verify_certificate import Part, findings
from signetd.seal.verify_chain import Chain, Chains
from signetd.seal.verify_findings import Finding, failed, passed, warning

_SINCE: Final = (Part.VALIDITY, Part.REVOCATION)
"""What can become wrong with a certificate that was good."""


class Maker:
    """Judges the maker's certificate for the time *at*: now, or when a stamp was made."""

    def __init__(
        self,
        seal: Seal,
        certificate: Certificate,
        given: Circumstances,
        chains: Chains,
        proven: datetime | None,
    ) -> None:
        self._seal = seal
        self._certificate = certificate
        self._given = given
        self._chains = chains
        self._proven = proven

    def parts(self, at: datetime) -> dict[Part, Finding]:
        """Return what came out for each part, by the rules that were chosen."""
        chain = self._chain(at)
        found = findings(chain)
        made = self._seal.info.properties.create_time
        if self._given.rules is Rules.GBT_38540:
            found[Part.VALIDITY] = self._strict(found[Part.VALIDITY], made)
            return found
        then = self._chain(made)
        return {part: self._lenient(part, found[part], then) for part in found}

    def trusted(self, chain_holds: bool) -> Finding:
        """Look whether the verifier accepts this maker."""
        accepted = self._given.accepted_makers
        if accepted is not None:
            return self._listed(accepted)
        if not chain_holds:
            return failed(
                "nobody who is trusted vouches for the maker", "制章者未获任何可信 CA 认可"
            )
        if self._certificate in self._given.makers:
            return passed("the maker's certificate itself is trusted", "制章者证书本身受信任")
        if self._certificate.der in self._seal.info.properties.certificates:
            return warning(
                "the owner has made it: give the accepted makers, if this one is none",
                "制章者与印章所有者为同一证书；如不应接受，请给出可接受的制章者名单",
            )
        store = self._given.makers.name
        return passed(
            f"every maker for whom {store} vouches is accepted: no list of makers was given",
            f"未给出制章者名单，接受信任库 {store} 下的所有制章者",
        )

    def _chain(self, at: datetime) -> Chain:
        return self._chains.judge(self._certificate, self._given.makers, at, self._proven)

    def _strict(self, now: Finding, made: datetime) -> Finding:
        """Add to what GB/T 38540 asks, which is not whether the seal is older than its maker."""
        if now.result is not Result.PASSED or made >= self._certificate.not_before:
            return now
        return warning(
            f"{now.reason}, but not yet when the seal was made, at {made.isoformat()}",
            f"{now.reason_zh}，但制章时（{made.isoformat()}）尚未生效",
        )

    def _lenient(self, part: Part, now: Finding, then: Chain) -> Finding:
        """Apply GM/T 0031-2025: what became wrong since the seal was made is a notice."""
        if part not in _SINCE:
            return now
        made = then.at.isoformat()
        before = findings(then)[part]
        if before.result is Result.FAILED:
            return failed(
                f"when the seal was made, at {made}: {before.reason}",
                f"制章时（{made}）：{before.reason_zh}",
            )
        if now.result is Result.FAILED and not then.failures:
            return warning(
                f"it was good when the seal was made, at {made}; since then: {now.reason}",
                f"制章时（{made}）证书有效；此后：{now.reason_zh}",
            )
        return now

    def _listed(self, accepted: frozenset[str]) -> Finding:
        der = self._certificate.der
        own = {hashlib.sha256(der).hexdigest(), sm3.sm3(der).hex()}
        if own & accepted:
            return passed("the maker is one of those accepted", "制章者在可接受的名单中")
        return failed(
            f"the maker {self._certificate.name} is not one of those accepted; "
            f"its SHA-256 is {self._certificate.fingerprint}",
            f"制章者 {self._certificate.name} 不在可接受的名单中",
        )
