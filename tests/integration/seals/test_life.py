"""The life of a seal on a running daemon with a token, and openssl's word on what was made."""

import json
import re
import subprocess
from pathlib import Path

from signetd.api.v1 import key_service_pb2 as keys
from signetd.api.v1 import seal_service_pb2 as seals
from tests.integration.seals.conftest import Office

_ELEMENT = re.compile(r"\s*(\d+):d=1\s")


def openssl(*arguments: str | Path) -> str:
    done = subprocess.run(
        ["openssl", *map(str, arguments)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, f"openssl {arguments[0]} failed: {done.stderr}{done.stdout}"
    return done.stdout


def parts(seal: Path) -> list[Path]:
    """Have openssl write the parts of a seal: eSealInfo, cert, and the value of the signature."""
    lines = openssl("asn1parse", "-inform", "DER", "-in", seal).splitlines()
    places = [found[1] for line in lines if (found := _ELEMENT.match(line))]
    assert len(places) == 4, "eSealInfo, cert, signAlgID, signedValue (GB/T 38540-2020, 6.1)"
    files = []
    for place in (places[0], places[1], places[3]):
        files.append(seal.with_suffix(f".{place}"))
        where = ("-strparse", place, "-noout", "-out", files[-1])
        openssl("asn1parse", "-inform", "DER", "-in", seal, *where)
    return files


def test_a_seal_is_made_that_openssl_verifies(office: Office) -> None:
    filed = office.in_use("first", "33010012345678")
    assert filed.state == seals.SEAL_STATE_IN_USE
    file = office.file("first.esl")
    file.write_bytes(filed.der)
    info, certificate, signature = parts(file)
    public = office.file("maker.pem")
    public.write_text(openssl("x509", "-inform", "DER", "-in", certificate, "-pubkey", "-noout"))
    signer = ("-verify", public, "-sigopt", "distid:1234567812345678")
    assert "Verified OK" in openssl("dgst", "-sm3", *signer, "-signature", signature, info)
    assert filed.sm3 == openssl("dgst", "-sm3", "-r", file).split()[0]
    shown = openssl("asn1parse", "-inform", "DER", "-in", file)
    for text in ("33010012345678", "ES", "PNG", "SM2-with-SM3"):
        assert text in shown, f"{text} is not in the seal as openssl reads it"


def test_the_record_of_filing_tells_what_was_filed(office: Office) -> None:
    filed = office.in_use("filed")
    record = json.loads(filed.filing_record)
    assert (record["kind"], record["seal"]) == ("seal-filing", "seals/filed")
    assert (record["seal_sm3"], record["seal_id"]) == (filed.sm3, filed.seal_id)
    assert (record["filing_number"], record["filed_by"]) == ("F-filed", "reviewer")
    asked = keys.GetKeyRequest(name="keys/maker")
    assert office.town.by("reviewer").done("KeyService/GetKey", asked).uses >= 1
    assert office.done("reviewer", "GetSeal", seals.GetSealRequest(name=filed.name)) == filed
