"""Telling an organisation that most of a limit is used: once for each part and period."""

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import Organisation
from billing.entitlements import Quota, quotas
from billing.models import QuotaAlert, UsageRollup
from portal.kit import clock
from portal.kit.context import Actor
from portal.kit.decision import authorise, list_subjects
from portal.kit.notices import tell
from portal.kit.notify import notify
from portal.kit.record import record
from rbac.standing import standing_on

JOB = "billing.check_quotas"
PARTS = (100, 80)
TOLD_LIMIT = 200
# Longer than the job's rhythm, so that a run that was missed loses nothing; an alert is written once anyway.
LOOKED_BACK = timedelta(hours=1)


def organisations_changed() -> list[UUID]:
    """The organisations whose use has changed lately."""
    rows = UsageRollup.objects.filter(grain="day", changed_at__gte=clock.now() - LOOKED_BACK)
    return sorted(set(rows.values_list("organisation_id", flat=True)))


def quotas_check(*, actor: Actor, organisation_id: UUID) -> int:
    """Tell who sees the organisation's bills (`billing:read`) of limits that are used up to 80 or 100 %, by notice and
    mail; how many new alerts. Event `billing.quota.reached` for each, which webhooks follow. For the job (`job:admin`).

    Who jumps beyond both in one step is told of the higher one only.
    """
    authorise(actor, "job:admin")
    with standing_on(organisation_id):
        organisation = Organisation.objects.get(pk=organisation_id)
        return sum(_check(organisation, quota) for quota in quotas(organisation_id))


def _check(organisation: Organisation, quota: Quota) -> int:
    if quota.used is None or not quota.bound or quota.period is None:
        return 0
    reached = [part for part in PARTS if quota.used * 100 >= quota.bound * part]
    made = [alert for part in reached if (alert := _alert(organisation, quota, part)) is not None]
    for alert in made:
        changes = {name: (None, str(getattr(alert, name))) for name in ("feature", "percent", "used", "limit")}
        record("billing.quota.reached", target=alert, changes=changes)
    if made and made[0].percent == reached[0]:
        _tell(organisation, quota, made[0])
    return len(made)


def _alert(organisation: Organisation, quota: Quota, percent: int) -> QuotaAlert | None:
    """The alert, or None when it was written before."""
    period_start = quota.period.start if quota.period else clock.now()
    known = QuotaAlert.objects.filter(
        organisation=organisation, feature=quota.feature.code, period_start=period_start, percent=percent
    )
    if known.exists():
        return None
    alert = QuotaAlert(
        organisation=organisation,
        feature=quota.feature.code,
        percent=percent,
        period_start=period_start,
        used=quota.used or 0,
        limit=quota.bound or 0,
    )
    try:
        with transaction.atomic():
            alert.save(force_insert=True)
    except IntegrityError:  # Another run was quicker, and has told of it.
        return None
    return alert


def _tell(organisation: Organisation, quota: Quota, alert: QuotaAlert) -> None:
    people = [one.person_id for one in list_subjects("billing:read", organisation, limit=TOLD_LIMIT).items]
    values = {"percent": alert.percent, "feature": quota.feature.name, "organisation": organisation.name}
    path = f"/o/{organisation.slug}/billing/usage"
    tell(
        people,
        category="usage",
        tone="bad" if alert.percent >= 100 else "warn",
        title=_("%(percent)s %% of “%(feature)s” is used") % values,
        text=organisation.name,
        url=path,
    )
    data = {**values, "used": alert.used, "limit": alert.limit, "url": f"{settings.STEWARD_PUBLIC_URL}{path}"}
    data["hard"] = quota.limit is not None
    for person_id in people:
        notify(person_id, "usage", "quota_reached", data)
