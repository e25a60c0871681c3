"""What billing lets go of, by noun."""

from billing.cleanups import imports, proofs, usage, webhooks  # noqa: F401 - each declares its own
