"""Settings of people: who may make an account, passwords, second factors, sessions, privacy, surveys."""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from accounts.setting_consequences import domains_told, duty_told, registration_told, sessions_told
from portal.kit.runtime.declare import Group, Setting, fewer, more, setting
from portal.kit.runtime.kinds import Choice, Domains, Duration, Flag, Number, Text, Url

REGISTRATION_GROUP = Group("registration", _("Registration"), _("Who may make an account."), 2)
SIGN_IN = Group("sign-in", _("Sign-in"), _("Passwords and second factors."), 3)
SESSIONS = Group("sessions", _("Sessions"), _("How long one stays signed in; for sessions from now on."), 4)
PRIVACY = Group("privacy", _("Privacy"), _("What people agree to, and how they leave."), 8)
SURVEYS = Group("surveys", _("Surveys"), _("Whom the portal asks how they like it, and how often."), 10)

_OPENNESS: Sequence[str] = ("off", "invite-only", "open")
_LONGER = _("A session that somebody leaves open, or steals, stays open for longer.")

REGISTRATION = setting(
    Setting(
        "registration.who",
        REGISTRATION_GROUP,
        _("Registration"),
        _("Who may make an account."),
        Choice(
            lambda: (
                ("open", _("Open: whoever proves an address")),
                ("invite-only", _("By invitation")),
                ("off", _("Closed: administrators make accounts")),
            )
        ),
        attribute="STEWARD_REGISTRATION",
        variable="STEWARD_REGISTRATION",
        weaker=lambda before, after: _OPENNESS.index(after) > _OPENNESS.index(before),
        weakens=_("More people than before can make an account by themselves."),
        consequence=registration_told,
    )
)
DOMAINS = setting(
    Setting(
        "registration.domains",
        REGISTRATION_GROUP,
        _("Allowed mail domains"),
        _(
            "While registration is open: only addresses of these domains get a link. Empty: any. Invitations are not held up."
        ),
        Domains(),
        default=(),
        weaker=lambda before, after: bool(before) and (not after or bool(set(after) - set(before))),
        weakens=_("Addresses of more domains can register."),
        consequence=domains_told,
    )
)
PASSWORD_LENGTH = setting(
    Setting(
        "passwords.length",
        SIGN_IN,
        _("Shortest password"),
        _("Of passwords that are chosen from now on. NIST recommends 15."),
        Number(8, 64, _("characters")),
        default=15,
        weaker=fewer,
        weakens=_("Shorter passwords are easier to guess."),
    )
)
FACTOR_DUTY = setting(
    Setting(
        "second_factor.duty",
        SIGN_IN,
        _("Second factor needed by"),
        _("Judged at each sign-in and change of roles; from then on the time below counts."),
        Choice(
            lambda: (
                ("everybody", _("Everybody")),
                ("administrators", _("Staff, and owners and administrators of organisations")),
                ("staff", _("Staff alone")),
            )
        ),
        default="administrators",
        weaker=lambda before, after: _STRICTNESS.index(after) < _STRICTNESS.index(before),
        weakens=_("A stolen password alone opens more accounts."),
        consequence=duty_told,
    )
)
_STRICTNESS: Sequence[str] = ("staff", "administrators", "everybody")
FACTOR_GRACE = setting(
    Setting(
        "second_factor.grace",
        SIGN_IN,
        _("Time to set one up"),
        _("Counted from when somebody first needs one."),
        Duration("days", 0, 90),
        attribute="STEWARD_FACTOR_GRACE",
        variable="STEWARD_FACTOR_GRACE_DAYS",
        weaker=more,
        weakens=_("People with important roles go without a second factor for longer."),
    )
)
IMPERSONATION = setting(
    Setting(
        "sessions.impersonation",
        SESSIONS,
        _("See the console as somebody else"),
        _("Whether administrators may, for 30 minutes and with a reason."),
        Flag(),
        attribute="STEWARD_IMPERSONATION",
        variable="STEWARD_IMPERSONATION",
        weaker=lambda before, after: after and not before,
        weakens=_("Administrators can look at what other people see."),
    )
)
IDLE = setting(
    Setting(
        "sessions.idle",
        SESSIONS,
        _("Idle end"),
        _("A session ends when nobody has done anything for so long."),
        Duration("minutes", 1, 10_080),
        attribute="SESSION_IDLE",
        variable="STEWARD_SESSION_IDLE_MINUTES",
        weaker=more,
        weakens=_LONGER,
        consequence=sessions_told,
    )
)
IDLE_STAFF = setting(
    Setting(
        "sessions.idle_staff",
        SESSIONS,
        _("Idle end, staff"),
        _("The same for whoever has a role of the installation."),
        Duration("minutes", 1, 10_080),
        attribute="SESSION_IDLE_STAFF",
        variable="STEWARD_SESSION_IDLE_STAFF_MINUTES",
        weaker=more,
        weakens=_LONGER,
        consequence=sessions_told,
    )
)
ABSOLUTE = setting(
    Setting(
        "sessions.absolute",
        SESSIONS,
        _("Absolute end"),
        _("So long after sign-in one has to sign in again in any case."),
        Duration("hours", 1, 8760),
        attribute="SESSION_ABSOLUTE",
        variable="STEWARD_SESSION_HOURS",
        weaker=more,
        weakens=_LONGER,
        consequence=sessions_told,
    )
)
ABSOLUTE_STAFF = setting(
    Setting(
        "sessions.absolute_staff",
        SESSIONS,
        _("Absolute end, staff"),
        _("The same for whoever has a role of the installation."),
        Duration("hours", 1, 8760),
        attribute="SESSION_ABSOLUTE_STAFF",
        variable="STEWARD_SESSION_STAFF_HOURS",
        weaker=more,
        weakens=_LONGER,
        consequence=sessions_told,
    )
)
WARNING = setting(
    Setting(
        "sessions.warning",
        SESSIONS,
        _("Warning before the idle end"),
        _("How long before it pages ask whether one stays."),
        Duration("seconds", 5, 3600),
        attribute="STEWARD_SESSION_WARNING",
        variable="STEWARD_SESSION_WARNING_SECONDS",
    )
)
ACCESS_TOKEN = setting(
    Setting(
        "sessions.access_token",
        SESSIONS,
        _("Access tokens of the API"),
        _("How long one opens anything."),
        Duration("minutes", 1, 1440),
        attribute="STEWARD_ACCESS_TOKEN",
        variable="STEWARD_ACCESS_TOKEN_MINUTES",
        weaker=more,
        weakens=_LONGER,
    )
)
REFRESH_TOKEN = setting(
    Setting(
        "sessions.refresh_token",
        SESSIONS,
        _("Refresh tokens of the API"),
        _("A client that is not used for so long has to sign in again."),
        Duration("days", 1, 365),
        attribute="STEWARD_REFRESH_TOKEN",
        variable="STEWARD_REFRESH_TOKEN_DAYS",
        weaker=more,
        weakens=_LONGER,
    )
)
DELETION_GRACE = setting(
    Setting(
        "privacy.deletion_grace",
        PRIVACY,
        _("Time before an account is deleted"),
        _("In which whoever asked for it can call it off."),
        Duration("days", 1, 90),
        attribute="STEWARD_DELETION_GRACE_DAYS",
        variable="STEWARD_DELETION_GRACE_DAYS",
    )
)
TERMS_URL = setting(
    Setting(
        "privacy.terms",
        PRIVACY,
        _("Terms of use"),
        _("The page that people agree to when they register. Empty: none are asked for."),
        Url(),
        attribute="STEWARD_TERMS_URL",
        variable="STEWARD_TERMS_URL",
    )
)
TERMS_VERSION = setting(
    Setting(
        "privacy.terms_version",
        PRIVACY,
        _("Version of the terms"),
        _("With another one everybody is asked to agree again."),
        Text(20, blank=False),
        attribute="STEWARD_TERMS_VERSION",
        variable="STEWARD_TERMS_VERSION",
    )
)
PRIVACY_URL = setting(
    Setting(
        "privacy.policy",
        PRIVACY,
        _("Privacy policy"),
        _("The page that people agree to when they register. Empty: none is asked for."),
        Url(),
        attribute="STEWARD_PRIVACY_URL",
        variable="STEWARD_PRIVACY_URL",
    )
)
PRIVACY_VERSION = setting(
    Setting(
        "privacy.policy_version",
        PRIVACY,
        _("Version of the policy"),
        _("With another one everybody is asked to agree again."),
        Text(20, blank=False),
        attribute="STEWARD_PRIVACY_VERSION",
        variable="STEWARD_PRIVACY_VERSION",
    )
)
SURVEY_SHARE = setting(
    Setting(
        "surveys.share",
        SURVEYS,
        _("How many are asked"),
        _("Always the same people, by chance. 0: nobody."),
        Number(0, 100, _("percent of all people")),
        default=100,
    )
)
SURVEY_QUIET = setting(
    Setting(
        "surveys.quiet",
        SURVEYS,
        _("Quiet time"),
        _("Whoever answered, or put the question away, is left alone for so long."),
        Duration("days", 7, 730),
        default=90,
    )
)
SURVEY_SETTLED = setting(
    Setting(
        "surveys.settled",
        SURVEYS,
        _("Not asked at first"),
        _("Whoever has just arrived cannot tell yet."),
        Duration("days", 0, 365),
        default=14,
    )
)
