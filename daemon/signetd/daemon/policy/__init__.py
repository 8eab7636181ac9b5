"""Who may do what: identities, groups and grants, and how they are evaluated."""
