"""From an account to its provider, with its secrets opened for the moment."""

from collections.abc import Sequence

from django.db.models import Q

from billing.models import ProviderAccount, ProviderSecret
from billing.providers.base import Keys, Provider
from billing.providers.manual import ManualProvider
from billing.providers.razorpay import RazorpayProvider
from billing.providers.sandbox import SandboxProvider
from billing.providers.stripe import StripeProvider
from portal.kit import clock, crypto

PURPOSE = "provider-secret"
PROVIDERS: dict[str, type[Provider]] = {
    each.code: each for each in (SandboxProvider, RazorpayProvider, StripeProvider, ManualProvider)
}


def of(account: ProviderAccount) -> Provider:
    """The provider of an account. Raises `portal.kit.crypto.CannotDecrypt` when the key of its secrets is gone."""
    rows = list(ProviderSecret.objects.filter(account=account).filter(present()).order_by("-created_at", "-id"))
    api = _opened(account, rows, ProviderSecret.Kind.API)
    keys = Keys(
        account_id=account.pk,
        code=account.code,
        public=account.public_key,
        api=api[0] if api else "",
        webhook=tuple(_opened(account, rows, ProviderSecret.Kind.WEBHOOK)),
        api_base=account.api_base,
        live=account.live,
    )
    return PROVIDERS[account.provider](keys)


def present() -> Q:
    """Secrets that are right now: the newest, and older ones within their overlap (H05)."""
    return Q(expires_at__isnull=True) | Q(expires_at__gt=clock.now())


def bound(account: ProviderAccount, kind: str) -> bytes:
    """What a sealed secret belongs to, so that no row can be put in another's place."""
    return f"{account.pk} {kind}".encode()


def _opened(account: ProviderAccount, rows: Sequence[ProviderSecret], kind: ProviderSecret.Kind) -> list[str]:
    return [
        crypto.unseal(PURPOSE, row.key_id, bytes(row.sealed), bound_to=bound(account, kind)).decode()
        for row in rows
        if row.kind == kind
    ]
