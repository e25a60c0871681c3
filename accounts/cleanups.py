"""What accounts lets go of."""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from accounts.lockout import FORGET
from accounts.services.imports import KEEP
from portal.kit.registry import Cleanup, cleanups

PERMISSION = "cleanup:execute"

cleanups.add(
    Cleanup(
        "accounts.expired_sessions",
        _("Expired sessions"),
        _("Sign-ins that have reached their idle or absolute end. Nobody is signed out: these let nobody in any more."),
        table="accounts_session",
        column="expires_at",
        keep=timedelta(0),
        permission=PERMISSION,
        sample=(("created_at", _("Signed in")), ("address", _("Address"))),
        category="expired-sessions",
        max_share=100,  # After a holiday nearly all of them have expired.
    )
)
cleanups.add(
    Cleanup(
        "accounts.abandoned_imports",
        _("Uploaded imports"),
        _("Checked files of people, imported or not, two days after they were uploaded. The people themselves stay."),
        table="accounts_people_import",
        column="created_at",
        keep=KEEP,
        permission=PERMISSION,
        sample=(("created_at", _("Uploaded")), ("filename", _("File")), ("state", _("State"))),
        max_share=100,  # Nearly all of them are drafts that nobody came back for.
    )
)
cleanups.add(
    Cleanup(
        "accounts.sign_in_counters",
        _("Sign-in counters"),
        _("Counts of failed sign-ins after a day without another one. The failures stay in the audit trail."),
        table="accounts_sign_in_counter",
        column="last_at",
        keep=FORGET,
        permission=PERMISSION,
        sample=(("last_at", _("Last failure")), ("failures", _("Failures"))),
        key="slot",
        category="expired-sessions",
        floor=FORGET,  # A count that goes sooner would let somebody guess on.
        max_share=100,
    )
)
cleanups.add(
    Cleanup(
        "accounts.links",
        _("Single-use links"),
        _("Mailed links for a new password, used or expired a week ago. They opened nothing any more."),
        table="accounts_link",
        column="expires_at",
        keep=timedelta(days=7),
        permission=PERMISSION,
        sample=(("created_at", _("Made")), ("used_at", _("Used"))),
        category="expired-sessions",
        max_share=100,
    )
)
cleanups.add(
    Cleanup(
        "accounts.invitations",
        _("Old invitations"),
        _("Invitations accepted, withdrawn or expired 30 days after they could last be used. Memberships stay."),
        table="accounts_invitation",
        column="expires_at",
        keep=timedelta(days=30),
        permission=PERMISSION,
        sample=(("sent_at", _("Sent")), ("accepted_at", _("Accepted")), ("revoked_at", _("Withdrawn"))),
        category="expired-sessions",
        max_share=100,
    )
)
