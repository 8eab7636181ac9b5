"""Answers ExplainAccess."""

import asyncio
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Final, Protocol

from signetd.api.v1 import access_service_pb2 as messages
from signetd.daemon.audit.types import Charge
from signetd.daemon.keys import RegisteredKey
from signetd.daemon.policy.explain import Explanation, charges_asked, explain
from signetd.daemon.policy.finding import Finding
from signetd.daemon.policy.snapshot import Snapshot
from signetd.daemon.policy.types import KeyPurpose, Operation
from signetd.daemon.policy.use import Use
from signetd.daemon.rpc import access_convert, convert, grant_convert, policy_convert
from signetd.drivers.errors import Reason, SignetError

# A key that is not there yet is asked about as one that signers may use.
_PURPOSES: Final = {Operation.STAMP: KeyPurpose.SEALING}


class Keys(Protocol):
    """The registered keys."""

    def get(self, key_id: str) -> RegisteredKey:
        """Return one key; raises KEY_NOT_FOUND."""
        ...


class Usage(Protocol):
    """The counters of uses; its method blocks and is called in threads."""

    def counts(self, charges: Collection[Charge]) -> Mapping[tuple[str, str], int]:
        """Return what is counted so far, by scope and window."""
        ...


class Explainer:
    """Tells whether an identity may do something with a key, and why."""

    def __init__(self, keys: Keys, usage: Usage) -> None:
        self._keys = keys
        self._usage = usage

    async def answer(
        self, snapshot: Snapshot, request: messages.ExplainAccessRequest
    ) -> messages.ExplainAccessResponse:
        """Answer by *snapshot*; an identity that there is not is refused as such."""
        name = access_convert.identity_name(request.identity, "identity")
        access_convert.known_identity(snapshot, name)
        key = self._key(convert.resource_id(request.key, "keys", "key"))
        use = _use(request, name, key)
        charges = charges_asked(snapshot, use, key)
        used = await asyncio.to_thread(self._usage.counts, charges)
        return _message(explain(snapshot, use, key, used))

    def _key(self, key_id: str) -> RegisteredKey | None:
        try:
            return self._keys.get(key_id)
        except SignetError as error:
            if error.reason is not Reason.KEY_NOT_FOUND:
                raise
            return None


def _use(request: messages.ExplainAccessRequest, name: str, key: RegisteredKey | None) -> Use:
    operation = grant_convert.operation(request.operation, "operation")
    algorithm = convert.algorithm(request.algorithm)
    if algorithm is None and key is not None:
        algorithm = key.default_algorithm
    now = datetime.now(UTC)
    return Use(
        identity=name,
        key_id=convert.resource_id(request.key, "keys", "key"),
        purpose=key.purpose if key is not None else _PURPOSES.get(operation, KeyPurpose.SIGNING),
        operation=operation,
        algorithm=None if operation is Operation.READ else algorithm,
        digest_given=not request.message,
        moment=grant_convert.moment(request.time, "time") if request.HasField("time") else now,
    )


def _message(found: Explanation) -> messages.ExplainAccessResponse:
    return messages.ExplainAccessResponse(
        allowed=found.allowed,
        summary=found.summary,
        reasons=[_reason(finding) for finding in found.findings],
        approvals=[policy_convert.rule_message(rule) for rule in found.approvals],
    )


def _reason(finding: Finding) -> messages.AccessReason:
    return messages.AccessReason(
        grant=f"grants/{finding.grant}" if finding.grant else "",
        supports=finding.supports,
        text=finding.text,
    )
