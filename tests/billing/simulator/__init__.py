"""A seeded simulator of the rooms of money: random customers, their changes, payments, webhooks and workers, day by day.

After every simulated day what must hold is asked of the rows (`invariants`); a failure prints the seed and what was done
last, and the same seed makes the same choices again.
"""
