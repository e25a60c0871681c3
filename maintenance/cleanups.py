"""What upkeep itself lets go of."""

from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from portal.kit.registry import Cleanup, Emptied, Files, Vacuum, cleanups

PERMISSION = "cleanup:execute"

cleanups.add(
    Cleanup(
        "maintenance.temp_files",
        _("Temporary files"),
        _(
            "Files that nobody has written to for a day, in the folder of temporary files. What a process has open stays."
        ),
        keep=timedelta(hours=24),
        permission=PERMISSION,
        how=Files(lambda: settings.STEWARD_TEMP_PATH),
        floor=timedelta(hours=1),
        max_share=100,
    )
)
cleanups.add(
    Cleanup(
        "maintenance.stale_uploads",
        _("Unfinished uploads"),
        _("Parts of uploads that nobody has gone on with for two days. Whole files are never touched."),
        keep=timedelta(hours=48),
        permission=PERMISSION,
        how=Files(lambda: Path(settings.MEDIA_ROOT), pattern="*.part"),
        floor=timedelta(hours=24),
        max_share=100,
    )
)
cleanups.add(
    Cleanup(
        "maintenance.job_logs",
        _("Log lines of jobs"),
        _("What jobs wrote line by line, 30 days after they ended. The jobs, their results and errors stay for 90."),
        table="maintenance_job_run",
        column="finished_at",
        keep=timedelta(days=30),
        permission=PERMISSION,
        sample=(("finished_at", _("Ended")), ("name", _("Job")), ("state", _("State"))),
        condition="log <> '[]'::jsonb",
        category="execution-logs",
        how=Emptied({"log": "'[]'::jsonb"}),
        max_share=100,
    )
)
cleanups.add(
    Cleanup(
        "maintenance.finished_jobs",
        _("Finished jobs"),
        _("Jobs 90 days after they ended. What they did stays in the audit trail."),
        table="maintenance_job_run",
        column="finished_at",
        keep=timedelta(days=90),
        permission=PERMISSION,
        sample=(("finished_at", _("Ended")), ("name", _("Job")), ("state", _("State"))),
        category="execution-logs",
        floor=timedelta(days=7),
    )
)
cleanups.add(
    Cleanup(
        "maintenance.size_samples",
        _("Sizes of tables"),
        _("Daily measurements of the tables after two years."),
        table="maintenance_size_sample",
        column="day",
        keep=timedelta(days=730),
        permission=PERMISSION,
        sample=(("day", _("Day")), ("table", _("Table")), ("bytes", _("Bytes"))),
        category="execution-logs",
        floor=timedelta(days=90),
    )
)
cleanups.add(
    Cleanup(
        "maintenance.vacuum",
        _("Database vacuum"),
        _("VACUUM and ANALYZE of the tables with most dead rows. Nothing is deleted; queries become faster."),
        permission=PERMISSION,
        category="database-vacuum",
        how=Vacuum(),
    )
)
