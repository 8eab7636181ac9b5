"""Versions of keys in a whole daemon, on a real token that can be made to break."""

import io
import json
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

from signetd.api.v1 import access_service_pb2 as access
from signetd.api.v1 import approval_service_pb2 as approval
from signetd.api.v1 import audit_service_pb2 as audit
from signetd.api.v1 import resources_pb2 as resources
from signetd.api.v1 import signing_service_pb2 as signing
from signetd.audit import Verifier
from signetd.client import Client, Endpoint, SignatureInvalid, SignetdError, SignItem
from signetd.softhsm import provision
from tests.integration.attack.scene import Scene
from tests.integration.daemon.running import Running
from tests.integration.drivers.foreign import foreign
from tests.postgres import SUPERUSER, PostgresServer

MESSAGE = b"a contract"


@pytest.fixture
def scene(running: Running) -> Iterator[Scene]:
    """A daemon with a key `audit` for its checkpoints."""
    made = Scene(running, ("auditor",))
    made.start(token="generate_timeout = 3")
    made.admit("auditor", access.ROLE_AUDITOR)
    made.key("audit", resources.KEY_PURPOSE_AUDIT)
    yield made
    made.forget()


def details(scene: Scene, operation: str, resource: str) -> list[tuple[str, str]]:
    """Result and detail of each record of an operation."""
    found = [json.loads(r.json) for r in scene.records(operation=operation, resource=resource)]
    return [(each["result"], each.get("detail", "")) for each in found]


def states(client: Client, name: str) -> list[str]:
    return [
        resources.KeyVersionState.Name(each.state).removeprefix("KEY_VERSION_STATE_")
        for each in client.list_key_versions(name)
    ]


