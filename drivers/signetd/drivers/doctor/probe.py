"""The doctor's examination: what needs no PIN first, then what needs a login."""

from dataclasses import dataclass
from typing import Any, Final

import pkcs11

from signetd.drivers.doctor import (
    certificates,
    draft,
    loading,
    login,
    mechanisms,
    quirks,
    speed,
    suggestion,
    tokens,
    trials,
)
from signetd.drivers.doctor.loading import Loaded
from signetd.drivers.doctor.messages import Probe
from signetd.drivers.doctor.output import Output
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.pkcs11 import finder, matching
from signetd.drivers.pkcs11.ckr import translated
from signetd.drivers.pkcs11.matching import Facts
from signetd.drivers.pkcs11.profile import Profile, Sm2Mechanism
from signetd.drivers.types import Pin

_UNKNOWN: Final = (
    "no profile knows this vendor's mechanisms, so that the table has no SM2: save the draft above "
    "as my-vendor.toml, and probe again with --profile my-vendor.toml; where there is no draft, "
    "write one with the numbers of the vendor's header (docs/profiles.md)"
)


@dataclass(frozen=True)
class _Patient:
    """The token under examination, and what it says of itself."""

    loaded: Loaded
    token: pkcs11.Token
    about: dict[str, Any]
    facts: Facts

    @property
    def offered(self) -> set[int]:
        """The numbers of its mechanism list."""
        return set(self.facts.offered)


def run(request: Probe, output: Output) -> None:
    """Examine what the request names. Raises SignetError; sections given before stay."""
    loaded = loading.load(request.target, output)
    output.section("library", tokens.library(loaded.library))
    output.doing("listing slots and tokens")
    slots = tokens.slots(loaded.library, loaded.admin)
    output.section("slots", slots)
    token = tokens.choose(loaded.library, request.target)
    if token is None:
        _leave(request, slots, output)
        return
    output.doing("reading the token and its mechanism list")
    about = tokens.describe(token, loaded.admin)
    facts = finder.facts(loaded.library, token, finder.offered(token))
    patient = _Patient(loaded, token, about, facts)
    output.section("token", about)
    _unauthenticated(patient, output)
    found = _authenticated(patient, request, output) if request.pin else {}
    _conclude(patient, request, found, output)


def _leave(request: Probe, slots: list[dict[str, Any]], output: Output) -> None:
    """No single token is meant: everything else stays to be asked for."""
    there = [each for each in slots if each["token"] is not None]
    blank = [each["slot"] for each in there if not each["token"]["initialised"]]
    text = "name a token with --slot-serial or --label; only slots and tokens were looked at"
    if blank and len(blank) == len(there):
        text = (
            "only blank tokens are there; initialise one: signetctl token init --slot "
            f"{blank[0]} --new-label LABEL, with the same --module and --env"
        )
    if request.pin:
        raise SignetError(Reason.TOKEN_AMBIGUOUS, f"no PIN was presented: {text}")
    output.section("hints", [text])


def _unauthenticated(patient: _Patient, output: Output) -> None:
    unknown = mechanisms.unknown(patient.token, patient.offered, patient.loaded.candidates)
    output.section("unknown_mechanisms", unknown)
    output.doing("counting the objects that need no login")
    with login.opened(patient.token) as session, translated("counting the objects"):
        output.section("public_objects", quirks.objects(session))


def _authenticated(patient: _Patient, request: Probe, output: Output) -> dict[int, Sm2Mechanism]:
    profile = _profile(patient, {})
    output.doing("presenting the PIN (C_Login), once")
    pin = Pin(request.pin)
    with login.logged_in(
        patient.loaded.admin, patient.token, profile, pin, accept_final_try=request.accept_final_try
    ) as session:
        with translated("counting the objects"):
            output.section("objects", quirks.objects(session))
        output.doing("reading the certificates")
        with translated("reading the certificates"):
            output.section("certificates", certificates.shown(session))
        tried = trials.run(session, patient.loaded.candidates, patient.offered, output)
        output.section("sm2", tried.report)
        _unknown_vendor(patient, session, tried.found, output)
        profile = _profile(patient, tried.found)
        measured = speed.measure(session, profile, patient.offered, request.seconds, output)
        output.section("speed", measured)
        output.section("weaknesses", _weaknesses(profile, measured))
    return tried.found


