"""Errors of rights for a while, of broken glass and of separated duties."""

from django.utils.translation import gettext_lazy as _

from portal.kit import errors


class DutiesConflict(errors.Conflict):
    """Somebody would come to hold what a rule says nobody may hold together; `detail` names the rule."""

    code = "rbac.duties_conflict"
    title = _("A rule separates these duties")
    default_detail = _("Nobody may hold both. Take the other one away first, or choose a role without it.")


class RuleNameTaken(errors.Conflict):
    """Another rule is called so."""

    code = "rbac.rule_name_taken"
    title = _("Another rule has this name")
    default_detail = _("Choose a name that no other rule here has.")


class TooManyRules(errors.Conflict):
    """More rules than are checked with every change (`services.duties.MOST_RULES`)."""

    code = "rbac.too_many_rules"
    title = _("There are too many rules here")
    default_detail = _("Delete a rule, or put its codes into another one.")


class ElevationOpen(errors.Conflict):
    """The same role was asked for there and waits, or counts."""

    code = "rbac.elevation_open"
    title = _("This was asked for already")
    default_detail = _("Wait for the answer, or withdraw the request first.")


class ElevationGone(errors.Conflict):
    """It was decided, withdrawn or is over."""

    code = "rbac.elevation_gone"
    title = _("This request is over")
    default_detail = _("Somebody decided it meanwhile, or it was not answered in time. It can be asked for again.")


class ElevationRole(errors.Invalid):
    """A role that nobody can have for a while: ownership, the highest one, and the developer's."""

    code = "rbac.elevation_role"
    title = _("This role is not for a while")
    default_detail = _("Choose another role. Ownership and the highest role are given for good, or not at all.")


class SecondPersonNeeded(errors.Forbidden):
    """Somebody would decide about a request or an emergency of their own."""

    code = "rbac.second_person_needed"
    title = _("Somebody else has to decide")
    default_detail = _("Nobody decides about themselves, nor through a key or a service account. Ask a colleague.")


class InPerson(errors.Forbidden):
    """A key, a service account or somebody who sees the console as somebody else did what people do themselves."""

    code = "rbac.in_person"
    title = _("People do this themselves")
    default_detail = _("Sign in as yourself. Neither a key nor a view of somebody else's console can do this.")


class FromElevation(errors.Conflict):
    """The end of a binding that follows from an elevation or from broken glass was to be changed."""

    code = "rbac.from_elevation"
    title = _("This ends by itself")
    default_detail = _("It was approved until then. Take it away, or let it be asked for again.")


class GlassOpen(errors.Conflict):
    """The person broke the glass there already, or still owes the note of the time before."""

    code = "rbac.glass_open"
    title = _("The time before is not finished")
    default_detail = _("End it and write what you did. Then the glass can be broken again.")


class GlassStage(errors.Conflict):
    """What was asked does not fit what has become of it: no note yet, reviewed already, still running."""

    code = "rbac.glass_stage"
    title = _("It is not that far, or further already")
    default_detail = _(
        "First it ends, then a note says what was done, then another person reviews it. Look at it again."
    )
