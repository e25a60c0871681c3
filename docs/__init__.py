"""The documentation and its builder."""
