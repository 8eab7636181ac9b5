"""The main job from end to end, for people to watch: ``make demo``."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

from rich.console import Console

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
FOLDER = ROOT / "build" / "demo"
SM2 = ("-rawin", "-digest", "sm3", "-pkeyopt", "distid:1234567812345678")
KEYS = {
    "demo-sm2": SM2,
    "demo-rsa": ("-rawin", "-digest", "sha256", "-pkeyopt", "rsa_padding_mode:pkcs1"),
    "demo-p256": ("-rawin", "-digest", "sha256"),
    "demo-ed25519": ("-rawin",),
}
console = Console(highlight=False)


def run(*command: str | Path) -> str:
    """Run a command and return what it prints; a failure ends the demonstration."""
    done = subprocess.run(  # noqa: S603  # the commands of this file
        [str(part) for part in command], capture_output=True, text=True, timeout=120, check=False
    )
    if done.returncode:
        sys.exit(f"{command[0]} failed: {done.stderr or done.stdout}")
    return done.stdout.strip()


def signetctl(*arguments: str | Path) -> str:
    """Run signetctl against the demonstration's daemon."""
    console.print(f"  [dim]$ signetctl {' '.join(str(a) for a in arguments)}[/dim]")
    return run(BIN / "signetctl", "--endpoint", f"unix:{FOLDER / 'i' / 'signetd.sock'}", *arguments)


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
    public.write_text(
        run(
            BIN / "signetctl",
            "--endpoint",
            f"unix:{FOLDER}/i/signetd.sock",
            "key",
            "public-key",
            key,
        )
    )
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
    finally:
        daemon.terminate()
        daemon.wait(timeout=30)
    addresses = json.dumps(
        {"signatures": str(FOLDER), "next": "README.md, «How to go on»"}, ensure_ascii=False
    )
    console.rule("Done")
    console.print(addresses)


if __name__ == "__main__":
    main()
