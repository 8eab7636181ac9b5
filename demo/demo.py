"""The main job from end to end, for people to watch: ``make demo``."""

import json
import shutil
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

from rich.console import Console

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
FOLDER = ROOT / "build" / "demo"
RECIPE = ROOT / "tests" / "vectors" / "seals" / "recipe.sh"
CODE = "91110108MA01A2B3CF"
SM2 = ("-rawin", "-digest", "sm3", "-pkeyopt", "distid:1234567812345678")
KEYS = {
    "demo-sm2": SM2,
    "demo-rsa": ("-rawin", "-digest", "sha256", "-pkeyopt", "rsa_padding_mode:pkcs1"),
    "demo-p256": ("-rawin", "-digest", "sha256"),
    "demo-ed25519": ("-rawin",),
}
PEOPLE = {"signetd": "dev", "app": "dev-app", "auditor": "dev-auditor"}
"""The sockets of the instance, and who calls on them."""
console = Console(highlight=False, soft_wrap=True)


def run(*command: str | Path) -> str:
    """Run a command and return what it prints; a failure ends the demonstration."""
    done = subprocess.run(  # noqa: S603  # the commands of this file
        [str(part) for part in command], capture_output=True, text=True, timeout=120, check=False
    )
    if done.returncode:
        sys.exit(f"{command[0]} failed: {done.stderr or done.stdout}")
    return done.stdout.rstrip()


def signetctl(*arguments: str | Path, who: str = "signetd") -> str:
    """Run signetctl on the socket of somebody: signetd (security-admin), app or auditor."""
    shown = " ".join(str(a).removeprefix(f"{FOLDER}/") for a in arguments)
    console.print(f"  [dim]{PEOPLE[who]}$ signetctl {shown}[/dim]")
    return run(BIN / "signetctl", "--endpoint", f"unix:{FOLDER}/i/{who}.sock", *arguments)


def refused(reason: str, *arguments: str | Path, who: str = "signetd") -> None:
    """Run signetctl with what must be refused, for this reason."""
    try:
        signetctl(*arguments, who=who)
    except SystemExit as error:
        if reason not in str(error):
            raise
        console.print(f"  [green]refused:[/green] {str(error).partition('signetctl: ')[2].strip()}")
        return
    sys.exit(f"NOT refused, but should be for {reason}: {' '.join(map(str, arguments))}")


