"""Whom to trust for what, as it is read from a folder, a trust list or a configuration."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from signetd.pki import Certificate, Revocation, RevocationList, TrustStore
from signetd.seal.circumstances import Circumstances, SealStatus
from signetd.seal.report import Rules


class Trust(msgspec.Struct, frozen=True, kw_only=True):
    """Who may vouch for whom, and the evidence that goes with it; a store can be empty.

    The names are those of `Circumstances`.
    """

    makers: TrustStore
    accepted_makers: frozenset[str] | None = None
    signers: TrustStore
    time_authorities: TrustStore | None = None
    others: Sequence[Certificate] = ()
    lists: Sequence[RevocationList] = ()

    def circumstances(
        self,
        *,
        rules: Rules,
        at: datetime,
        revocation: Revocation,
        evidence_at: datetime | None = None,
        status: SealStatus | None = None,
    ) -> Circumstances:
        """Return what to judge by. Raises ValueError as `Circumstances` does."""
        return Circumstances(
            rules=rules,
            at=at,
            evidence_at=evidence_at,
            makers=self.makers,
            accepted_makers=self.accepted_makers,
            signers=self.signers,
            time_authorities=self.time_authorities,
            others=self.others,
            lists=self.lists,
            revocation=revocation,
            status=status,
        )

    def with_evidence(
        self, others: Sequence[Certificate], lists: Sequence[RevocationList]
    ) -> "Trust":
        """Return the same trust with more certificates between, and more revocation lists.

        Neither is trusted for being there: what counts of it is signed by who is.
        """
        once = {each.der: each for each in (*self.lists, *lists)}
        return msgspec.structs.replace(
            self,
            others=tuple(dict.fromkeys((*self.others, *others))),
            lists=tuple(once.values()),
        )


def nobody(why: str) -> Trust:
    """Trust nobody; *why* is what reports call the store."""
    empty = TrustStore(why, (), may_be_empty=True)
    return Trust(makers=empty, signers=empty)
