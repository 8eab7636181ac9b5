"""Seals are made (制章): built from their applications, and signed by their maker's key.

The signature is made first; then it is written down together with what it costs, what it uses up
and what becomes of the seal, all of it or nothing (GM/T 0031, 6.1.1; GB/T 38540-2020, 6.1).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import msgspec
from cryptography.exceptions import InvalidSignature

from signetd.daemon.approvals import subjects
from signetd.daemon.approvals.parts import ActApprovals
from signetd.daemon.approvals.types import Subject
from signetd.daemon.audit.types import Kind
from signetd.daemon.keys.types import RegisteredKey
from signetd.daemon.policy.charges import key_charges
from signetd.daemon.policy.types import ApprovalRule, Asker, Role
from signetd.daemon.seals import certificates, checks, life
from signetd.daemon.seals.applications import check_other
from signetd.daemon.seals.parts import (
    Clock,
    Engine,
    Keys,
    MakerJudge,
    Policy,
    Recorder,
    Step,
    Store,
)
from signetd.daemon.seals.settling import settled
from signetd.daemon.seals.stamp_tokens import NONE, StampTokens, Token
from signetd.daemon.seals.types import Act, RegisteredSeal, SealKind
from signetd.daemon.seals.view import SealView
from signetd.daemon.signing.digests import named_digest
from signetd.daemon.signing.types import Encoding, Signed
from signetd.daemon.signing.validate import Checked, check_allowed
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import Algorithm, Input
from signetd.gm import sm2
from signetd.gm.encoding import der_to_raw
from signetd.gm.sm3 import sm3
from signetd.pki import Certificate
from signetd.seal import BuildError, Format, Picture, Properties, parse_seal, seal_info
from signetd.seal import seal as build_seal

_TYPES: Final = {SealKind.PERSONAL_NAME: 2}
_ORGANISATION: Final = 1
"""SES_ESPropertyInfo.type: 1 for the seals of organisations, 2 for those of persons."""
_SHOWN: Final = 200  # characters of what authorities say, in a record


class Making(msgspec.Struct, frozen=True, kw_only=True):
    """What to make: the bare names of the seal and of the maker's key, and the seal's code.

    ``approval`` is a resource name, or "".
    """

    seal: str
    maker_key: str
    seal_id: str
    approval: str = ""


class _Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What is made from what, as long as the policy is the one that it was decided by."""

    seal: RegisteredSeal
    key: RegisteredKey
    certificate: bytes
    subject: Subject
    rules: tuple[ApprovalRule, ...]


class _Made(msgspec.Struct, frozen=True, kw_only=True):
    """A seal that is made, and not written down yet; of a time stamp, why there is none."""

    der: bytes
    signed: Signed
    digest: bytes
    token: Token


class SealMaker:
    """Makes seals for those who have not applied for them. *vendor* stands in the seals (Vid).

    Seals of version 5 get a time stamp where there is an authority (GM/T 0031-2025).
    """

    def __init__(
        self,
        store: Store,
        view: SealView,
        policy: Policy,
        keys: Keys,
        judge: MakerJudge,
        engine: Engine,
        times: StampTokens,
        approvals: ActApprovals,
        recorder: Recorder,
        clock: Clock,
        vendor: str,
    ) -> None:
        self._store = store
        self._view = view
        self._policy = policy
        self._keys = keys
        self._judge = judge
        self._engine = engine
        self._times = times
        self._approvals = approvals
        self._recorder = recorder
        self._clock = clock
        self._vendor = vendor

    async def make(self, making: Making, asker: Asker) -> None:
        """Make a seal.

        Raises SEAL_NOT_FOUND, SEAL_STATE_WRONG, SAME_PERSON, SEAL_EXISTS, SEAL_NOT_VALID_NOW;
        KEY_NOT_FOUND and what `certificates` raises; INPUT_MISSING, INPUT_INVALID; APPROVAL_NEEDED
        and other reasons about approvals; TIMESTAMP_FAILED unless the configuration lets that
        pass; SEAL_NOT_VALID_NOW if what was made would not verify here; LIMIT_REACHED; and what the
        engine raises.
        """
        checks.check_seal_id(making.seal_id)
        made: _Made | None = None

        async def attempt(version: int) -> None:
            nonlocal made
            plan = await self._plan(making, asker)
            effects = await self._approvals.effects_for_act(
                plan.subject, making.approval, asker.identity, 0, plan.rules
            )
            if made is None or made.signed.key.ref != plan.key.ref:
                made = await self._made(plan, making, asker)
            await self._recorder.act(
                plan.seal.name,
                *effects,
                self._store.move(plan.seal, _step(plan, making, made, asker)),
                detail=_detail(plan, making, made),
                approval=making.approval if effects else "",
                charges=key_charges(plan.key.id, plan.key.policy, self._clock()),
                policy_version=version,
                signed=_facts(made),
            )

        with self._approvals.reserve(making.approval, asker.identity):
            await settled(self._policy, attempt)

    async def subject(self, making: Making, asker: Asker) -> tuple[Subject, RegisteredKey]:
        """Return what is to be approved, and the key that may ask for it.

        Raises as `make`, and PERMISSION_DENIED for whom could not make it anyway.
        """
        if Role.SECURITY_ADMIN not in asker.roles:
            raise SignetError(
                Reason.PERMISSION_DENIED,
                f"The identity {asker.identity!r} makes no seals, with an approval or without: it "
                f"needs the role {Role.SECURITY_ADMIN}.",
            )
        checks.check_seal_id(making.seal_id)
        await self._policy.refresh()
        plan = await self._plan(making, asker)
        return plan.subject, plan.key

    async def _plan(self, making: Making, asker: Asker) -> _Plan:
        seal = await self._view.get(asker, making.seal, whole=True)
        life.after(seal.id, seal.state, Act.MAKE)
        check_other(seal, asker, "makes")
        now = self._clock()
        if now >= seal.valid_until:
            raise SignetError(
                Reason.SEAL_NOT_VALID_NOW,
                f"The seal {seal.id!r} would be valid until {checks.written(seal.valid_until)}, "
                "which has passed; cancel it, and apply for another one.",
            )
        self._check_signer(seal)
        key = self._keys.get(making.maker_key)
        certificate = certificates.maker_certificate(key, now)
        check_allowed(key, Algorithm.SM2_SM3)
        await self._judge.check_maker(certificate, key.certificates[1:])
        own = key.policy.approval
        return _Plan(
            seal=seal,
            key=key,
            certificate=certificate.der,
            subject=subjects.making(seal, key, making.seal_id),
            rules=() if own is None else (own,),
        )

    def _check_signer(self, seal: RegisteredSeal) -> None:
        found = certificates.signer_certificate(self._keys.get(seal.signing_key))
        if found.der != seal.certificates[0]:
            raise SignetError(
                Reason.KEY_CERTIFICATE_UNSUITABLE,
                f"The key {seal.signing_key!r} has got another certificate since the seal "
                f"{seal.id!r} was applied for, and could not stamp with it; cancel it, and apply "
                "for another one.",
            )

    async def _made(self, plan: _Plan, making: Making, asker: Asker) -> _Made:
        now = checks.whole(self._clock())
        info = _info(plan.seal, making.seal_id, self._vendor, now)
        # Whole seals are larger than the messages that signers may give.
        checked = Checked(
            key=plan.key,
            algorithm=Algorithm.SM2_SM3,
            encoding=Encoding.DER,
            input=Input.MESSAGE,
            data=info,
            signer_id=sm2.DEFAULT_SIGNER_ID,
        )
        digest = await named_digest(checked)
        signed = await self._engine.sign(checked, digest, asker.requester)
        token = await self._token(plan.seal.format, signed.signature, now, asker)
        der = build_seal(
            info,
            plan.certificate,
            signed.signature,
            format=plan.seal.format,
            time_token=token.der,
        )
        _verify(der, plan.certificate)
        await self._judge.check_made(plan.seal.id, der, plan.key.certificates[1:])
        return _Made(der=der, signed=signed, digest=digest, token=token)

    async def _token(self, format: Format, signature: bytes, now: datetime, asker: Asker) -> Token:
        if format is not Format.V5 or not self._times.configured:
            return NONE
        return await self._times.over(signature, now, asker.requester.deadline)


