"""Errors of upkeep."""

from django.utils.translation import gettext_lazy as _

from portal.kit import errors


class NotRunning(errors.Conflict):
    """The run is finished already."""

    code = "maintenance.not_running"
    title = _("This job is finished already")
    default_detail = _("Nothing is left to cancel. Load the page again to see how it ended.")


class NotRetryable(errors.Conflict):
    """Only a failed or cancelled run can be queued again."""

    code = "maintenance.not_retryable"
    title = _("This job cannot be started again")
    default_detail = _("Only a failed or cancelled job can. Load the page again to see its present state.")


class JobUnknown(errors.Conflict):
    """The job of a run is not declared in this version."""

    code = "maintenance.job_unknown"
    title = _("This version does not know that job")
    sentence = _("This version of Steward knows no job %(job)s. Update what is older, or leave the run as it is.")


class PreviewStale(errors.Conflict):
    """The clean-up was confirmed with a preview that is old or of another filter."""

    code = "maintenance.preview_stale"
    title = _("This preview is no longer valid")
    default_detail = _("Look at a new preview and confirm that one. Nothing was deleted.")


class NotConfirmed(errors.Invalid):
    """So much would go that its name must be typed."""

    code = "maintenance.not_confirmed"
    title = _("This needs to be confirmed by its name")
    default_detail = _("Look at the numbers again. To go on, type the name that is shown there.")
    sentence = _("Look at the numbers again. To go on, type exactly: %(word)s")


class GuardTripped(errors.Conflict):
    """A clean-up that nobody looked at would take more of its table than it should."""

    code = "maintenance.guard_tripped"
    title = _("So much would go that somebody has to look first")
    sentence = _(
        "%(n)s of %(all)s rows (%(share)d %%) are past their time, more than %(most)d %%. Nothing was deleted. "
        "If clock and age are right, open the preview of this clean-up and confirm it there."
    )


class TableHeld(errors.Conflict):
    """Somebody held a lock on the table for as long as we tried."""

    code = "maintenance.table_held"
    title = _("Somebody else holds the table")
    sentence = _(
        "%(table)s could not be cleaned: %(who)s. End that session, then run this again; it goes on where it stood."
    )


class ScheduleFaulty(errors.Conflict):
    """A schedule whose job is gone cannot run."""

    code = "maintenance.schedule_faulty"
    title = _("This schedule cannot run")
    default_detail = _("Its job no longer exists in this version. Its page says what is wrong.")


class NightIncomplete(errors.StewardError):
    """Steps of a night failed; the others were done."""

    code = "maintenance.night_incomplete"
    title = _("Not everything of this night went well")
    default_detail = _(
        "Look at the steps that failed, mend what they name and run the night again: it repeats just those."
    )


class RestoreRefused(errors.Conflict):
    """The backup cannot be restored here; the sentence names the file and the place, or what differs."""

    code = "maintenance.restore_refused"
    title = _("This backup cannot be restored")
    default_detail = _("The backup does not fit this installation. Nothing was changed.")


class RestoreRunning(errors.Conflict):
    """Another restore is not finished yet."""

    code = "maintenance.restore_running"
    title = _("Another restore is running")
    default_detail = _("Wait until it has finished, or cancel its job. Nothing was started.")


class RestoreFailed(errors.Conflict):
    """A tool or a check failed on the way; the live database is as it was."""

    code = "maintenance.restore_failed"
    title = _("The restore failed")
    default_detail = _("The live database was not touched. Look at the log, then try again.")


class RestoreNotConfirmed(errors.Conflict):
    """The typed name is not the database's."""

    code = "maintenance.restore_not_confirmed"
    title = _("The name does not match")
    default_detail = _("Type the name of the live database to replace it. Nothing was changed.")


class NoDatabaseRights(errors.Conflict):
    """No login at hand may create or rename databases."""

    code = "maintenance.no_database_rights"
    title = _("A right on the database server is missing")
    default_detail = _("Set DATABASE_ADMIN_URL to a login that may create databases. Nothing was changed.")


class ForeignDatabase(errors.Conflict):
    """A database of that name was not made by a restore of this installation."""

    code = "maintenance.foreign_database"
    title = _("That database is not ours")
    default_detail = _("It does not carry the mark of a restore of this installation, so it is left alone.")
