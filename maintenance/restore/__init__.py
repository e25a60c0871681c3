"""Restores: a backup into a new database beside the live one, checks there, and the swap of the two by name.

`databases` makes, marks, swaps and drops databases; `inspection` compares a manifest with this installation; `load`
fills a database from a backup; `checks` proves what came of it; `exchange` settles the restored database and swaps;
`pipeline` is all of that in order, for the job, the drill and the command.
"""
