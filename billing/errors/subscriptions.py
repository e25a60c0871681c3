"""Errors: what was agreed."""

from django.utils.translation import gettext_lazy as _

from portal.kit import errors


class MoveRefused(errors.Conflict):
    """The state of the subscription does not allow it."""

    code = "billing.subscription_move_refused"
    title = _("The subscription is not in a state for that")
    default_detail = _("Look at its present state and choose one of the actions that are offered there.")


class AlreadySubscribed(errors.Conflict):
    """The customer has a running subscription of this product."""

    code = "billing.already_subscribed"
    title = _("There is a subscription already")
    default_detail = _("Change the plan of the running subscription instead of starting another.")


class MomentRefused(errors.Invalid):
    """The moment lies before the subscription, in the future, or after its end."""

    code = "billing.moment_refused"
    title = _("That moment does not fit")
    default_detail = _("Choose a moment within the subscription and not in the future.")


class NothingToChange(errors.Conflict):
    """It is so already."""

    code = "billing.nothing_to_change"
    title = _("It is so already")
    default_detail = _("Choose something that differs from what the subscription has now.")


class InFixedTerm(errors.Conflict):
    """A fixed term is running."""

    code = "billing.in_fixed_term"
    title = _("The agreed term is running")
    default_detail = _("It can be cancelled or lowered for the end of the term, or earlier by staff.")


class TooManyLines(errors.Conflict):
    """More lines in one day than a subscription can have: something repeats itself."""

    code = "billing.too_many_lines"
    title = _("Billing of this subscription was stopped")
    default_detail = _("It made more lines in a day than the limit. Look at its history, then let billing go on.")
