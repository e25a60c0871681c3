"""Errors of roles and bindings."""

from django.utils.translation import gettext_lazy as _

from portal.kit import errors


class CannotDelegate(errors.Forbidden):
    """A role holds more than the granter does, or ranks above."""

    code = "rbac.cannot_delegate"
    title = _("You cannot give what you do not hold")
    default_detail = _("This role ranks above yours or includes rights that you lack. Ask somebody who holds it.")


class LastAdministrator(errors.Conflict):
    """The last super administrator would go."""

    code = "rbac.last_administrator"
    title = _("The last administrator stays")
    default_detail = _("Make another active person super administrator first; then this one can go.")


class LastOwner(errors.Conflict):
    """The last active owner of an organisation would go."""

    code = "rbac.last_owner"
    title = _("The last owner stays")
    default_detail = _("Make another active member an owner of the organisation first; then this one can go.")


class RoleElsewhere(errors.Invalid):
    """A role of the installation was given in an organisation, or the other way round."""

    code = "rbac.role_elsewhere"
    title = _("That role does not exist here")
    default_detail = _("Choose one of the roles that this organisation or this installation has.")


class OwnerForever(errors.Invalid):
    """Ownership that ends by itself would leave an organisation without an owner."""

    code = "rbac.owner_forever"
    title = _("An owner has no end date")
    default_detail = _("Leave the end empty, or give the role of an administrator for a time.")


class ConditionsInvalid(errors.Invalid):
    """Conditions, or the context of a check, that cannot be understood; `fields` names the part."""

    code = "rbac.conditions_invalid"
    title = _("These conditions cannot be understood")
    default_detail = _("Correct the named part. Nothing was changed.")


class CodeUnknown(errors.Invalid):
    """A host product's code that its catalogue does not have."""

    code = "rbac.code_unknown"
    title = _("There is no such permission")
    default_detail = _("Check the code and its application; `roles apply` brings the catalogues up to date.")


class TeamInsideItself(errors.Conflict):
    """A team was put into itself or into one that is inside it."""

    code = "rbac.team_cycle"
    title = _("A team cannot stand inside itself")
    default_detail = _("Choose a team that is not inside this one, or take it out of every team.")


class TeamsTooDeep(errors.Conflict):
    """More teams inside one another than there may be."""

    code = "rbac.team_depth"
    title = _("Too many teams inside one another")
    default_detail = _("Eight teams may stand inside one another. Choose one further up.")


class TeamNotEmpty(errors.Conflict):
    """A team with teams inside was to be deleted."""

    code = "rbac.team_not_empty"
    title = _("There are teams inside this one")
    default_detail = _("Move or delete the teams inside first. Its members need not be removed before.")


class NotAMember(errors.Conflict):
    """Teams, roles and rights of an organisation are for its active members; also when somebody leaves at this moment."""

    code = "rbac.not_a_member"
    title = _("No active member of this organisation")
    default_detail = _("Choose an active member or a team of this organisation. Others are invited or resumed first.")


class WorkspaceNotEmpty(errors.Conflict):
    """A workspace with resources was to be deleted."""

    code = "rbac.workspace_not_empty"
    title = _("There are resources in this workspace")
    default_detail = _("Move or delete its resources first, or archive it.")


class WorkspaceArchived(errors.Conflict):
    """Something was to be put into an archived workspace."""

    code = "rbac.workspace_archived"
    title = _("This workspace is archived")
    default_detail = _("Bring it back first, or choose another workspace.")


class ResourceInsideItself(errors.Conflict):
    """A resource was moved into itself or below itself."""

    code = "rbac.resource_cycle"
    title = _("A resource cannot stand inside itself")
    default_detail = _("Choose a place that is not below this resource.")


class ResourcesTooDeep(errors.Conflict):
    """The tree would become deeper than it may be."""

    code = "rbac.resource_depth"
    title = _("Too deep in the tree")
    default_detail = _("Twelve steps below the organisation are the most. Choose a place further up.")


class ResourceNotEmpty(errors.Conflict):
    """A resource with others below it was to be deleted."""

    code = "rbac.resource_not_empty"
    title = _("There are resources below this one")
    default_detail = _("Move or delete what is below it first.")


class RoleNameTaken(errors.Conflict):
    """The code or name of an own role is one that a ready-made role or another own one has."""

    code = "rbac.role_name_taken"
    title = _("Another role has this name")
    default_detail = _("Choose a name and a short code that no ready-made role and no other role here has.")


class TooManyRoles(errors.Conflict):
    """An organisation has as many own roles as it can have (`services.custom_roles.MOST_ROLES`)."""

    code = "rbac.too_many_roles"
    title = _("There are too many roles here")
    default_detail = _("Delete roles that nobody holds, or give several people the same one.")


class RoleCycle(errors.Invalid):
    """A role would inherit itself, in one step or in several."""

    code = "rbac.role_cycle"
    title = _("A role cannot inherit itself")
    default_detail = _("Choose a role that does not inherit this one.")


class InheritsHigher(errors.Invalid):
    """A role would inherit one that ranks above it."""

    code = "rbac.inherits_higher"
    title = _("A role cannot inherit a higher one")
    default_detail = _("Raise the rank of this role, or inherit one that ranks no higher.")


class RoleInUse(errors.Conflict):
    """Somebody holds the role, or another role inherits it."""

    code = "rbac.role_in_use"
    title = _("This role is in use")
    default_detail = _("Take it from everybody who holds it, and from the roles that inherit it; then delete it.")


