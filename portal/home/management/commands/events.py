"""`manage.py events reference`: every kind of event of the trail."""

from portal.home.references.command import ReferenceCommand


class Command(ReferenceCommand):
    """Prints, or with --write renews, docs/events.md."""

    help = "reference: every kind of event of the trail, as docs/events.md. --write renews the file."
    noun = "events"
