"""What belongs to a role that is gone."""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import Cleanup, cleanups

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
