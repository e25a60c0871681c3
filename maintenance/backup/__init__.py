"""Backups: a parallel dump on one snapshot, compressed, encrypted and hashed on its way to one or two targets.

`create.create` makes one, `verify.verify` reads every byte of it. Whoever opens one uses `targets.targets()` (where),
`read.find` (which there are), `read.load` (the checked manifest) and `read.plain` (the bytes of a file, checked).
"""
