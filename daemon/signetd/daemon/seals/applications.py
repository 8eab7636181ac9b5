"""Seals are applied for, and applications reviewed (申请)."""

from datetime import datetime

import msgspec

from signetd.daemon.keys.types import RegisteredKey
from signetd.daemon.policy.types import Asker, Operation
from signetd.daemon.seals import certificates, checks, life
from signetd.daemon.seals.parts import Clock, Gate, Policy, Recorder, Step, Store
from signetd.daemon.seals.settling import settled
from signetd.daemon.seals.types import (
    Act,
    Owner,
    RegisteredSeal,
    SealKind,
    SealOrigin,
    SealPicture,
)
from signetd.daemon.seals.view import SealView
from signetd.drivers.errors import Reason, SignetError
from signetd.seal import Format


class Application(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants. ``id`` and ``signing_key`` are bare names; certificates are DER."""

    id: str
    kind: SealKind
    title: str
    owner: Owner
    picture: SealPicture
    valid_from: datetime
    valid_until: datetime
    signing_key: str
    format: Format = Format.V4
    other_certificates: tuple[bytes, ...] = ()


class Applications:
    """Takes applications of those who may see the key, and has others review them."""

    def __init__(
        self,
        store: Store,
        view: SealView,
        policy: Policy,
        gate: Gate,
        recorder: Recorder,
        clock: Clock,
    ) -> None:
        self._store = store
        self._view = view
        self._policy = policy
        self._gate = gate
        self._recorder = recorder
        self._clock = clock

    async def apply(self, wanted: Application, asker: Asker) -> None:
        """Add an application.

        Raises PERMISSION_DENIED as for a missing key, KEY_NOT_FOUND; what `certificates` raises;
        INPUT_MISSING, INPUT_INVALID, PICTURE_UNSUITABLE; SEAL_EXISTS.
        """
        await self._add(wanted, asker, Step(act=Act.APPLY, identity=asker.identity))

    async def change(self, old: str, wanted: Application, reason: str, asker: Asker) -> None:
        """Add an application for a seal in the place of *old*, which must be in use or suspended.

        Raises as `apply`; PERMISSION_DENIED and SEAL_NOT_FOUND for *old*, SEAL_STATE_WRONG.
        """
        seen = await self._view.get(asker, old)
        checks.check_reason(reason)
        life.after(seen.id, seen.state, Act.CHANGE)
        step = Step(act=Act.CHANGE, identity=asker.identity, reason=reason)
        await self._add(wanted, asker, step, old)

    async def review(self, seal: str, asker: Asker, reason: str, *, accepted: bool) -> None:
        """Accept or reject an application.

        Raises SEAL_NOT_FOUND, SAME_PERSON, SEAL_STATE_WRONG, INPUT_MISSING, INPUT_INVALID.
        """
        seen = await self._view.get(asker, seal)
        act = Act.ACCEPT if accepted else Act.REJECT
        life.after(seen.id, seen.state, act)
        check_other(seen, asker, "reviews")
        if reason or not accepted:
            checks.check_reason(reason)
        step = Step(
            act=act, identity=asker.identity, reason=reason, values={"reviewer": asker.identity}
        )
        await self._recorder.act(seen.name, self._store.move(seen, step), detail=str(act))

    async def _add(self, wanted: Application, asker: Asker, step: Step, replaced: str = "") -> None:
        async def attempt(version: int) -> None:
            seal = self._seal(wanted, self._key(wanted.signing_key, asker), asker, step, replaced)
            await self._recorder.act(
                seal.name,
                self._store.add(seal, step, replaced),
                detail=_detail(seal),
                policy_version=version,
            )

        await settled(self._policy, attempt)

    def _key(self, key_id: str, asker: Asker) -> RegisteredKey:
        """Return a key that *asker* may read, or stamp with."""
        try:
            return self._gate.key(asker, Operation.READ, key_id)
        except SignetError as error:
            if error.reason is not Reason.PERMISSION_DENIED:
                raise
            denied = error
        try:
            return self._gate.key(asker, Operation.STAMP, key_id)
        except SignetError as error:
            raise (denied if error.reason is Reason.PERMISSION_DENIED else error) from None

    def _seal(
        self, wanted: Application, key: RegisteredKey, asker: Asker, step: Step, replaced: str
    ) -> RegisteredSeal:
        checks.check_title(wanted.title, "title")
        checks.check_owner(wanted.owner)
        checks.check_format(wanted.format)
        picture = checks.checked_picture(wanted.picture)
        now = self._clock()
        first, last = checks.checked_validity(wanted.valid_from, wanted.valid_until, now)
        own = certificates.signer_certificate(key)
        found = (own, *certificates.others(wanted.other_certificates, own.der))
        certificates.check_validity(found, first, last)
        return RegisteredSeal(
            id=wanted.id,
            state=life.BEGINNINGS[step.act],
            state_reason=step.reason,
            kind=wanted.kind,
            origin=SealOrigin.MADE,
            title=wanted.title,
            owner=wanted.owner,
            format=wanted.format,
            picture=picture,
            valid_from=first,
            valid_until=last,
            signing_key=key.id,
            certificates=tuple(each.der for each in found),
            applicant=asker.identity,
            replaces=replaced,
            create_time=now,
            update_time=now,
        )


def check_other(seal: RegisteredSeal, asker: Asker, does: str) -> None:
    """Raise SAME_PERSON if who *does* something is who has applied for the seal, or imported it."""
    if seal.applicant == asker.identity:
        has = "imported" if seal.origin is SealOrigin.IMPORTED else "applied for"
        raise SignetError(
            Reason.SAME_PERSON,
            f"{asker.identity!r} has {has} the seal {seal.id!r}, and nobody {does} what is "
            "their own; another security administrator can.",
        )


def _detail(seal: RegisteredSeal) -> str:
    place = f" in the place of seals/{seal.replaces}" if seal.replaces else ""
    return (
        f"{seal.kind} of {seal.owner.code} with keys/{seal.signing_key} "
        f"until {checks.written(seal.valid_until)}{place}"
    )
