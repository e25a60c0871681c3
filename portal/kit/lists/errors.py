"""Errors of lists."""

from django.utils.translation import gettext_lazy as _

from portal.kit import errors


class QueryMalformed(errors.BadRequest):
    """A filter, order, size or column that the list does not have; `fields` names it."""

    code = "kit.query_malformed"
    title = _("This address asks the list for something it does not have")
    default_detail = _("Correct the named parameters, or start again from the whole list.")


class TooManyRows(errors.Conflict):
    """More rows than one reply or one action takes."""

    code = "kit.too_many_rows"
    title = _("These are too many rows at once")
    default_detail = _("Narrow the list by a filter or a search and try again.")


class UndoExpired(errors.Conflict):
    """The undo was offered too long ago, or to somebody else."""

    code = "kit.undo_expired"
    title = _("That can no longer be undone here")
    default_detail = _("Select the rows again and choose the opposite action.")
