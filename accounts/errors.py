"""Errors of people and sessions."""

from django.utils.translation import gettext_lazy as _

from portal.kit import errors


class RootProtected(errors.Forbidden):
    """Somebody else tried to change the root administrator."""

    code = "accounts.root_protected"
    title = _("The root administrator cannot be changed by others")
    default_detail = _(
        "Only the root administrator changes its own password; `manage.py root recover` on the host is the last resort."
    )


class Outranked(errors.Forbidden):
    """The other person ranks above the actor."""

    code = "accounts.outranked"
    title = _("That person ranks above you")
    default_detail = _("Ask somebody with a role at least as high as theirs.")


class NotYourself(errors.Conflict):
    """Deactivating oneself would lock the door from inside."""

    code = "accounts.not_yourself"
    title = _("You cannot do that to yourself")
    default_detail = _("Ask another administrator.")


class ImportGone(errors.Conflict):
    """The import was confirmed already, or its preview has expired."""

    code = "accounts.import_gone"
    title = _("This import was confirmed already or has expired")
    default_detail = _("Look at the list of people; upload the file again if they are missing.")


class ImportUnreadable(errors.Invalid):
    """The uploaded file is not a CSV of people."""

    code = "accounts.import_unreadable"
    title = _("This file cannot be read as a CSV of people")
    default_detail = _("Save it as CSV (UTF-8) with the columns name, username and email, and upload it again.")
