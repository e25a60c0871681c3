"""What must hold besides the tests: security, coverage by room, mutants. `python -m gates.<name>`; docs/quality.md."""
