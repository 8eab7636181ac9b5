"""What must be in the lists of a chain, so that its certificate is known not to be revoked."""

from datetime import timedelta

from signetd.drivers.errors import Reason
from tests.unit.daemon.certificates import CLIENT, DAY, NOW, Holder, forger, root
from tests.unit.daemon.credentials.conftest import HandClock, Published, passes, refusal

SECOND = timedelta(seconds=1)
SKEW = timedelta(minutes=5)  # for a CA whose clock is ahead


def test_the_revoked_is_refused_and_others_are_not(published: Published, holder: Holder) -> None:
    published.put(root().crl(holder.certificate))
    file = published.open(root())
    refused = refusal(file, published, holder)
    assert refused.reason is Reason.CERTIFICATE_REVOKED
    assert f"{holder.certificate.serial_number:x}" in refused.message
    passes(file, published, root().issue(CLIENT))


def test_a_list_counts_from_its_begin_to_its_end(
    published: Published, clock: HandClock, holder: Holder
) -> None:
    file = published.open(root())
    begin, end = NOW - DAY - SKEW, NOW + DAY
    for clock.now in (begin, end):
        passes(file, published, holder)
    for clock.now, says in ((begin - SECOND, "counts from"), (end + SECOND, "ran out")):
        refused = refusal(file, published, holder)
        assert refused.reason is Reason.REVOCATION_UNKNOWN
        assert says in refused.message
        assert "An administrator has to put a current list" in refused.message


def test_the_revoked_is_so_also_by_a_list_that_ran_out(
    published: Published, clock: HandClock, holder: Holder
) -> None:
    published.put(root().crl(holder.certificate))
    file = published.open(root())
    clock.now = NOW + 2 * DAY
    assert refusal(file, published, holder).reason is Reason.CERTIFICATE_REVOKED


def test_a_ca_without_a_list_is_refused(published: Published) -> None:
    other = root("other CA")
    file = published.open(root(), other)
    refused = refusal(file, published, other.issue(CLIENT))
    assert refused.reason is Reason.REVOCATION_UNKNOWN
    assert "there is no revocation list of its CA, CN=other CA" in refused.message


def test_an_issuer_that_is_not_in_client_ca_is_refused(published: Published) -> None:
    """An intermediate CA that the client sends along is good for TLS, but its list is not here."""
    file = published.open(root())
    for issuer in (root().issue_authority("sent along"), forger()):
        assert refusal(file, published, issuer.issue(CLIENT)).reason is Reason.REVOCATION_UNKNOWN


def test_an_intermediate_ca_is_looked_at_too(published: Published) -> None:
    middle = root().issue_authority("middle CA")
    holder = middle.issue(CLIENT)
    published.put(root().crl(), middle.crl())
    file = published.open(root(), middle)
    passes(file, published, holder)
    later = (NOW - DAY + SECOND, NOW + DAY)
    published.put(root().crl(middle.certificate, life=later), middle.crl(life=later))
    file.look()
    refused = refusal(file, published, holder)
    assert refused.reason is Reason.CERTIFICATE_REVOKED
    assert refused.message.startswith(
        "A CA of the client certificate has been revoked by CN=test CA"
    )


def test_an_intermediate_ca_alone_needs_its_own_list_only(published: Published) -> None:
    middle = root().issue_authority("middle CA")
    published.put(middle.crl())
    passes(published.open(middle), published, middle.issue(CLIENT))


def test_a_ca_that_has_renewed_its_certificate_is_one(published: Published) -> None:
    middle = root().issue_authority("middle CA")
    renewed = root().renew(middle)
    published.put(root().crl(), middle.crl())
    file = published.open(middle, root(), renewed)
    assert len(published.links(middle.issue(CLIENT))) == 3
    passes(file, published, middle.issue(CLIENT))
