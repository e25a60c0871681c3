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


class OrganisationSuspended(errors.Forbidden):
    """The organisation of the address is suspended; nothing of it answers until the platform resumes it."""

    code = "accounts.organisation_suspended"
    title = _("This organisation is suspended")
    default_detail = _("Nothing in it is lost. Ask whoever runs this installation why, and to resume it.")


class LinkGone(errors.StewardError):
    """A single-use link is unknown, used, replaced by a newer one, or expired; which of them is nobody's business."""

    code = "accounts.link_gone"
    status = 410
    title = _("This link does not work any more")
    default_detail = _(
        "It was used already, has expired or was replaced by a newer one. Ask your administrator for another."
    )


class Deactivated(errors.Conflict):
    """The person is inactive, and what was asked needs an active one."""

    code = "accounts.deactivated"
    title = _("This person is inactive")
    default_detail = _("Activate the account first.")


class Erased(errors.Conflict):
    """The person's data was erased; only a pseudonym is left, which nobody can use or change."""

    code = "accounts.erased"
    title = _("This person was erased")
    default_detail = _("Nothing is left to change. Create a new person if they come back.")


class OrganisationClosed(errors.Conflict):
    """A closed organisation is changed no more."""

    code = "accounts.organisation_closed"
    title = _("This organisation is closed")
    default_detail = _("Nothing in it can be changed any more. Create another organisation if one is needed.")


class AlreadyMember(errors.Conflict):
    """The person belongs to the organisation already."""

    code = "accounts.already_member"
    title = _("That person is a member already")
    default_detail = _("Change the role on the list of members.")


class MemberInactive(errors.Conflict):
    """A person who cannot sign in, or is suspended in the organisation, cannot be made its owner."""

    code = "accounts.member_inactive"
    title = _("That person cannot act for the organisation now")
    default_detail = _("Choose somebody who is active, or let them back in first.")


class InvitationGone(errors.NotFound):
    """Unknown, used, replaced, withdrawn or expired: all told alike."""

    code = "accounts.invitation_gone"
    title = _("This invitation does not work any more")
    default_detail = _(
        "It was used, withdrawn or replaced by a newer one, or it is older than a week. Ask for a new one."
    )


class InvitationForAnother(errors.Forbidden):
    """The signed-in person's address is not the invited one."""

    code = "accounts.invitation_for_another"
    title = _("This invitation was sent to another address")
    default_detail = _("Sign out, and open the link again with the account of the address it was sent to.")
