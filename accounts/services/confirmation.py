"""Confirming who one is before a dangerous act (step-up), with the strongest that the person has."""

from uuid import UUID

from django.http import HttpRequest

from accounts import factors
from accounts.factors import Proof
from accounts.models import User
from accounts.services.guards import person_id
from accounts.services.sessions import session_prove
from accounts.services.sign_in import factor_right, password_right
from portal.kit.context import Actor
from portal.kit.record import record
from portal.kit.services import writing

PASSWORD = "password"  # noqa: S105 - the kind of a proof


def confirmation_kinds(*, user_id: UUID) -> list[str]:
    """The kinds of proof that are taken from a person: its second factors, or the password of who has none."""
    return factors.kinds_of(user_id) if factors.has_factor(user_id) else [PASSWORD]


def confirmation_give(*, request: HttpRequest, actor: Actor, session_id: UUID, proof: Proof) -> str | None:
    """Confirm the acting person's session: its new token for the cookie; None when the proof was refused.

    Event `accounts.session.confirmed`; a wrong password is `accounts.session.doubted`, a wrong second factor
    `accounts.factor.refused`, and both count for the lock-out. It does not say whether that is what refused it.
    """
    user = User.objects.get(pk=person_id(actor))
    with writing():
        if not _proved(request, user, proof):
            return None
        token = session_prove(actor=actor, session_id=session_id, second_factor=proof.kind != PASSWORD)
        record("accounts.session.confirmed", target=user, data={"kind": proof.kind})
    return token


def _proved(request: HttpRequest, user: User, proof: Proof) -> bool:
    kinds = confirmation_kinds(user_id=user.pk)
    if kinds != [PASSWORD]:
        return proof.kind in kinds and factor_right(request=request, user=user, proof=proof, where="confirmation")
    right = (
        proof.kind == PASSWORD
        and password_right(request=request, identifier=user.username, password=proof.value) == user
    )
    if not right:
        record("accounts.session.doubted", target=user, outcome="denied")
    return right
