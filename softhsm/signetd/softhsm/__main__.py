"""``python -m signetd.softhsm``: have SoftHSM and the test modules ready, and say where."""

import sys

from signetd.softhsm import SoftHsmError, build_module, ensure_softhsm


def main() -> None:
    """Install and build what is missing."""
    try:
        print(f"SoftHSM: {ensure_softhsm().module}")
        print(f"SM2 module: {build_module('sm2', install=True)}")
        print(f"fault module: {build_module('fault', install=True)}")
    except SoftHsmError as error:
        sys.exit(f"test tokens cannot be had: {error}")


if __name__ == "__main__":
    main()
