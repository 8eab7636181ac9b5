"""``signetctl access``: what is said to it arrives, and what it prints can be read."""

import hashlib
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding

from signetd.daemon.policy.types import Credential, Role


def test_an_identity_is_added_changed_and_removed(as_json: Any, serving: Any) -> None:
    added = as_json(
        *("access", "identity", "add", "app.test", "--role", "signer", "--role", "auditor"),
        *("--certificate", "AB:" * 31 + "AB", "--disabled", "--approval", "a1"),
    )
    assert added["roles"] == ["AUDITOR", "SIGNER"]
    assert (added["credential"], added["disabled"]) == ("DNS", True)
    # One who is disabled has no power: the approval is asked for when it is enabled.
    assert serving[0].administrators.asked == []
    enabled = as_json("access", "identity", "update", "app.test", "--enable", "--approval", "a1")
    ((who, approval),) = serving[0].administrators.asked
    assert (who.credential, approval) == (Credential.DNS, "approvals/a1")
    assert enabled == added | {"disabled": False, "update_time": enabled["update_time"]}
    changed = as_json(
        "access", "identity", "update", "app.test", "--role", "signer", "--any-certificate"
    )
    assert (changed["roles"], changed["certificate_sha256"]) == (["SIGNER"], "")
    assert as_json("access", "identity", "show", "app.test") == changed
    assert as_json("access", "identity", "list") == [changed]
    assert as_json("access", "identity", "remove", "app.test") is None
    assert as_json("access", "identity", "list") == []


def test_a_certificate_is_read_from_its_file(as_json: Any, tmp_path: Path) -> None:
    pem = tmp_path / "app.pem"
    der = certificate()
    pem.write_text(ssl.DER_cert_to_PEM_cert(der))
    added = as_json(
        *("access", "identity", "add", "app", "--role", "signer", "--certificate", str(pem)),
        *("--credential", "uri"),
    )
    assert added["certificate_sha256"] == hashlib.sha256(der).hexdigest()
    assert added["credential"] == "URI"


def certificate() -> bytes:
    key = ed25519.Ed25519PrivateKey.generate()
    name = x509.Name([])
    now = datetime(2026, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(1))
    return builder.sign(key, None).public_bytes(Encoding.DER)


@pytest.mark.usefixtures("world")
def test_a_group_is_set_and_removed(as_json: Any) -> None:
    assert as_json("access", "group", "list") == [{"name": "groups/boss", "members": ["app"]}]
    assert as_json("access", "group", "set", "groups/boss")["members"] == []
    assert as_json("access", "group", "remove", "boss") is None
    assert as_json("access", "group", "list") == []


@pytest.mark.usefixtures("world")
def test_an_explanation(signetctl: Any, as_json: Any) -> None:
    question = ("access", "explain", "app", "seal", "sign")
    refused = signetctl(*question)
    assert refused.exit_code == 0
    assert "No: no grant allows it" in refused.stdout
    signetctl(
        *("access", "grant", "add", "--to", "app", "--keys", "*", "--operation", "sign"),
        *("--not-before", "2026-06-01T00:00Z", "--approvals", "2", "--approvers", "boss"),
        "--digest-only",
    )
    later = ("--at", "2026-07-01T00:00Z")
    shown = signetctl(*question, *later).stdout
    assert "Yes: grants/" in shown
    assert "must be approved by 2 of groups/boss" in shown
    assert "holds: only from 2026-06-01T00:00:00Z on" in shown
    found = as_json(*question, *later)
    assert (found["allowed"], found["approvals"]) == (True, [{"count": 2, "group": "groups/boss"}])
    assert not as_json(*question, *later, "--message")["allowed"]
    assert not as_json(*question, "--at", "2026-05-01T00:00Z")["allowed"]


GRANT = ("access", "grant", "add", "--keys", "*", "--operation", "sign")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (GRANT, 2, "exactly one"),
        ((*GRANT, "--to", "app", "--to-group", "boss"), 2, "exactly one"),
        ((*GRANT, "--to", "app", "--weekdays", "mon"), 2, "need a time zone"),
        ((*GRANT, "--to", "app", "--weekdays", "day", "--zone", "UTC"), 2, "not like mon-fri"),
        ((*GRANT, "--to", "app", "--from", "8", "--zone", "UTC"), 2, "not a time of day"),
        ((*GRANT, "--to", "app", "--from", "24:00", "--zone", "UTC"), 2, "not a time of day"),
        ((*GRANT, "--to", "app", "--not-before", "2026-01-01"), 2, "give the zone"),
        ((*GRANT, "--to", "app", "--not-after", "soon"), 2, "not a time"),
        ((*GRANT, "--to", "nobody"), 1, "IDENTITY_NOT_FOUND"),
        ((*GRANT, "--to", "app", "--purpose", "fun"), 1, "INPUT_INVALID"),
        (("access", "identity", "add", "a", "--role", "king"), 1, "INPUT_INVALID"),
        (("access", "identity", "add", "app", "--role", "signer"), 1, "IDENTITY_EXISTS"),
        (("access", "identity", "update", "nobody", "--disable"), 1, "IDENTITY_NOT_FOUND"),
        (
            ("access", "identity", "add", "a", "--role", "signer", "--certificate", "none.pem"),
            2,
            "neither a file",
        ),
        (
            ("access", "identity", "update", "app", "--certificate", "a", "--any-certificate"),
            2,
            "one of them",
        ),
        (("access", "grant", "remove", "g0"), 1, "GRANT_NOT_FOUND"),
        (("access", "group", "remove", "none"), 1, "GROUP_NOT_FOUND"),
        (("access", "explain", "app", "seal", "dance"), 1, "INPUT_INVALID"),
        (("access", "explain", "app", "seal", "sign", "--at", "now"), 2, "not a time"),
    ],
)
@pytest.mark.usefixtures("world")
def test_refusals_and_exit_codes(
    arguments: tuple[str, ...], code: int, said: str, signetctl: Any
) -> None:
    done = signetctl(*arguments)
    assert (done.exit_code, said in " ".join(done.output.split())) == (code, True), done.output


def test_a_role_that_is_in_the_way_is_named(signetctl: Any, as_json: Any, serving: Any) -> None:
    as_json("access", "identity", "add", "root", "--role", "security-admin")
    assert serving[0].book.snapshot.identity("root").roles == {Role.SECURITY_ADMIN}
    done = signetctl("access", "identity", "update", "root", "--disable")
    assert "ROLES_CONFLICT" in done.output
