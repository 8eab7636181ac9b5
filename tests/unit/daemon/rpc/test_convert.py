"""What the daemon's values are called in the API."""

import msgspec
import pytest

from signetd.api.v1 import resources_pb2
from signetd.cli.plain import plain
from signetd.daemon.keys import KeyState
from signetd.daemon.rpc import convert
from tests.unit.daemon.rpc.fakes import KEY


@pytest.mark.parametrize("state", KeyState)
def test_a_state_of_a_key_has_its_number_and_its_name_for_people(state: KeyState) -> None:
    message = convert.key_message(msgspec.structs.replace(KEY, state=state))
    assert resources_pb2.KeyState.Name(message.state) == f"KEY_STATE_{state}"
    assert plain(message)["state"] == state