def _info(seal: RegisteredSeal, seal_id: str, vendor: str, now: datetime) -> bytes:
    properties = Properties(
        kind=_TYPES.get(seal.kind, _ORGANISATION),
        name=seal.title,
        certificates=seal.certificates,
        create_time=now,
        valid_from=seal.valid_from,
        valid_until=seal.valid_until,
    )
    shown = seal.picture
    picture = Picture(kind=shown.kind, data=shown.data, width=shown.width, height=shown.height)
    try:
        return seal_info(
            format=seal.format,
            vendor=vendor,
            seal_id=seal_id,
            properties=properties,
            picture=picture,
        )
    except BuildError as error:
        raise SignetError(
            Reason.SEAL_INVALID, f"The seal {seal.id!r} cannot be made: {error}."
        ) from None


def _verify(der: bytes, certificate: bytes) -> None:
    """Verify a seal as everybody else reads it; raises SIGNATURE_FAULTY."""
    found = parse_seal(der)
    try:
        if found.certificate != certificate:
            raise ValueError("another certificate")
        public = sm2.Sm2PublicKey.from_spki(Certificate.read(found.certificate).spki)
        sm2.verify(public, found.signed, der_to_raw(found.signature, 32))
    except (ValueError, InvalidSignature):
        raise SignetError(
            Reason.SIGNATURE_FAULTY,
            "The seal that was made does not verify with its maker's certificate, and is not kept; "
            "look at the token of the maker's key.",
        ) from None


def _step(plan: _Plan, making: Making, made: _Made, asker: Asker) -> Step:
    return Step(
        act=Act.MAKE,
        identity=asker.identity,
        reason=_without(made.token)[: checks.MAX_REASON],
        values={
            "seal_id": making.seal_id,
            "maker_key": plan.key.id,
            "maker": asker.identity,
            "der": made.der,
            "sm3": sm3(made.der).hex(),
        },
    )


def _without(token: Token) -> str:
    """Say that there is no time stamp where there should be one."""
    return f"made without a time stamp: {token.failure}" if token.failure else ""


def _detail(plan: _Plan, making: Making, made: _Made) -> str:
    words = [plan.seal.name, making.seal_id, f"sm3={sm3(made.der).hex()}"]
    if made.token.der is not None:
        words.append("timestamped")
    words.append(_without(made.token)[:_SHOWN])
    return " ".join(filter(None, words))


def _facts(made: _Made) -> Mapping[str, Any]:
    """Return what the record says of the signature: it is a use of the maker's key."""
    key = made.signed.key
    return {
        "kind": Kind.USE,
        "operation": subjects.MAKE_SEAL,
        "resource": f"keys/{key.id}",
        "key_version": key.version,
        "token": key.token,
        "token_serial": key.token_serial,
        "algorithm": str(made.signed.algorithm),
        "digest": made.digest.hex(),
        "signature_digest": sm3(made.signed.signature).hex(),
    }
