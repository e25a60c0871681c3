"""Accounts at payment providers: set up, changed, given keys. Staff."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from billing.models import ProviderAccount, ProviderSecret
from billing.providers.opening import PURPOSE, bound
from portal.kit import clock, crypto
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.errors import Invalid
from portal.kit.record import diff, record
from portal.kit.services import writing

OVERLAP = timedelta(hours=24)  # As long as providers try to deliver what was signed before a rotation (H05).
EDITABLE = ("label", "public_key", "api_base", "is_default", "is_active")
SHOWN = ("code", "provider", "label", "live", "public_key", "api_base", "is_default", "is_active")


def provider_account_create(
    *, actor: Actor, provider: str, code: str, label: str, live: bool = False, **values: Any
) -> ProviderAccount:
    """Set up an account; the first of its kind of money is the default. Staff (`payment:admin`).

    Event `billing.provider.created`. The sandbox gets the secret of its webhooks here, since it signs them itself.
    `Invalid` with fields.
    """
    authorise(actor, "payment:admin")
    account = ProviderAccount(provider=provider, code=code.strip().lower(), label=label.strip(), live=live, **values)
    if provider == ProviderAccount.Provider.SANDBOX and live:
        raise Invalid(fields={"live": [_("The sandbox moves no real money.")]})
    _check(account)
    with writing():
        if ProviderAccount.objects.filter(code=account.code).exists():
            raise Invalid(fields={"code": [_("This short name is taken.")]})
        others = ProviderAccount.objects.select_for_update().filter(live=live, is_default=True)
        account.is_default = not others.exists()
        account.save(force_insert=True)
        record(
            "billing.provider.created", target=account, changes={one: (None, getattr(account, one)) for one in SHOWN}
        )
        if provider == ProviderAccount.Provider.SANDBOX:
            _put(account, ProviderSecret.Kind.WEBHOOK, crypto.token())
    return account


def provider_account_update(*, actor: Actor, account: ProviderAccount, values: dict[str, Any]) -> ProviderAccount:
    """Change label, public key, address, or whether it is used and the default. Staff (`payment:admin`).

    Event `billing.provider.updated`; none when all is as it was. `Invalid` with fields.
    """
    authorise(actor, "payment:admin")
    unknown = set(values) - set(EDITABLE)
    if unknown:
        raise Invalid(fields={name: [_("This cannot be changed here.")] for name in sorted(unknown)})
    with writing():
        held = ProviderAccount.objects.select_for_update().get(pk=account.pk)
        changes = diff(held, values)
        if not changes:
            return held
        for name, (_before, after) in changes.items():
            setattr(held, name, after)
        if not held.is_active and held.is_default:
            raise Invalid(fields={"is_active": [_("Make another account the default first.")]})
        _check(held)
        if "is_default" in changes and held.is_default:
            ProviderAccount.objects.filter(live=held.live, is_default=True).exclude(pk=held.pk).update(is_default=False)
        held.save()
        record("billing.provider.updated", target=held, changes=changes)
    return held


def provider_secret_set(*, actor: Actor, account: ProviderAccount, kind: str, secret: str) -> ProviderSecret:
    """Give an account a key, sealed. A former secret of webhooks stays right for a day, since what was signed with it may
    still be on its way; a former key for calls is gone at once. Staff (`payment:admin`). Event
    `billing.provider.rekeyed`, without the secret. `Invalid` for one that cannot be one."""
    authorise(actor, "payment:admin")
    value = secret.strip()
    if kind not in ProviderSecret.Kind.values or not 8 <= len(value) <= 200 or not value.isascii():
        raise Invalid(fields={kind if kind in ProviderSecret.Kind.values else "kind": [_("Enter the key as it is.")]})
    with writing():
        held = ProviderAccount.objects.select_for_update().get(pk=account.pk)
        return _put(held, ProviderSecret.Kind(kind), value)


def _put(account: ProviderAccount, kind: ProviderSecret.Kind, value: str) -> ProviderSecret:
    now = clock.now()
    former = ProviderSecret.objects.filter(account=account, kind=kind)
    former.filter(expires_at__lte=now).delete()
    if kind == ProviderSecret.Kind.API:
        former.delete()
    else:
        former.filter(expires_at__isnull=True).update(expires_at=now + OVERLAP)
    key_id, sealed = crypto.seal(PURPOSE, value.encode(), bound_to=bound(account, kind))
    made = ProviderSecret(
        account=account,
        kind=kind,
        key_id=key_id,
        sealed=sealed,
        tail=value[-4:] if len(value) >= 16 else "",
        created_at=now,
    )
    made.save(force_insert=True)
    record("billing.provider.rekeyed", target=account, data={"kind": kind.value})
    return made


def _check(account: ProviderAccount) -> None:
    try:
        account.full_clean(validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        raise Invalid(fields=error.message_dict) from None
    # Keys go to this address: in production only over TLS, so that nobody reads them on the way.
    if account.api_base and settings.PRODUCTION and urlsplit(account.api_base).scheme != "https":
        raise Invalid(fields={"api_base": [_("Use an address that begins with https.")]})
