"""Documents whose payment the payer had their bank take back."""

from django.db.models import Exists, OuterRef

from billing.models import Dispute


def contested(*states: str) -> Exists:
    """Whether a payment of an invoice (the row that is asked about) has a dispute in one of those states."""
    return Exists(Dispute.objects.filter(payment__invoice=OuterRef("pk"), state__in=states))
