"""Errors of backups. Each says which file and which place, and what to do."""

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from portal.kit import errors


class BackupError(errors.Conflict):
    """A backup cannot be made, read or trusted."""

    code = "maintenance.backup_failed"
    title = _("The backup did not work")
    default_detail = _("Look at the log of the job; the backups that exist are untouched.")


class BackupRunning(BackupError):
    """Two backups of one database at once would only take each other's time."""

    code = "maintenance.backup_running"
    title = _("A backup is being made already")
    default_detail = _("Wait until it is finished; its job shows how far it is.")


class ToolsMissing(BackupError):
    """No pg_dump of a fitting version."""

    code = "maintenance.backup_tools_missing"
    title = _("The programs of PostgreSQL are missing")


class TargetFailed(BackupError):
    """A target cannot be written or read."""

    code = "maintenance.backup_target_failed"
    title = _("The backup target does not answer")


class TargetFull(TargetFailed):
    """No room is left at a target."""

    code = "maintenance.backup_target_full"
    title = _("The backup target is full")


class NoSuchFile(TargetFailed):
    """A file is not at the target."""

    code = "maintenance.backup_file_missing"
    title = _("A file of the backup is missing")


class NotABackup(BackupError):
    """There is no manifest: the backup was never finished, or this is something else."""

    code = "maintenance.backup_without_manifest"
    title = _("There is no such backup")


class UnknownKey(BackupError):
    """The key that it was encrypted with is not configured."""

    code = "maintenance.backup_key_unknown"
    title = _("The key of this backup is missing")

    def __init__(self, key_id: str, file: str) -> None:
        self.key_id = key_id
        super().__init__(
            _t(
                "%(file)s was encrypted with the backup key “%(key)s”, which this installation does not have. "
                "Add it to STEWARD_BACKUP_KEYS (or to the file that STEWARD_BACKUP_KEYS_FILE names) as %(key)s:base64."
            )
            % {"file": file, "key": key_id}
        )


class ForeignFile(BackupError):
    """It does not begin like a file of ours."""

    code = "maintenance.backup_foreign"
    title = _("This is not a backup of Steward")


class UnknownVersion(BackupError):
    """Written by a newer Steward."""

    code = "maintenance.backup_version_unknown"
    title = _("This backup was made by a newer version")


class Damaged(BackupError):
    """A byte differs, is missing or is too many. `offset` counts the stored bytes of `file` from 0."""

    code = "maintenance.backup_damaged"
    title = _("The backup is damaged")

    def __init__(self, file: str, offset: int, problem: str) -> None:
        self.file, self.offset, self.problem = file, offset, problem
        super().__init__(
            _t("%(file)s is damaged at byte %(offset)d: %(problem)s Use another copy or an older backup.")
            % {"file": file, "offset": offset, "problem": problem}
        )
