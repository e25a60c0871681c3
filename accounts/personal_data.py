"""What accounts holds about people."""

from django.utils.translation import gettext_lazy as _

from portal.kit.personal import rows_of
from portal.kit.registry import PersonalData, personal_data

WITH_ACCOUNT = _("As long as the account; a pseudonym stays where the audit trail names the person.")

personal_data.add(
    PersonalData(
        "account",
        _("Account"),
        _("Name, user name, e-mail address, preferences and picture, and when the account was made and last seen."),
        WITH_ACCOUNT,
        ("accounts.User",),
        rows_of(
            "accounts.User",
            "pk",
            "id",
            "username",
            "email",
            "email_verified_at",
            "name",
            "kind",
            "is_active",
            "is_root",
            "preferences",
            "avatar",
            "password_changed_at",
            "last_seen_at",
            "created_at",
            "leaving_at",
        ),
    )
)
personal_data.add(
    PersonalData(
        "sessions",
        _("Sessions"),
        _("Browsers and clients that are signed in as the person, with network address and browser."),
        _("Until they end; their row goes with the nightly clean-up."),
        ("accounts.Session",),
        rows_of(
            "accounts.Session",
            "user_id",
            "kind",
            "method",
            "label",
            "address",
            "agent",
            "created_at",
            "seen_at",
            "expires_at",
            "second_factor_at",
        ),
    )
)
personal_data.add(
    PersonalData(
        "organisations",
        _("Organisations"),
        _("Which organisations the person belongs to, and since when."),
        _("Until the person leaves or is removed; the trail keeps that."),
        ("accounts.Membership",),
        rows_of("accounts.Membership", "user_id", "organisation__slug", "organisation__name", "state", "joined_at"),
    )
)
personal_data.add(
    PersonalData(
        "invitations_sent",
        _("Invitations"),
        _("Which invitations the person sent, with which role. The invited addresses are other people's."),
        _("30 days after they could last be used."),
        ("accounts.Invitation",),
        rows_of("accounts.Invitation", "invited_by_id", "role__code", "created_at", "expires_at", "accepted_at"),
    )
)
personal_data.add(
    PersonalData(
        "links",
        _("Single-use links"),
        _("When a link was mailed to the person, what for, and when it was used. Never the link itself."),
        _("A week after they end."),
        ("accounts.Link",),
        rows_of("accounts.Link", "user_id", "kind", "created_at", "expires_at", "used_at"),
    )
)
personal_data.add(
    PersonalData(
        "imports",
        _("Imports of people"),
        _("Which files of people the person uploaded. Their rows are other people's data."),
        _("A day."),
        ("accounts.PeopleImport",),
        rows_of("accounts.PeopleImport", "uploaded_by_id", "filename", "state", "created_at"),
    )
)
personal_data.add(
    PersonalData(
        "copies",
        _("Copies of one's data"),
        _("When the person asked for a copy of their data, and when it was ready."),
        _("Seven days."),
        ("accounts.OwnExport",),
        rows_of("accounts.OwnExport", "user_id", "state", "created_at", "finished_at", "expires_at"),
    )
)
personal_data.add(
    PersonalData(
        "consents",
        _("Consents"),
        _("Which versions of the terms of use and the privacy policy the person agreed to, when and from where."),
        _("For good, to prove it; without the network address once the person is erased."),
        ("accounts.Consent",),
        rows_of("accounts.Consent", "user_id", "kind", "version", "given_at", "address"),
    )
)
personal_data.add(
    PersonalData(
        "authenticator_apps",
        _("Authenticator apps"),
        _("Which authenticator apps the person has set up, and when each was last used. Never their seeds."),
        WITH_ACCOUNT,
        ("accounts.TotpDevice",),
        rows_of("accounts.TotpDevice", "user_id", "confirmed", "created_at", "confirmed_at", "last_used_at"),
    )
)
personal_data.add(
    PersonalData(
        "recovery_codes",
        _("Recovery codes"),
        _("When the recovery codes were made and used. Never the codes."),
        WITH_ACCOUNT,
        ("accounts.RecoveryCode",),
        rows_of("accounts.RecoveryCode", "user_id", "created_at", "used_at"),
    )
)
personal_data.add(
    PersonalData(
        "pending_sign_ins",
        _("Sign-ins that wait for their second step"),
        _("A sign-in whose password was right and whose second factor is still to come."),
        _("Ten minutes; the row goes with the nightly clean-up."),
        ("accounts.PendingSignIn",),
        rows_of("accounts.PendingSignIn", "user_id", "method", "created_at", "expires_at", "address", "agent"),
    )
)
personal_data.add(
    PersonalData(
        "passkeys",
        _("Passkeys"),
        _("Which passkeys and security keys the person has, by name and make, and when each was last used."),
        WITH_ACCOUNT,
        ("accounts.Passkey",),
        rows_of("accounts.Passkey", "user_id", "name", "transports", "syncs", "aaguid", "created_at", "last_used_at"),
    )
)
personal_data.add(
    PersonalData(
        "passkey_challenges",
        _("Challenges of passkeys"),
        _("A random number that a passkey is asked to sign."),
        _("Minutes."),
        ("accounts.PasskeyChallenge",),
        withheld=_("A random number that says nothing about the person."),
    )
)
personal_data.add(
    PersonalData(
        "recoveries",
        _("Lost devices"),
        _("When somebody asked to let the person in again after losing a device, why, and how that ended."),
        WITH_ACCOUNT,
        ("accounts.Recovery",),
        rows_of("accounts.Recovery", "user_id", "reason", "state", "asked_at", "expires_at", "ended_at"),
    )
)
personal_data.add(
    PersonalData(
        "registrations",
        _("Registration"),
        _("The address that the person registered or is changing to, and when it was confirmed."),
        _("A week after it could last be used."),
        ("accounts.Registration",),
        rows_of("accounts.Registration", "user_id", "email", "created_at", "expires_at", "used_at"),
    )
)
personal_data.add(
    PersonalData(
        "devices",
        _("Known devices"),
        _("Since when a browser is known to belong to the person. Which one is kept as a hash alone."),
        WITH_ACCOUNT,
        ("accounts.Device",),
        rows_of("accounts.Device", "user_id", "created_at", "seen_at"),
    )
)
personal_data.add(
    PersonalData(
        "keys",
        _("API keys"),
        _("Which keys the person owns, what they may do, and when and from where each was last used. Never the keys."),
        WITH_ACCOUNT,
        ("accounts.Key",),
        rows_of(
            "accounts.Key",
            "owner_id",
            "name",
            "prefix",
            "scopes",
            "created_at",
            "expires_at",
            "revoked_at",
            "last_used_at",
            "last_address",
        ),
    )
)
personal_data.add(
    PersonalData(
        "service_accounts",
        _("Service accounts"),
        _("Accounts of machines. They are about no person; who made one is named by an id."),
        _("As long as the service account."),
        ("accounts.ServiceAccount",),
        rows_of("accounts.ServiceAccount", "created_by", "description", "created_at"),
    )
)
personal_data.add(
    PersonalData(
        "address_changes",
        _("Changes of the address"),
        _("Which address the person asked to have instead, when, and how that ended."),
        _("A month after it could last be confirmed."),
        ("accounts.AddressChange",),
        rows_of("accounts.AddressChange", "user_id", "email", "created_at", "expires_at", "ended_at"),
    )
)

personal_data.add(
    PersonalData(
        "survey_answers",
        _("Answers to surveys"),
        _("What the person answered when asked how they like it, or that they put the question away."),
        _("For good, as numbers: when the person is deleted, their name and comment are taken out."),
        ("accounts.SurveyAnswer",),
        rows_of("accounts.SurveyAnswer", "user_id", "kind", "score", "comment", "answered_at"),
    )
)
