"""Seals are filed (备案): from then on they can be used, and the record of it is signed."""

import asyncio
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from signetd.daemon.policy.types import Asker
from signetd.daemon.seals import checks, life
from signetd.daemon.seals.applications import check_other
from signetd.daemon.seals.guard import check_keys
from signetd.daemon.seals.parts import (
    Clock,
    Keys,
    Policy,
    Recorder,
    Statements,
    Step,
    Store,
)
from signetd.daemon.seals.settling import settled
from signetd.daemon.seals.types import Act, RegisteredSeal, SealOrigin
from signetd.daemon.seals.view import SealView
from signetd.drivers.errors import Reason, SignetError
from signetd.pki import Certificate
from signetd.seal import parse_seal

KIND: Final = "seal-filing"
"""The kind of the statement."""


class Filing:
    """Files seals, each with a record that the daemon's AUDIT key has signed."""

    def __init__(
        self,
        store: Store,
        view: SealView,
        policy: Policy,
        keys: Keys,
        statements: Statements,
        recorder: Recorder,
        clock: Clock,
    ) -> None:
        self._store = store
        self._view = view
        self._policy = policy
        self._keys = keys
        self._statements = statements
        self._recorder = recorder
        self._clock = clock

    async def file(self, seal: str, number: str, remark: str, asker: Asker) -> None:
        """File a seal under a number; the seal in whose place it is, if any, is cancelled by that.

        Raises SEAL_NOT_FOUND, SEAL_STATE_WRONG, SEAL_NOT_VALID_NOW; SAME_PERSON where the asker has
        imported it; KEY_STATE_WRONG unless its keys can be trusted; INPUT_MISSING, INPUT_INVALID;
        STATEMENT_UNSIGNED and what the token says.
        """
        checks.check_filing_number(number)
        checks.check_remark(remark)

        async def attempt(version: int) -> None:
            seen = await self._checked(seal, asker)
            body = filing_body(seen, number, remark, asker.identity, self._clock())
            document = await self._statements.sign(KIND, body)
            values = {"filing_number": number, "filing_record": document}
            step = Step(act=Act.FILE, identity=asker.identity, reason=remark, values=values)
            effects = [self._store.move(seen, step)]
            if seen.replaces:
                effects.append(self._store.replace(seen.replaces, seen, asker.identity))
            await self._recorder.act(
                seen.name, *effects, detail=_detail(seen, number), policy_version=version
            )

        await settled(self._policy, attempt)

    async def _checked(self, seal: str, asker: Asker) -> RegisteredSeal:
        seen = await self._view.get(asker, seal, whole=True)
        life.after(seen.id, seen.state, Act.FILE)
        if seen.origin is SealOrigin.IMPORTED:
            # Nobody else has looked at it, as the reviewer and the maker have at one made here.
            check_other(seen, asker, "files")
        now = self._clock()
        if now > seen.valid_until:
            raise SignetError(
                Reason.SEAL_NOT_VALID_NOW,
                f"The seal {seen.id!r} was valid until {checks.written(seen.valid_until)}; cancel "
                "it, and apply for another one.",
            )
        check_keys(seen, await asyncio.to_thread(self._store.events, seen.id), self._keys)
        return seen


def filing_body(
    seal: RegisteredSeal, number: str, remark: str, identity: str, now: datetime
) -> dict[str, str | int]:
    """Return what the record of a filing says (电子印章管理办法, 备案); times are UTC, RFC 3339."""
    return {
        "seal": seal.name,
        "seal_id": seal.seal_id,
        "seal_sm3": seal.sm3,
        "seal_title": seal.title,
        "seal_kind": str(seal.kind),
        "seal_format": int(seal.format),
        "seal_origin": str(seal.origin),
        "owner_name": seal.owner.name,
        "owner_unified_social_credit_code": seal.owner.code,
        "valid_from": _time(seal.valid_from),
        "valid_until": _time(seal.valid_until),
        "maker_certificate_sha256": _maker(seal),
        "replaces": f"seals/{seal.replaces}" if seal.replaces else "",
        "filing_number": number,
        "remark": remark,
        "filed_by": identity,
        "filed_at": _time(now),
    }


def _maker(seal: RegisteredSeal) -> str:
    return Certificate.read(parse_seal(seal.der).certificate).fingerprint


def _time(moment: datetime) -> str:
    return checks.whole(moment).isoformat().replace("+00:00", "Z")


def _detail(seal: RegisteredSeal, number: str) -> str:
    facts: Iterable[str] = (
        seal.seal_id,
        f"under {number}",
        f"in the place of seals/{seal.replaces}" if seal.replaces else "",
    )
    return " ".join(filter(None, facts))
