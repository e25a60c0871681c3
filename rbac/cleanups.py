"""What belongs to a role that is gone, and what host products told of runs."""

from datetime import timedelta

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from portal.kit.registry import Cleanup, Rows, cleanups

cleanups.add(
    Cleanup(
        "rbac.orphaned_views",
        _("Saved views of roles that are gone"),
        _("Views of lists that were the first thing people with a role saw, when that role no longer exists."),
        table="kit_saved_view",
        column="updated_at",
        keep=timedelta(days=1),
        permission="cleanup:execute",
        sample=(("updated_at", _("Last changed")), ("list_name", _("List")), ("name", _("Name"))),
        condition="role_id IS NOT NULL AND NOT EXISTS "
        "(SELECT FROM rbac_role WHERE rbac_role.id = kit_saved_view.role_id)",
        category="orphaned-data",
    )
)
cleanups.add(
    Cleanup(
        "rbac.old_runs",
        _("Runs of host products"),
        _("Runs with their logs, 30 days after they ended. What was counted of them stays, and so does the trail."),
        table="rbac_run",
        column="finished_at",
        keep=timedelta(days=30),
        permission="cleanup:execute",
        sample=(("finished_at", _("Ended")), ("name", _("Run")), ("state", _("State"))),
        category="execution-logs",
        how=Rows(children=(("rbac_run_line", "run_id"),)),
        max_share=100,
    )
)
cleanups.add(
    Cleanup(
        "rbac.run_tallies",
        _("Daily counts of runs"),
        _("How much organisations ran of each type on a day, after ten years: invoices rest on it."),
        table="rbac_run_tally",
        column="day",
        keep=timedelta(days=3653),
        permission="cleanup:execute",
        sample=(("day", _("Day")), ("started", _("Started"))),
        category="execution-logs",
        floor=timedelta(days=3653),
        max_share=100,
    )
)

# What has ended gives nothing any more, but stays in the way of nobody: it is listed as over until it goes. Who gave and
# took it stays in the trail.
for name, label, text, table in (
    (
        "rbac.ended_bindings",
        _("Roles that have ended"),
        _("Roles of people, teams and everybody whose end has passed, after the days that a setting names."),
        "rbac_binding",
    ),
    (
        "rbac.ended_user_grants",
        _("Rights of people that have ended"),
        _("Single rights of people on single objects whose end has passed, after the days that a setting names."),
        "rbac_user_grant",
    ),
    (
        "rbac.ended_team_grants",
        _("Rights of teams that have ended"),
        _("Single rights of teams on single objects whose end has passed, after the days that a setting names."),
        "rbac_team_grant",
    ),
):
    cleanups.add(
        Cleanup(
            name,
            label,
            text,
            table=table,
            column="expires_at",
            keep=settings.STEWARD_ENDED_RIGHTS_KEEP,
            permission="cleanup:execute",
            sample=(("created_at", _("Given")), ("expires_at", _("Ended")), ("reason", _("Reason"))),
            category="orphaned-data",
        )
    )
