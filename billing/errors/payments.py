"""Errors: payments and their providers. Those of a provider's own calls stand in `billing.providers.base`."""

from django.utils.translation import gettext_lazy as _

from portal.kit import errors


class NothingDue(errors.Conflict):
    """A document on which nothing is to be paid."""

    code = "billing.nothing_due"
    title = _("Nothing is to be paid")
    default_detail = _("This document is paid, void or still a draft. Load the page again and look at its state.")


class NoProvider(errors.Conflict):
    """Nobody has set up how to pay."""

    code = "billing.no_provider"
    title = _("There is no way to pay yet")
    default_detail = _("Set up a payment provider under Platform, Payment providers, and make it the default.")


class PaymentUnknown(errors.NotFound):
    """A provider tells of a payment that we do not have."""

    code = "billing.payment_unknown"
    title = _("That payment is not known")
    default_detail = _("It was not begun here. Look at the provider's own page and record it by hand if it is ours.")


class PaymentDiffers(errors.Conflict):
    """A provider tells of another amount or currency than was asked for."""

    code = "billing.payment_differs"
    title = _("The payment is not the one that was asked for")
    default_detail = _("Amount or currency differ from ours. Compare it with the provider's page; nothing was posted.")


class PaymentMove(errors.Conflict):
    """A state that does not follow the present one."""

    code = "billing.payment_move"
    title = _("The payment cannot go there")
    default_detail = _("Its state does not allow this. Load the page again and look at its present state.")


class RefundTooMuch(errors.Conflict):
    """More than is left of a payment."""

    code = "billing.refund_too_much"
    title = _("That is more than is left of the payment")
    default_detail = _("Refund at most what was paid and is neither paid back nor disputed.")


class RefundKeyShort(errors.Invalid):
    """A key that others could use by chance."""

    code = "billing.refund_key_short"
    title = _("This key is too short")
    default_detail = _("Give a key of 10 to 100 letters, digits, hyphens and underscores, best a random UUID.")


class PaymentKeyReused(errors.Conflict):
    """The key of a payment by hand with another customer or amount."""

    code = "billing.payment_key_reused"
    title = _("This key belongs to another payment")
    default_detail = _("Send a new key with each payment that came in. Nothing was written down.")


class MethodGone(errors.Conflict):
    """A means of payment that was removed."""

    code = "billing.method_gone"
    title = _("This means of payment was removed")
    default_detail = _("Choose another one, or add it again.")


class CardNumberInvalid(errors.Invalid):
    """A card that the sandbox does not know."""

    code = "billing.card_invalid"
    title = _("This is no test card")
    default_detail = _("Use one of the card numbers that the page lists. No real card belongs here.")


class CheckoutOver(errors.NotFound):
    """A checkout page that was used, or never was."""

    code = "billing.checkout_over"
    title = _("This payment page is over")
    default_detail = _("Go back to the invoice; it says whether it is paid, and lets you pay again.")


class NotTheSandbox(errors.Conflict):
    """What only the sandbox does was asked of another provider."""

    code = "billing.not_the_sandbox"
    title = _("Only the sandbox sends webhooks on demand")
    default_detail = _("Send a test from the provider's own console; it will stand among the provider events.")


class ProviderSecretsMissing(errors.Invalid):
    """An account without what opens it."""

    code = "billing.provider_secrets_missing"
    title = _("The account has no keys yet")
    default_detail = _("Enter the keys that the provider gave you, then switch it on.")


class EventDone(errors.Conflict):
    """A webhook that was done already."""

    code = "billing.provider_event_done"
    title = _("This was done already")
    default_detail = _("What the webhook tells is done. Nothing is left to replay.")
