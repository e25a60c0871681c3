"""What accounts lets go of."""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from accounts.lockout import FORGET
from accounts.services.allowances import SPAN
from accounts.services.imports import KEEP
from portal.kit.registry import Cleanup, Rows, cleanups

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
        _("Mailed links for a new password or an address, used or expired a week ago. They opened nothing any more."),
        table="accounts_link",
        column="expires_at",
        keep=timedelta(days=7),
        permission=PERMISSION,
        sample=(("created_at", _("Created")), ("used_at", _("Used"))),
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
cleanups.add(
    Cleanup(
        "accounts.pending_sign_ins",
        _("Unfinished sign-ins"),
        _("Sign-ins that waited for a second factor which did not come in time. They opened nothing."),
        table="accounts_pending_sign_in",
        column="expires_at",
        keep=timedelta(0),
        permission=PERMISSION,
        sample=(("created_at", _("Begun")), ("address", _("Address"))),
        category="expired-sessions",
        max_share=100,
    )
)
cleanups.add(
    Cleanup(
        "accounts.keys",
        _("Ended API keys"),
        _(
            "Keys that were revoked, rotated or expired 90 days ago, with the counts of their use. The trail keeps them."
        ),
        table="accounts_key",
        column="expires_at",
        keep=timedelta(days=90),
        permission=PERMISSION,
        sample=(("name", _("Name")), ("prefix", _("Begins with")), ("expires_at", _("Ended"))),
        how=Rows(children=(("accounts_key_use", "key_id"),)),
        category="expired-sessions",
        max_share=100,
    )
)
cleanups.add(
    Cleanup(
        "accounts.abandoned_factors",
        _("Second factors that were never confirmed"),
        _("Seeds of authenticator apps that somebody began to set up, a day later. Confirmed ones stay."),
        table="accounts_totp_device",
        column="created_at",
        keep=timedelta(days=1),
        permission=PERMISSION,
        sample=(("created_at", _("Begun")),),
        condition="NOT confirmed",
        category="expired-sessions",
        max_share=100,
    )
)
cleanups.add(
    Cleanup(
        "accounts.devices",
        _("Known browsers"),
        _("Browsers and clients that nobody signed in with for 400 days. The next sign-in with one is told of as new."),
        table="accounts_device",
        column="seen_at",
        keep=timedelta(days=400),
        permission=PERMISSION,
        sample=(("created_at", _("First sign-in")), ("seen_at", _("Last sign-in"))),
        category="expired-sessions",
        max_share=100,
    )
)
cleanups.add(
    Cleanup(
        "accounts.registrations",
        _("Registrations"),
        _("Addresses that wanted an account, used or expired a week ago. Whoever registered stays."),
        table="accounts_registration",
        column="expires_at",
        keep=timedelta(days=7),
        permission=PERMISSION,
        sample=(("created_at", _("Begun")), ("used_at", _("Used"))),
        category="expired-sessions",
        max_share=100,
    )
)
cleanups.add(
    Cleanup(
        "accounts.address_changes",
        _("Changes of addresses"),
        _("Changes of e-mail addresses, done or not, a month after they could last be confirmed. Addresses stay."),
        table="accounts_address_change",
        column="expires_at",
        keep=timedelta(days=30),
        permission=PERMISSION,
        sample=(("created_at", _("Asked for")), ("ended_at", _("Ended"))),
        category="expired-sessions",
        how=Rows(children=(("accounts_link", "change_id"),)),
        max_share=100,
    )
)
cleanups.add(
    Cleanup(
        "accounts.asks",
        _("Unanswered requests"),
        _("Requests for a password link or a registration that no worker answered within a day."),
        table="accounts_ask",
        column="created_at",
        keep=timedelta(days=1),
        permission=PERMISSION,
        sample=(("created_at", _("Asked")), ("kind", _("For"))),
        category="expired-sessions",
        max_share=100,
    )
)
cleanups.add(
    Cleanup(
        "accounts.mail_allowances",
        _("Counters of mails"),
        _("Counts of mails that people without a session asked for, a day after the last one."),
        table="accounts_mail_allowance",
        column="last_at",
        keep=timedelta(days=1),
        permission=PERMISSION,
        sample=(("last_at", _("Last")),),
        key="slot",
        category="expired-sessions",
        floor=SPAN,  # A count that goes sooner would let somebody ask on.
        max_share=100,
    )
)
cleanups.add(
    Cleanup(
        "accounts.passkey_challenges",
        _("Unanswered passkey challenges"),
        _("Questions to a passkey that nobody answered within five minutes. They let nobody in any more."),
        table="accounts_passkey_challenge",
        column="expires_at",
        keep=timedelta(0),
        permission=PERMISSION,
        sample=(("purpose", _("Purpose")), ("expires_at", _("Expired"))),
        category="expired-sessions",
        max_share=100,  # They live for five minutes; at night nearly all of them are over.
    )
)
cleanups.add(
    Cleanup(
        "accounts.recoveries",
        _("Old recoveries"),
        _("Recoveries of lost devices, 400 days after they could last be approved. The trail keeps who decided."),
        table="accounts_recovery",
        column="expires_at",
        keep=timedelta(days=400),
        permission=PERMISSION,
        sample=(("asked_at", _("Asked")), ("state", _("Status"))),
        category="expired-sessions",
    )
)
