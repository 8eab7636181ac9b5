"""Paths from an end certificate to an anchor: found within bounds, the likeliest first.

A CA can have several certificates: of its old and new keys, and by other CAs. So there can be
several ways up, and ways that lead in circles (RFC 4158).
"""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from signetd.pki import links, names
from signetd.pki.certificate import Certificate
from signetd.pki.links import Signatures
from signetd.pki.policy import Policy
from signetd.pki.truststore import TrustStore

MAX_TRIES: Final = 100
"""Certificates that are tried as issuers, over all paths of a validation."""


class Path(NamedTuple):
    """A way up, from the end certificate; *problem* says why it does not end at an anchor."""

    certificates: tuple[Certificate, ...]
    problem: str


class Builder:
    """Looks for paths; one for each validation."""

    def __init__(
        self,
        policy: Policy,
        store: TrustStore,
        others: Iterable[Certificate],
        signatures: Signatures,
    ) -> None:
        self._policy = policy
        self._store = store
        self._signatures = signatures
        self._tries = 0
        self._named: dict[names.Key, list[Certificate]] = {}
        for each in dict.fromkeys(others):
            if each not in store:
                self._named.setdefault(each.subject_key, []).append(each)

    @property
    def is_exhausted(self) -> bool:
        """Whether the search has ended before all ways were tried."""
        return self._tries > MAX_TRIES

    def named(self, name: names.Key) -> list[Certificate]:
        """Return all known certificates with that subject, anchors first."""
        return [*self._store.named(name), *self._named.get(name, [])]

    def paths(self, end: Certificate) -> Iterator[Path]:
        """Return ways up, also those that do not reach an anchor."""
        return self._extend((end,))

    def _extend(self, path: tuple[Certificate, ...]) -> Iterator[Path]:
        if path[-1] in self._store:
            yield Path(path, "")
            return
        candidates = self._candidates(path)
        if not candidates:
            yield Path(path, self._why_none(path[-1]))
        elif len(path) >= self._policy.max_path:
            most = self._policy.max_path
            yield Path(path, f"after {most} certificates no anchor was reached; more are not tried")
        else:
            for each in candidates:
                yield from self._extend((*path, each))

    def _candidates(self, path: tuple[Certificate, ...]) -> list[Certificate]:
        """Return who could have issued the last one: those whose key fits, if there are any."""
        found = []
        for each in self.named(path[-1].issuer_key):
            if not any(_is_same(each, known) for known in path):
                self._tries += 1
                if not self.is_exhausted:
                    found.append((self._doubts(path[-1], each), each))
        fitting = [each for each in found if not each[0][0]]
        ordered = sorted(fitting or found, key=lambda each: each[0])
        return [certificate for _, certificate in ordered]

    def _doubts(self, child: Certificate, issuer: Certificate) -> tuple[bool, bool, bool, bool]:
        """Say what speaks against an issuer, the gravest first."""
        return (
            bool(self._signatures.problem(child, issuer)),
            bool(links.identifier_problem(child, issuer)),
            not issuer.not_before <= self._policy.at <= issuer.not_after,
            issuer not in self._store,
        )

    def _why_none(self, last: Certificate) -> str:
        if self.is_exhausted:
            return f"the search has ended after {MAX_TRIES} tries; give fewer other certificates"
        if last.is_self_issued:
            return f"it is by itself, and not in the trust store {self._store.name}"
        return (
            f"its issuer {names.text(last.issuer)} is neither in the trust store "
            f"{self._store.name} nor among the other certificates"
        )


def _is_same(one: Certificate, other: Certificate) -> bool:
    """Say whether they are of one holder and key: a way through both leads in a circle."""
    return one.spki == other.spki and one.subject_key == other.subject_key
