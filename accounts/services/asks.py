"""What somebody without a session asks for: noted at once, answered by the worker.

The page that takes it looks nobody up. It does the same work for an address that has an account and for one that has
none, so neither its words nor its time tell who exists; what there is to do is done where nobody waits for it.
"""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.errors import RegistrationClosed
from accounts.models import Ask
from accounts.services.allowances import mail_allowed
from accounts.services.links import password_forgotten
from accounts.services.registrations import registration_begin
from accounts.settings import DOMAINS, REGISTRATION
from portal.kit import context, crypto, ids, jobs
from portal.kit.context import ANONYMOUS, Actor
from portal.kit.errors import Invalid
from portal.kit.services import writing

JOB = "accounts.answer_ask"
PURPOSE = "ask"
_WORKER = Actor("system", None, "asked without a session")
_ANSWERS: dict[str, Callable[..., None]] = {
    Ask.Kind.PASSWORD: password_forgotten,
    Ask.Kind.REGISTRATION: registration_begin,
}


def password_ask(*, identifier: str) -> None:
    """Somebody forgot the password of the account with this user name or address. Always the same, whoever has it.

    The event is that of the answer (`accounts.password.forgotten`). Beyond five an hour nothing comes of it.
    """
    _put(Ask.Kind.PASSWORD, identifier)


def registration_ask(*, email: str) -> None:
    """Somebody wants an account with this address. Always the same, whoever has one.

    The event is that of the answer (`accounts.registration.begun`). `RegistrationClosed` unless registration is open;
    `Invalid` (field `email`) for an address of a domain that is not allowed.
    """
    if REGISTRATION.value() != "open":
        raise RegistrationClosed
    domains = DOMAINS.value()
    if domains and email.strip().rpartition("@")[2].lower() not in domains:
        # No secret: which domains may register says nothing about who has an account.
        said = _("Register with an address of one of these domains: %(domains)s.") % {"domains": ", ".join(domains)}
        raise Invalid(fields={"email": [said]})
    _put(Ask.Kind.REGISTRATION, email)


def _put(kind: Ask.Kind, text: str) -> None:
    key, now = ids.uuid7(), context.current()
    with writing():
        if not mail_allowed(to=f"{kind} {text.strip()}"):
            return
        key_id, sealed = crypto.seal(PURPOSE, text.encode(), bound_to=key.bytes)
        Ask.objects.create(
            id=key,
            kind=kind,
            key_id=key_id,
            sealed=sealed,
            address=now.address if now else None,
            agent=now.agent if now else "",
        )
        jobs.enqueue(JOB, actor=_WORKER, args={"ask": str(key)})


def ask_answer(*, ask_id: UUID) -> bool:
    """Answer one and forget what was typed; False when a worker that died afterwards had done it.

    Events as `password_forgotten` and `registration_begin` say, as of whoever asked: nobody, from that address.
    """
    with writing():
        ask = Ask.objects.select_for_update().filter(pk=ask_id).first()
        if ask is None:
            return False
        text = crypto.unseal(PURPOSE, ask.key_id, bytes(ask.sealed), bound_to=ask.pk.bytes).decode()
        now = context.current() or context.Context()
        with context.use(replace(now, actor=ANONYMOUS, address=ask.address, agent=ask.agent, cache={})):
            _ANSWERS[ask.kind](text=text)
        ask.delete()
    return True
