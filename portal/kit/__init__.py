"""The common floor: base classes, one transaction, one write door, typed errors, registries. Imports no room."""