class OwnRoleUpwards(errors.Forbidden):
    """Somebody would add rights to a role that they hold themselves."""

    code = "rbac.own_role_upwards"
    title = _("You hold this role yourself")
    default_detail = _("Nobody adds rights to a role of their own. Ask another administrator.")


class SuperiorTouched(errors.Forbidden):
    """Somebody who ranks above the actor would lose rights."""

    code = "rbac.superior_touched"
    title = _("Somebody here ranks above you")
    default_detail = _("This would change what a person above you may do. Ask somebody with a role as high as theirs.")


class OwnerDenied(errors.Conflict):
    """An owner would be denied rights in the whole organisation."""

    code = "rbac.owner_denied"
    title = _("Owners cannot be denied")
    default_detail = _("Deny it to people or teams without an owner, or only on a part of the organisation.")


class MembersRole(errors.Conflict):
    """The one lasting role of a member in the organisation is changed with the membership."""

    code = "rbac.members_role"
    title = _("This is the role of the member")
    default_detail = _("Change it on the page of the member. A further one of these roles needs an end.")


class NotGrantable(errors.Invalid):
    """The right cannot be granted on this single object."""

    code = "rbac.not_grantable"
    title = _("This right is not for that object")
    default_detail = _("Choose a right that is about objects of this kind.")


class EndPassed(errors.Invalid):
    """The end lies in the past."""

    code = "rbac.end_passed"
    title = _("The end has passed")
    default_detail = _("Choose an end that lies ahead, or none.")


class HeldAlready(errors.Conflict):
    """The very same role is held there already."""

    code = "rbac.held_already"
    title = _("They hold it already")
    default_detail = _("Change its end instead, or take it away first.")


class TooManyTypes(errors.Conflict):
    """A host product has as many types or modules as it can have (`services.products`)."""

    code = "rbac.too_many_types"
    title = _("The product has too many of these")
    default_detail = _("Use a type or module that is there. A product has 200 types and 100 modules at most.")


class ModuleIsOff(errors.Conflict):
    """Something of a module would begin that the organisation has switched off."""

    code = "rbac.module_is_off"
    title = _("This part of the product is switched off here")
    default_detail = _("Ask an administrator of the organisation to switch it on.")


class RunStateImpossible(errors.Conflict):
    """A run would come into a state that does not follow from the present one."""

    code = "rbac.run_state_impossible"
    title = _("The run cannot come into that state")
    default_detail = _("Read the run again. What has ended stays as it ended, and what runs does not wait again.")


class RunEnded(errors.Conflict):
    """Somebody would stop a run, or write into its log, that has ended."""

    code = "rbac.run_ended"
    title = _("The run has ended")
    default_detail = _("Nothing can be added to it or stopped any more.")


class RunLogFull(errors.Conflict):
    """The log of a run has as many lines as it can have (`services.runs.LINES`)."""

    code = "rbac.run_log_full"
    title = _("The log of this run is full")
    default_detail = _("A run has 10,000 lines at most. Tell of its progress instead, and keep the rest yourself.")


class QuestionsRefused(CodeUnknown):
    """Some of many questions name a permission that does not exist; `fields` says which."""

    default_detail = _("Check the named permissions. None of the questions was answered.")


class ChangesForgotten(errors.StewardError):
    """A cursor of the feed of changes from before a restore."""

    code = "rbac.changes_forgotten"
    status = 410
    title = _("What changed since then is not known any more")
    default_detail = _("Drop every decision that you keep, and ask without a cursor to begin anew.")


class PersonKnownOtherwise(errors.Conflict):
    """A host product has another id for the person already."""

    code = "rbac.person_known_otherwise"
    title = _("This person has another id already")
    default_detail = _("One product knows a person by one id. Delete the other one first.")


class ReviewEmpty(errors.Invalid):
    """Nobody holds anything of what a review should be about."""

    code = "rbac.review_empty"
    title = _("There is nothing to review")
    default_detail = _("Nobody holds any of this. Choose another part of the organisation, or other roles.")


class ReviewTooLarge(errors.Invalid):
    """More items than one review can have (`review_snapshot.MOST_ITEMS`)."""

    code = "rbac.review_too_large"
    title = _("This is too much for one review")
    default_detail = _("Start several: one for each workspace, or one for some of the roles at a time.")


class ReviewOver(errors.Conflict):
    """A review that is closing or closed cannot be decided any more."""

    code = "rbac.review_over"
    title = _("This review is closed")
    default_detail = _("Nothing in it can be decided any more. Start another one, or change the access itself.")


class ReviewSettled(errors.Conflict):
    """What was revoked, or is gone, cannot be decided again."""

    code = "rbac.review_settled"
    title = _("This is settled already")
    default_detail = _("It was revoked, or was gone before. Give it again on the page of access if it is needed.")


class NotTheReviewer(errors.Forbidden):
    """Somebody decides what is another reviewer's, or about themselves."""

    code = "rbac.not_the_reviewer"
    title = _("This is not yours to decide")
    default_detail = _("Decide what is listed for you. Nobody decides about themselves or a team that they are in.")


class CodeInvalid(errors.Invalid):
    """A file of roles and access that cannot be understood; `fields` names every line."""

    code = "rbac.code_invalid"
    title = _("This file cannot be taken")
    default_detail = _("Correct the named lines. Nothing was changed.")


class CodeOutdated(errors.Conflict):
    """What a file would do is no longer what was shown."""

    code = "rbac.code_outdated"
    title = _("Something changed meanwhile")
    default_detail = _("The plan is no longer what you saw. Look at it again, then apply it.")
