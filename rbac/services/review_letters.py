"""Telling people of reviews: reviewers that there is something to decide, who runs one that it is closed."""

from collections import Counter
from collections.abc import Mapping
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kit.notices import tell
from portal.kit.notify import notify
from rbac.models import Review, ReviewItem


def review_told(*, review: Review, act: str) -> int:
    """Tell of a review, by mail and behind the bell; returns how many people. Part of the services of reviews.

    `act`: "asked" and "reminded" go to each reviewer with something undecided, "closed" to who started it.
    """
    name, base = "", "/platform/reviews"
    if review.organisation_id is not None:
        organisation = apps.get_model("accounts", "Organisation")._default_manager.get(pk=review.organisation_id)
        name, base = str(organisation), f"/o/{organisation.slug}/reviews"
    if act == "closed":
        counts: Mapping[UUID, int] = {review.started_by: review.items.count()} if review.started_by else {}
        url = f"{base}/{review.pk}"
    else:
        counts = _waiting(review)
        url = f"{base}/mine/{review.pk}"
    people = get_user_model()._default_manager.filter(pk__in=list(counts), is_active=True)
    for user in people.order_by("pk"):
        number = counts[user.pk]
        tell([user.pk], category="organisation", title=_title(review, act, number), text=name, url=url, tone="info")
        values = {
            "user": user,
            "review": review.name,
            "organisation": name,
            "items": number,
            "due": review.due_at,
            "act": act,
            "url": f"{settings.STEWARD_PUBLIC_URL}{url}",
        }
        notify(user.pk, "organisation", "access_review", values)
    return len(counts)


def _waiting(review: Review) -> Counter[UUID]:
    """How much each reviewer has to decide still."""
    rows = ReviewItem.objects.filter(review=review, decision="").values_list("reviewers", flat=True)
    return Counter(key for reviewers in rows for key in reviewers)


def _title(review: Review, act: str, number: int) -> str:
    if act == "closed":
        return _("The access review “%(name)s” is closed") % {"name": review.name}
    text = ngettext(
        "Access review “%(name)s”: %(n)d item waits for you",
        "Access review “%(name)s”: %(n)d items wait for you",
        number,
    )
    return text % {"name": review.name, "n": number}
