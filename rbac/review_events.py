"""Events of access reviews, and of roles and access as a file."""

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import Event, events

for code, sentence in (
    ("rbac.review.started", _("The access review {target} was started")),
    ("rbac.review.decided", _("{items} of the access review {target} were decided")),
    ("rbac.review.settled", _("{items} of the access review {target} were settled at its end")),
    ("rbac.review.assigned", _("{items} of the access review {target} went to other reviewers")),
    ("rbac.review.reminded", _("The reviewers of {target} were reminded")),
    ("rbac.review.closed", _("The access review {target} was closed")),
    ("rbac.review.exported", _("The report of the access review {target} was taken out")),
):
    events.add(Event(code, sentence, "authorisation", "notice"))
events.add(
    Event(
        "rbac.code.exported", _("The roles and access of {target} were taken out as a file"), "authorisation", "notice"
    )
)
events.add(
    Event(
        "rbac.code.applied",
        _("{changes} changes of roles and access of {target} were applied from a file"),
        "authorisation",
        "notice",
    )
)
