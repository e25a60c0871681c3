"""People, organisations, memberships, keys, sessions and sign-in counters."""

from accounts.models.addresses import AddressChange
from accounts.models.developers import DeveloperWindow
from accounts.models.devices import Device
from accounts.models.factors import PendingSignIn, RecoveryCode, TotpDevice
from accounts.models.imports import PeopleImport
from accounts.models.keys import Key, KeyUse, ServiceAccount
from accounts.models.links import Link
from accounts.models.organisations import Invitation, Membership, Organisation, slug_validator
from accounts.models.passkeys import Passkey, PasskeyChallenge
from accounts.models.people import User, UserManager, username_validator
from accounts.models.privacy import Consent, OwnExport
from accounts.models.recoveries import Recovery
from accounts.models.registrations import Ask, MailAllowance, Registration
from accounts.models.sessions import Session, SignInCounter
from accounts.models.surveys import SurveyAnswer
from accounts.models.tokens import Token

__all__ = [
    "AddressChange",
    "Ask",
    "Consent",
    "DeveloperWindow",
    "Device",
    "Invitation",
    "Key",
    "KeyUse",
    "Link",
    "MailAllowance",
    "Membership",
    "Organisation",
    "OwnExport",
    "Passkey",
    "PasskeyChallenge",
    "PendingSignIn",
    "PeopleImport",
    "Recovery",
    "RecoveryCode",
    "Registration",
    "ServiceAccount",
    "Session",
    "SignInCounter",
    "SurveyAnswer",
    "Token",
    "TotpDevice",
    "User",
    "UserManager",
    "slug_validator",
    "username_validator",
]
