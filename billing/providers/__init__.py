"""Payment providers behind one interface: `billing.providers.base`, and `of(account)` for the one of an account."""

from billing.providers.base import Provider
from billing.providers.opening import of

__all__ = ["Provider", "of"]
