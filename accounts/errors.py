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
        "It was used already, has expired or was replaced by a newer one. Ask for another where you asked for this one."
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


class RegistrationClosed(errors.Forbidden):
    """Nobody makes an account of their own accord here; or, where it is switched off, by invitation either."""

    code = "accounts.registration_closed"
    title = _("Registration is closed")
    default_detail = _("Ask an administrator of your organisation to invite you, or whoever runs this installation.")


class AddressTaken(errors.Conflict):
    """Between the asking and the confirmation of a change, somebody else got the address."""

    code = "accounts.address_taken"
    title = _("Somebody has this address by now")
    default_detail = _("Your address stays as it is. Sign in with the other account, or choose another address.")


class AddressUnverified(errors.Conflict):
    """What is offered to an address is taken by whoever has proved that it is theirs."""

    code = "accounts.address_unverified"
    title = _("Verify your e-mail address first")
    default_detail = _(
        "Open the link in the mail of the invitation, or have a verification mail sent on your address page."
    )


class NoFactor(errors.Conflict):
    """The person has no second factor, and what was asked is about one."""

    code = "accounts.no_factor"
    title = _("You have no second factor")
    default_detail = _("Set up an authenticator app first.")


class FactorRequired(errors.Conflict):
    """The person's roles need a second factor, and this is the last one."""

    code = "accounts.factor_required"
    title = _("Your roles need a second factor")
    default_detail = _("Set up another one first, or replace this one by a new one.")


class SetUpGone(errors.Conflict):
    """No second factor is being set up, or it was begun too long ago."""

    code = "accounts.set_up_gone"
    title = _("This was begun too long ago")
    default_detail = _("This was begun too long ago. Begin again and scan the new picture.")


class SignInGone(errors.Unauthenticated):
    """The sign-in that waited for its second factor is used up or over."""

    code = "accounts.sign_in_gone"
    title = _("Begin to sign in again")
    default_detail = _("It took too long, or the code was wrong too often. Start again with your password.")


class ConfirmationRefused(errors.Invalid):
    """A proof of who one is was refused; why is nobody's business."""

    code = "accounts.confirmation_refused"
    title = _("That does not confirm who you are")
    default_detail = _(
        "That password or code is wrong, was used already, or is not taken for a while. Wait for the next code and send it; "
        "after several failures wait some minutes."
    )


class SignInRefused(errors.Unauthenticated):
    """A sign-in of the API failed; why is nobody's business."""

    code = "accounts.sign_in_refused"
    title = _("You are not signed in")
    default_detail = _(
        "That user name or e-mail address and password, or that code, do not match, or sign-in is locked for a while. "
        "Check them and try again; after several failures wait some minutes or ask your administrator."
    )


class RefreshRefused(errors.Unauthenticated):
    """A refresh token is unknown, expired or spent; which of them is nobody's business."""

    code = "accounts.refresh_refused"
    title = _("This refresh token buys nothing")
    default_detail = _("Sign in again.")


class KeyAddressRefused(errors.Forbidden):
    """A key was used from an address outside of the networks that it is bound to."""

    code = "accounts.key_address_refused"
    title = _("This key may not be used from here")
    default_detail = _("It is bound to certain networks. Call from one of them, or make a key without that bound.")


class KeyOver(errors.Conflict):
    """The key was revoked, rotated or has expired; it cannot be changed any more."""

    code = "accounts.key_over"
    title = _("This key has ended")
    default_detail = _("It was revoked, rotated or has expired. Make a new one.")


class KeyOfAnother(errors.Forbidden):
    """Whoever held the new secret would act as somebody else."""

    code = "accounts.key_of_another"
    title = _("This key belongs to somebody else")
    default_detail = _("Only its owner gets a new secret for it. You can revoke it.")


class KeysTooMany(errors.Conflict):
    """The owner holds as many live keys as anybody may."""

    code = "accounts.keys_too_many"
    title = _("That would be too many keys")
    default_detail = _("Revoke keys that nothing uses any more, then make the new one.")


class NotAPerson(errors.Conflict):
    """A service account has no password, link or session."""

    code = "accounts.not_a_person"
    title = _("A service account never signs in")
    default_detail = _("Give it a key on the page of service accounts of its organisation.")


