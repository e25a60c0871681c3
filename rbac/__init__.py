"""Who may do what: roles, bindings on the tree of scopes, and the one decision."""
