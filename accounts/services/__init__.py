"""Writing people, sessions and passwords, by noun."""
