"""The daemon that most attacks are made on, and everybody there."""

from collections.abc import Iterator

import pytest

from signetd.api.v1 import access_service_pb2 as access
from signetd.api.v1 import resources_pb2 as resources
from tests.integration.attack import sealing
from tests.integration.attack.scene import Scene, scene

SIGNER = access.ROLE_SIGNER
CALLERS = ("unknown", "disabled", "security", "auditor", "none", "other", "signer", "approver")
VOTERS = ("voter-1", "voter-2")


@pytest.fixture(scope="module")
def town() -> Iterator[Scene]:
    """A daemon with somebody of each kind, and keys: target, foreign, guarded, and one a purpose.

    What a test changes here, it makes for itself, under names of its own.
    """
    with scene(*CALLERS, *VOTERS) as made:
        made.start(seals=sealing.options(made))
        made.key("audit", resources.KEY_PURPOSE_AUDIT)
        for name in ("target", "foreign", "guarded"):
            made.key(name)
        made.admit("security", access.ROLE_SECURITY_ADMIN)
        made.admit("auditor", access.ROLE_AUDITOR)
        made.admit("disabled", SIGNER, disabled=True)
        for name in ("none", "other", "signer", "approver", *VOTERS):
            made.admit(name, SIGNER)
        made.group("approvers", "approver")
        made.grant("disabled", "*")
        made.grant("other", "foreign")
        made.grant("signer", "target")
        made.grant("signer", "guarded")
        rule = resources.ApprovalRule(count=1, group="groups/approvers")
        made.policy("guarded", resources.KeyPolicy(approval=rule))
        sealing.prepare(made)
        yield made