def start() -> subprocess.Popen[str]:
    """Start a throw-away instance and wait until it is ready."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    with (FOLDER / "signetd.log").open("w") as log:
        daemon = subprocess.Popen(  # noqa: S603  # our own program
            [str(BIN / "signetd"), "dev", str(FOLDER / "i")],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    line = daemon.stdout.readline() if daemon.stdout else ""
    if not line.startswith("ready"):
        sys.exit(f"signetd did not start; see {FOLDER / 'signetd.log'}")
    return daemon


def sign_and_verify(key: str, options: tuple[str, ...], document: Path) -> None:
    """Sign the document with one key, and have openssl verify the signature."""
    signature, public = FOLDER / f"{key}.sig", FOLDER / f"{key}.pem"
    signetctl("sign", document, "--key", key, "-o", signature)
    signetctl("key", "public-key", key, "-o", public)
    verify: tuple[str | Path, ...] = (
        "openssl",
        "pkeyutl",
        "-verify",
        "-pubin",
        "-inkey",
        public,
        *options,
    )
    console.print(
        f"  [dim]$ openssl pkeyutl -verify -inkey {public.name} {' '.join(options)}[/dim]"
    )
    console.print(f"  [green]{run(*verify, '-in', document, '-sigfile', signature)}[/green]")


def show_rights(document: Path) -> None:
    """Let an application use one key, within a limit."""
    sign: tuple[str | Path, ...] = ("sign", document, "--key", "invoices", "-o", FOLDER / "i.sig")
    signetctl("key", "generate", "invoices", "--token", "dev", "--type", "sm2")
    refused("PERMISSION_DENIED", *sign, who="app")
    grant = ("access", "grant", "add", "--to", "dev-app", "--keys", "invoices")
    signetctl(*grant, "--operation", "read", "--operation", "sign", "--per-day", "1")
    console.print(signetctl(*sign, who="app"))
    refused("LIMIT_REACHED", *sign, who="app")
    console.print(signetctl("access", "explain", "dev-app", "invoices", "sign"))


def show_approval(document: Path) -> None:
    """Have a second person look at each document before a key signs it."""
    sign: tuple[str | Path, ...] = ("sign", document, "--key", "contracts", "-o", FOLDER / "c.sig")
    signetctl("key", "generate", "contracts", "--token", "dev", "--type", "sm2")
    signetctl("key", "set-policy", "contracts", "--approvals", "1", "--per-day", "100")
    grant = ("access", "grant", "add", "--to", "dev-app", "--keys", "contracts")
    signetctl(*grant, "--operation", "read", "--operation", "sign")
    refused("APPROVAL_NEEDED", *sign, who="app")
    ask = ("approval", "request", "contracts", document, "--summary", "the licence")
    name = next(word for word in signetctl(*ask, who="app").split() if word[:10] == "approvals/")
    console.print(signetctl("approval", "approve", name, "--file", document, "--yes"))
    console.print(signetctl(*sign, "--approval", name, who="app"))
    refused("APPROVAL_INVALID", *sign, "--approval", name, who="app")


def show_seal(document: Path) -> None:
    """Make an electronic seal, stamp with it, and have others verify it, first of all openssl."""
    stamp, trust, owner = (
        FOLDER / "SignedValue.dat",
        FOLDER / "i" / "ca" / "trust",
        "示例科技有限公司",
    )
    grant = ("access", "grant", "add", "--to", "dev-app", "--keys", "demo-seal-key")
    signetctl(*grant, "--operation", "stamp")
    what = ("--kind", "legal-name", "--title", owner, "--owner", owner, "--code", CODE)
    picture = ("--picture", ROOT / "demo" / "seal.svg", "--width", "40", "--height", "40")
    until = ("--until", (date.today() + timedelta(days=365)).isoformat())
    signetctl(
        "seal", "apply", "company", *what, *picture, *until, "--key", "demo-seal-key", who="app"
    )
    signetctl("seal", "review", "company", "--accept")
    signetctl("seal", "make", "company", "--key", "demo-maker", "--seal-id", "11010800000001")
    signetctl("seal", "file", "company", "--number", "JG-2026-0001")
    apply = (
        "seal",
        "stamp",
        "company",
        document,
        "--property",
        "/Doc_0/Signs/Sign_0/Signature.xml",
    )
    signetctl(*apply, "-o", stamp, who="app")
    console.print(
        f"  [dim]$ tests/vectors/seals/recipe.sh stamp {stamp.name} (openssl alone)[/dim]"
    )
    console.print(f"[green]{run(RECIPE, 'stamp', stamp, document)}[/green]")
    verify = ("seal", "verify", stamp, "--document", document, "--trust", trust)
    console.print(f"  [green]{signetctl(*verify).splitlines()[0]}[/green]")
    signetctl("seal", "suspend", "company", "--reason", "the UKey is lost")
    refused("SEAL_STATE_WRONG", *apply, "-o", stamp, who="app")


def show_audit() -> None:
    """Verify an export of the audit without the daemon, and a copy in which a word is changed."""
    public, export, copy = FOLDER / "audit.pem", FOLDER / "audit.jsonl", FOLDER / "tampered.jsonl"
    signetctl("key", "public-key", "demo-audit", "-o", public, who="auditor")
    signetctl("audit", "export", "-o", export, who="auditor")
    check = ("--public-key", public)
    console.print(signetctl("audit", "verify", export, *check, who="auditor"))
    copy.write_text(export.read_text().replace("LIMIT_REACHED", "OK"))
    refused("does not follow on the one before", "audit", "verify", copy, *check, who="auditor")


def main() -> None:
    """Show it."""
    console.rule("1. A token in SoftHSM, with SM2, and the daemon in front of it")
    daemon = start()
    try:
        console.print(signetctl("token", "list"))
        console.rule("2. Key pairs made inside the token")
        console.print(signetctl("key", "list"))
        console.rule("3. A document signed over gRPC, verified by openssl")
        document = ROOT / "LICENSE"
        for key, options in KEYS.items():
            sign_and_verify(key, options, document)
        console.rule("4. The private keys cannot be read out")
        reader = [sys.executable, "-P", str(ROOT / "demo" / "read_private_keys.py")]
        console.print(run(*reader, FOLDER / "i" / "signetd.toml"))
        console.rule("5. An application uses a key as far as it is granted")
        show_rights(document)
        console.rule("6. A second person approves each document")
        show_approval(document)
        console.rule("7. An electronic seal: applied for, made, filed, used, suspended")
        show_seal(document)
        console.rule("8. The audit, verified without the daemon; a changed copy is found")
        show_audit()
    finally:
        daemon.terminate()
        daemon.wait(timeout=30)
    addresses = json.dumps(
        {"signatures": str(FOLDER), "next": "README.md, «How to go on»; docs/seals.md"},
        ensure_ascii=False,
    )
    console.rule("Done")
    console.print(addresses)


if __name__ == "__main__":
    main()
