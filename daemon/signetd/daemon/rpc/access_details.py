"""What the audit says, in short, of a change of who may do what."""

from signetd.daemon.policy.types import Grant, Identity


def of_identity(identity: Identity) -> str:
    """Describe an identity: ``roles auditor, signer by DNS, disabled``."""
    pinned = f", certificate {identity.certificate_sha256}" if identity.certificate_sha256 else ""
    disabled = ", disabled" if identity.disabled else ""
    return f"roles {', '.join(sorted(identity.roles))} by {identity.credential}{pinned}{disabled}"


def of_grant(grant: Grant) -> str:
    """Describe a grant: ``ALLOW SIGN with keys/* to groups/finance if limits, schedule``."""
    subject = f"groups/{grant.group}" if grant.group else grant.identity
    operations = ", ".join(sorted(grant.operations))
    conditions = [
        name for name in grant.conditions.__struct_fields__ if getattr(grant.conditions, name)
    ]
    only = f" if {', '.join(conditions)}" if conditions else ""
    return f"{grant.effect} {operations} with keys/{grant.keys} to {subject}{only}"
