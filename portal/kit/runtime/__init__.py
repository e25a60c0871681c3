"""Settings that are changed while the portal runs: declared by the room that reads them, kept in one table, known to
every process.

`declare` is how a room says that it has one and reads it, `kinds` what a value may be, `state` what this process knows,
`services` and `selectors` are for the pages and the API of those who run the installation. A variable of the environment
always wins over what is kept.
"""
