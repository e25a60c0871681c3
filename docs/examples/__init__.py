"""Examples that the tests run: a client of the authorisation API, and a host product that uses it."""
