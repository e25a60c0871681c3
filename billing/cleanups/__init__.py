"""What billing lets go of, by noun."""

from billing.cleanups import imports, usage, webhooks  # noqa: F401 - each declares its own