def openssl_verifies(folder: Path, pem: str, signature: bytes) -> bool:
    """Whether the openssl command finds an SM2 signature of MESSAGE valid."""
    for name, data in (("k", pem.encode()), ("m", MESSAGE), ("s", signature)):
        (folder / name).write_bytes(data)
    verify = ["openssl", "pkeyutl", "-verify", "-pubin", "-rawin", "-digest", "sm3"]
    files = ["-inkey", f"{folder}/k", "-in", f"{folder}/m", "-sigfile", f"{folder}/s"]
    done = subprocess.run(
        [*verify, "-pkeyopt", "distid:1234567812345678", *files],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return "Verified Successfully" in done.stdout


def test_the_new_pair_signs_and_the_old_signatures_verify(scene: Scene, tmp_path: Path) -> None:
    with scene.daemon.client() as client:
        client.generate_key("k", token="t", key_type="SM2")
        item = SignItem(key="k", message=MESSAGE)
        first = client.sign(item)
        created = client.get_key("k").create_time
        replaced = client.replace_key("k")
        assert (replaced.primary_version, replaced.create_time) == ("keys/k/versions/2", created)
        second = client.sign(item)
        assert (first.key_version, second.key_version) == (
            "keys/k/versions/1",
            "keys/k/versions/2",
        )
        assert client.verify(item, first.signature) == "keys/k/versions/1"
        assert client.verify(item, second.signature) == "keys/k/versions/2"
        assert states(client, "k") == ["PRIMARY", "VERIFY_ONLY"]
        for version, good, bad in ((1, first, second), (2, second, first)):
            alone = SignItem(key=f"keys/k/versions/{version}", message=MESSAGE)
            assert client.verify(alone, good.signature) == alone.key
            with pytest.raises(SignatureInvalid):
                client.verify(alone, bad.signature)
            public = client.get_public_key("k", version)
            assert public.name == alone.key
            assert openssl_verifies(tmp_path, public.pem, good.signature)
            assert not openssl_verifies(tmp_path, public.pem, bad.signature)
        with pytest.raises(SignatureInvalid):
            client.verify(item, first.signature[:-1] + bytes([first.signature[-1] ^ 1]))
        with pytest.raises(SignetdError) as refused:
            client.sign(SignItem(key="keys/k/versions/1", message=MESSAGE))
        assert refused.value.reason == "KEY_STATE_WRONG"
    (begun, done) = details(scene, "KeyService/ReplaceKey", "keys/k")
    assert begun[0] == "BEGUN"
    assert done[0] == "OK"
    assert done[1].startswith("version 2 with the public key")


def test_a_file_hashed_for_sm2_is_signed_by_no_other_version(scene: Scene, tmp_path: Path) -> None:
    """The digest has the public key in it: with another key's signature it would be worthless."""
    file = tmp_path / "contract"
    file.write_bytes(MESSAGE)
    with scene.daemon.client() as client:
        client.generate_key("k", token="t", key_type="SM2")
        item = client.file_item("k", file)
        first = client.sign(item)
        client.replace_key("k")
        with pytest.raises(SignetdError, match="hash the document anew") as refused:
            client.sign(item)
        assert refused.value.reason == "KEY_STATE_WRONG"
        assert client.verify(item, first.signature) == "keys/k/versions/1"
        again = client.sign(client.file_item("k", file))
        assert openssl_verifies(tmp_path, client.get_public_key("k").pem, again.signature)


@pytest.mark.parametrize("key_type", ["SM2", "EC_P256"])
def test_a_file_for_one_version_is_signed_and_verified_by_no_other(
    key_type: str, scene: Scene, tmp_path: Path
) -> None:
    file = tmp_path / "contract"
    file.write_bytes(MESSAGE)
    first, second = "keys/k/versions/1", "keys/k/versions/2"
    with scene.daemon.client() as client:
        client.generate_key("k", token="t", key_type=key_type)
        client.replace_key("k")
        with pytest.raises(SignetdError, match="does not sign") as refused:
            client.sign(client.file_item(first, file))
        assert refused.value.reason == "KEY_STATE_WRONG"
        made = client.sign(client.file_item(second, file))
        assert client.verify(client.file_item(second, file), made.signature) == second
        with pytest.raises(SignatureInvalid):
            client.verify(client.file_item(first, file), made.signature)


def test_a_signature_in_flight_is_finished_by_the_pair_it_began_with(scene: Scene) -> None:
    with scene.daemon.client() as client, ThreadPoolExecutor(1) as thread:
        client.generate_key("k", token="t", key_type="EC_P256")
        public = load_der_public_key(client.get_public_key("k").spki)
        assert isinstance(public, ec.EllipticCurvePublicKey)
        before = scene.daemon.count("C_Sign")
        scene.daemon.faults("C_Sign delay 1500 times=1")
        slow = thread.submit(client.sign, SignItem(key="k", message=MESSAGE))
        scene.daemon.await_calls("C_Sign", before + 1)
        client.replace_key("k")
        signature = slow.result(20)
        assert signature.key_version == "keys/k/versions/1"
        public.verify(signature.signature, MESSAGE, ec.ECDSA(hashes.SHA256()))
        assert client.sign(SignItem(key="k", message=MESSAGE)).key_version == "keys/k/versions/2"
    used = [json.loads(r.json) for r in scene.records(operation="sign", resource="keys/k")]
    assert [(each["result"], each["key_version"]) for each in used] == [("OK", 1), ("OK", 2)]


@pytest.mark.parametrize("fault", ["error 0x30", "error-after 0x30", "hang", "crash"])
def test_a_replacement_that_fails_leaves_the_key_as_it_was(scene: Scene, fault: str) -> None:
    with scene.daemon.client() as client:
        client.generate_key("k", token="t", key_type="EC_P256")
        before = client.get_key("k")
        scene.daemon.faults(f"C_GenerateKeyPair {fault}")
        with pytest.raises(SignetdError):
            client.replace_key("k")
        scene.daemon.faults()
        scene.daemon.await_log('"event": "ready"')
        _signs_again(client, "keys/k/versions/1")
        assert client.get_key("k").public_key_fingerprint == before.public_key_fingerprint
        assert client.replace_key("k").primary_version == "keys/k/versions/2"
        _signs_again(client, "keys/k/versions/2")


def _signs_again(client: Client, version: str) -> None:
    signed = client.sign(SignItem(key="k", message=MESSAGE))
    assert signed.key_version == version


def test_an_approval_ends_with_the_pair_that_it_was_given_for(running: Running) -> None:
    """With ECDSA the digest of a document is the same for every key."""
    made = Scene(running, ("boss",))
    made.start(audit_key=False)
    made.admit("boss", access.ROLE_SECURITY_ADMIN)
    made.key("k")
    made.policy("k", resources.KeyPolicy(approval=resources.ApprovalRule(count=1)))
    item = signing.SignRequest(key="keys/k", message=MESSAGE)

    def approved() -> str:
        request = approval.CreateApprovalRequest(sign=item, summary="a contract")
        asked = made.by("all").done("ApprovalService/CreateApproval", request)
        vote = approval.ApproveApprovalRequest(name=asked.name, digest=asked.digest)
        made.by("boss").done("ApprovalService/ApproveApproval", vote)
        return str(asked.name)

    before = approved()
    with running.client() as client:
        client.replace_key("k")
        with pytest.raises(SignetdError, match="before the key was given the pair") as refused:
            client.sign(SignItem(key="k", message=MESSAGE, approval=before))
        assert refused.value.reason == "APPROVAL_INVALID"
        signed = client.sign(SignItem(key="k", message=MESSAGE, approval=approved()))
        assert signed.key_version == "keys/k/versions/2"
    made.forget()


def test_a_destroyed_version_is_proven_gone_in_the_audit(scene: Scene) -> None:
    with scene.daemon.client() as client:
        client.generate_key("k", token="t", key_type="SM2")
        first = client.sign(SignItem(key="k", message=MESSAGE))
        (old,) = client.list_key_versions("k")
        client.replace_key("k")
        scene.daemon.faults("C_DestroyObject error 0x0")
        with pytest.raises(SignetdError, match=r"not called destroyed.*1 private key object"):
            client.destroy_key("k", version=1)
        assert states(client, "k") == ["PRIMARY", "VERIFY_ONLY"]
        scene.daemon.faults()
        client.destroy_key("k", version=1)
        assert states(client, "k") == ["PRIMARY", "DESTROYED"]
        assert client.verify(SignItem(key="k", message=MESSAGE), first.signature)
        client.disable_key("k")
        client.destroy_key("k")
        assert states(client, "k") == ["DESTROYED", "DESTROYED"]
    found = details(scene, "KeyService/DestroyKey", "keys/k/versions/1")
    assert [result for result, _ in found] == ["BEGUN", "TOKEN_FAILED", "BEGUN", "OK"]
    proof = found[-1][1]
    for words in (
        "version 1 gone: looked in a fresh session on tokens/t",
        f"0 objects with CKA_ID {old.cka_id.hex()} or the public key {old.public_key_fingerprint}",
    ):
        assert words in proof
    assert "version 2 gone" in details(scene, "KeyService/DestroyKey", "keys/k")[-1][1]


def test_a_pair_that_is_gone_already_is_proven_gone_after_a_restart(scene: Scene) -> None:
    with scene.daemon.client() as client:
        client.generate_key("k", token="t", key_type="EC_P256")
        client.disable_key("k")
    scene.stop()
    token = provision(scene.daemon.folder / "token", "test", module="fault", install=True)
    foreign(token, "remove", label="k")  # as a daemon that was killed before it wrote that down
    scene.start()
    with scene.daemon.client() as client:
        assert client.get_key("k").state == resources.KEY_STATE_DISABLED
        assert client.destroy_key("k").state == resources.KEY_STATE_DESTROYED
    assert "version 1 gone" in details(scene, "KeyService/DestroyKey", "keys/k")[-1][1]


def test_a_pair_is_enrolled_and_adopted_by_its_chinese_label(scene: Scene) -> None:
    token = provision(scene.daemon.folder / "token", "test", module="fault", install=True)
    foreign(token, "make ec", cka_id=b"\x01", label="合同章")
    foreign(token, "make ec", label="财务章")
    with scene.daemon.client() as client:
        assert client.enrol_key("k", token="t", label="合同章").cka_id == b"\x01"
        adopted = client.replace_key("k", label="财务章")
        assert (adopted.cka_id, adopted.origin) == (b"", resources.KEY_ORIGIN_ENROLLED)
        _signs_again(client, "keys/k/versions/2")
        for label in ("合同章", "财务章"):
            with pytest.raises(SignetdError, match="as the key 'k'"):
                client.enrol_key("other", token="t", label=label)
        with pytest.raises(SignetdError, match=r"33 bytes.*at most 32") as refused:
            client.enrol_key("other", token="t", cka_id=bytes(33))
        assert refused.value.reason == "INPUT_INVALID"


def test_an_export_over_a_replaced_audit_key_is_verified_with_both_keys(scene: Scene) -> None:
    with scene.daemon.client() as client:
        client.generate_key("k", token="t", key_type="EC_P256")
        _checkpoint(scene)
        client.replace_key("audit")
        _signs_again(client, "keys/k/versions/1")
        _checkpoint(scene)
        keys = [client.get_public_key("audit", number).spki for number in (1, 2)]
    with Client(Endpoint(f"unix:{scene.daemon.folder / 'auditor'}")) as auditor:
        export = b"".join(auditor.audit.export())
    assert _problems(keys, export) == []
    for trusted in keys:
        assert any("not among the trusted" in each for each in _problems([trusted], export))


def _checkpoint(scene: Scene) -> None:
    scene.by("auditor").done("AuditService/CreateCheckpoint", audit.CreateCheckpointRequest())


def _problems(trusted: list[bytes], export: bytes) -> list[str]:
    verifier = Verifier(trusted)
    verifier.read("export", io.BytesIO(export))
    report: Any = verifier.report
    return [str(each) for each in report.problems]


def test_versions_are_in_postgresql_as_well(running: Running, postgres: PostgresServer) -> None:
    name = postgres.create()
    url = f"postgresql://{SUPERUSER}@/{name}?host={postgres.folder}"
    running.start(database=f'[database]\nurl = "{url}"\n')
    with running.client() as client:
        client.generate_key("k", token="t", key_type="EC_P256")
        client.replace_key("k")
        client.destroy_key("k", version=1)
    running.signal(15)
    assert running.wait(30) == 0
    running.start(database=f'[database]\nurl = "{url}"\n')
    with running.client() as client:
        assert states(client, "k") == ["PRIMARY", "DESTROYED"]
        _signs_again(client, "keys/k/versions/2")
    running.kill()
    postgres.drop(name)
