"""The doctor's process: one request from standard input, then lines of JSON."""

import sys
import traceback

import msgspec

from signetd.drivers.doctor import manage, probe
from signetd.drivers.doctor.messages import ChangePin, Init, Probe, Request, ResetPin
from signetd.drivers.doctor.output import Output
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.isolation import hygiene


def _serve(request: Request, output: Output) -> None:
    match request:
        case Probe():
            probe.run(request, output)
        case Init():
            manage.init(request, output)
        case ChangePin():
            manage.change_pin(request, output)
        case ResetPin():
            manage.reset_pin(request, output)


def main() -> None:
    """Serve the one request; every failure becomes a line."""
    output = Output.take_over()
    hygiene.die_with_parent(int(sys.argv[1]))
    hygiene.forbid_dumps()
    try:
        _serve(msgspec.json.decode(sys.stdin.buffer.read(), type=Request), output)
    except msgspec.MsgspecError:
        output.failed(Reason.INPUT_INVALID, "the doctor cannot read its request")
    except SignetError as error:
        output.failed(error.reason, error.message, error.ckr)
    except Exception as error:  # the process's last line: told, without what it may hold of a PIN
        output.failed(Reason.INTERNAL, f"{type(error).__name__} in the doctor; please report it")
        traceback.print_tb(error.__traceback__)
    else:
        output.done()


if __name__ == "__main__":
    main()
