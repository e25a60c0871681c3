"""The record: an append-only trail of events, written in the transaction of the change that each tells of."""