def _weaknesses(profile: Profile, measured: list[dict[str, Any]]) -> list[str]:
    """Say which keys signetd would refuse, since the token does not prove their protection."""
    said = []
    for row in measured:
        missing = set(row.get("protection_not_reported", [])) - set(profile.unreported)
        wrong = set(row.get("protection_wrong", [])) - set(profile.misreported)
        what = [f"{name} is not reported" for name in sorted(missing)]
        what += [f"{name} is not as it must be" for name in sorted(wrong)]
        if what:
            said.append(
                f"signetd refuses keys of type {row['key_type']} made here, since "
                f"{'; '.join(what)} (docs/profiles.md: unreported, misreported)"
            )
    return said


def _unknown_vendor(
    patient: _Patient, session: Any, found: dict[int, Sm2Mechanism], output: Output
) -> None:
    unknown = mechanisms.unknown(patient.token, patient.offered, patient.loaded.candidates)
    if unknown and not found:
        output.doing("trying the vendor's unknown mechanisms with a session key pair")
        output.section("draft", draft.attempt(session, unknown, patient.about))


def _profile(patient: _Patient, found: dict[int, Sm2Mechanism]) -> Profile:
    if patient.loaded.named is not None:
        return patient.loaded.named
    ranked = matching.fits(patient.loaded.candidates, patient.facts, found)
    name = ranked[0].profile if ranked else "standard"
    return next(p for p in patient.loaded.candidates if p.name == name)


def _conclude(
    patient: _Patient, request: Probe, found: dict[int, Sm2Mechanism], output: Output
) -> None:
    chosen = _profile(patient, found)
    ranked = matching.fits(patient.loaded.candidates, patient.facts, found)
    wrong = trials.lies(chosen, found)
    output.section(
        "profile",
        {
            "name": chosen.name,
            "description": chosen.description,
            "run_on_hardware": chosen.run_on_hardware,
            "contradictions": wrong,
            "fits": ranked,
        },
    )
    output.section("algorithms", mechanisms.algorithms(chosen, patient.offered))
    if wrong:
        better = ranked[0].profile if ranked else "standard"
        text = f'the profile "{chosen.name}" is wrong for this token: {"; ".join(wrong)}'
        raise SignetError(Reason.CONVENTION_WRONG, f'{text}; "{better}" fits it')
    name = request.target.profile or chosen.name
    table = suggestion.table(request.target, patient.about, name, request.pin_file)
    output.section("configuration", table)
    hints = _hints(patient, request, ranked)
    if request.pin and not found and chosen.name == "standard" and _offers_unknown(patient):
        hints.insert(0, _UNKNOWN)
    output.section("hints", hints)


def _offers_unknown(patient: _Patient) -> bool:
    """Whether there are mechanisms for key pairs that stand in no profile."""
    unknown = mechanisms.unknown(patient.token, patient.offered, patient.loaded.candidates)
    return any("GENERATE_KEY_PAIR" in each["flags"] for each in unknown)


def _hints(patient: _Patient, request: Probe, ranked: list[matching.Fit]) -> list[str]:
    hints = []
    if not request.pin:
        hints.append("give --pin-file or --ask-pin to find the SM2 convention and the speed")
    if len(ranked) > 1 and ranked[0].score == ranked[1].score:
        equal = ", ".join(f.profile for f in ranked if f.score == ranked[0].score)
        hints.append(f"these profiles fit equally well: {equal}")
    if any("PIN pad" in words for words in patient.about["flags"]):
        hints.append("the token has a PIN pad of its own, for which signetd has no support")
    return hints
