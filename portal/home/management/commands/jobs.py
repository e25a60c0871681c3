"""`manage.py jobs reference`: jobs and schedules."""

from portal.home.references.command import ReferenceCommand


class Command(ReferenceCommand):
    """Prints, or with --write renews, docs/jobs.md."""

    help = "reference: jobs and schedules, as docs/jobs.md. --write renews the file."
    noun = "jobs"
