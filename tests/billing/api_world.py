"""What tests of the API of money share."""

from typing import Any


def eur(amount: Any) -> dict[str, Any]:
    """Euros as the API has them, in cents; whatever number a test wants to send."""
    return {"amount": amount, "currency": "EUR"}