class LeavingAlready(errors.Conflict):
    """The account waits to be deleted already."""

    code = "accounts.leaving_already"
    title = _("Your account is to be deleted already")
    default_detail = _("Nothing more is needed. Until then you can sign in and keep it.")


class OwnExportUnderWay(errors.Conflict):
    """A copy of one's own data is being written; there is one at a time."""

    code = "accounts.own_export_under_way"
    title = _("Your copy is being written already")
    default_detail = _("You get a notice and a mail when it is ready.")


class OwnExportGone(errors.NotFound):
    """The copy of one's data is not there, has expired, or is another person's: all told alike."""

    code = "accounts.own_export_gone"
    title = _("There is no such copy")
    default_detail = _("A copy can be fetched for seven days by the person it is about. Ask for another one.")


class PasskeysUnavailable(errors.Conflict):
    """No passkey can be made or used here, or the person has none."""

    code = "accounts.passkeys_unavailable"
    title = _("Passkeys cannot be used here")
    default_detail = _("This installation's address is a number. Passkeys need a host name in STEWARD_PUBLIC_URL.")


class PasskeysFull(errors.Conflict):
    """A person has as many passkeys as it may."""

    code = "accounts.passkeys_full"
    title = _("You have 20 passkeys already")
    default_detail = _("Remove one that you no longer use, then add another.")


class PasskeyRefused(errors.Invalid):
    """An authenticator's answer was wrong, late, or used before; which of them is nobody's business."""

    code = "accounts.passkey_refused"
    title = _("That passkey was not accepted")
    default_detail = _("Try again and answer within five minutes. If it stays so, use another way.")


class RecoveryGone(errors.StewardError):
    """A recovery was decided or stopped already, or has expired."""

    code = "accounts.recovery_gone"
    status = 410
    title = _("This recovery is over")
    default_detail = _("It was approved, refused or stopped already, or nobody approved it in time.")


class RecoveryOpen(errors.Conflict):
    """A recovery of the person waits already."""

    code = "accounts.recovery_open"
    title = _("A recovery of this person waits already")
    default_detail = _("Ask another administrator to approve or refuse that one.")


class NothingToRecover(errors.Conflict):
    """The person has no second factor, so that none can be taken away."""

    code = "accounts.nothing_to_recover"
    title = _("This person has no second factor")
    default_detail = _("Send a link for a new password instead.")


class SecondPersonNeeded(errors.Forbidden):
    """Who asked for a recovery, or is its person, tried to approve it."""

    code = "accounts.second_person_needed"
    title = _("Somebody else has to approve this")
    default_detail = _("Two administrators decide together: one asks, another one approves. Neither is the person.")


class ViewsOff(errors.Conflict):
    """Seeing the console as somebody else is switched off."""

    code = "accounts.views_off"
    title = _("Nobody sees the console as somebody else here")
    default_detail = _("It is switched off: STEWARD_IMPERSONATION. Ask the person to show you, or whoever runs this.")


class ViewsNested(errors.Conflict):
    """A view is begun from one's own session in a browser, and from no other."""

    code = "accounts.views_nested"
    title = _("Begin this from your own session")
    default_detail = _("Leave the view that you are in, or sign in with a browser, then begin again.")


class DeveloperRoleRefused(errors.Conflict):
    """The developer role does not count in production, unless allowed for a while."""

    code = "accounts.developer_role_refused"
    title = _("The developer role is refused in production")
    default_detail = _("A super administrator can allow it for a while, on the page of the developer role.")


class DeveloperRoleApart(errors.Invalid):
    """The developer role was to be given together with others or in passing."""

    code = "accounts.developer_role_apart"
    title = _("The developer role is given by itself")
    default_detail = _("Open the person's page: it has an own button for it, with its own confirmation.")


class SurveyNotDue(errors.Conflict):
    """Somebody answered whom nobody asks now, such as a second time."""

    code = "accounts.survey_not_due"
    title = _("You have told us already")
    default_detail = _("Each of us is asked once in 90 days at most. Thank you; nothing more is needed.")
