"""The roof: `conf` (settings, wiring), `home` (composes the rooms), `kit` (the common floor), `embedded` (default servers)."""

__version__ = "0.1.0"
