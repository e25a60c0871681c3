"""Errors: what is sold."""

from django.utils.translation import gettext_lazy as _

from portal.kit import errors


class VersionPublished(errors.Conflict):
    """The terms that somebody may have bought."""

    code = "billing.version_published"
    title = _("A published version never changes")
    default_detail = _("Make a new version of the plan. Those who have this one keep it.")


class DraftExists(errors.Conflict):
    """One draft at a time."""

    code = "billing.draft_exists"
    title = _("There is a draft already")
    default_detail = _("Publish or discard the draft of this plan first.")


class VersionIncomplete(errors.Invalid):
    """Nobody could buy it, or not at the same terms in each currency."""

    code = "billing.version_incomplete"
    title = _("This version cannot be published yet")
    default_detail = _("Complete what is named and publish it again.")


class PlanArchived(errors.Conflict):
    """Archived: who has it keeps it, nothing else happens."""

    code = "billing.plan_archived"
    title = _("This plan is archived")
    default_detail = _("Bring the plan back first.")


class PlanNotOffered(errors.Conflict):
    """A draft or archived plan was chosen, or in a currency that it has no prices in."""

    code = "billing.plan_not_offered"
    title = _("This plan is not offered")
    default_detail = _("Choose one of the plans that are offered in your currency.")


class CouponRefused(errors.Conflict):
    """A coupon that is not good, or not good for this."""

    code = "billing.coupon_refused"
    title = _("This coupon cannot be used")
    default_detail = _("Check the code. It may have ended, be used up, or be for another plan or currency.")
