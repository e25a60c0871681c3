"""Kinds of news about work in the background."""

from django.utils.translation import gettext_lazy as _

from portal.kit.notices.categories import Category, categories

categories.add(
    Category(
        "job",
        _("Jobs"),
        _("Ends of jobs that you started, of schedules that you asked about, and the morning report."),
        reason=_("You get this because you started it, asked to be told of it, or look after schedules here."),
        open_links=True,
        order=30,
    )
)
