"""Sending mail to a real mail server: delivered, refused, put off, kept waiting; killed workers; the circuit."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from django.db import connection, transaction
from pytest_django import Settings

from accounts.models import User
from audit.models import Event
from maintenance import beat, runner
from maintenance.models import JobRun
from portal.kit import clock, context, errors
from portal.kit.mail import delivery, sending, services
from portal.kit.mail.delivery import Post
from portal.kit.models import Notice, OutboundMessage, SuppressedAddress
from portal.kit.notices import choices
from portal.kit.notify import notify
from portal.kit.services import writing
from tests.factories import World, actor_of
from tests.kit.mail_server import HOST, Handler, certificate, free_port, mail_server, silent_server

pytestmark = pytest.mark.usefixtures("own_database")
State = OutboundMessage.State


@pytest.fixture(autouse=True)
def _by_smtp(settings: Settings) -> None:
    settings.STEWARD_MAIL, settings.STEWARD_MAIL_HOST = "smtp", HOST
    settings.STEWARD_MAIL_TLS, settings.STEWARD_MAIL_TIMEOUT = "none", 5
    settings.DEFAULT_FROM_EMAIL = "Steward <portal@steward.example.com>"
    settings.STEWARD_MAIL_REPLY_TO = "help@steward.example.com"


@pytest.fixture
def server(settings: Settings) -> Iterator[Handler]:
    with mail_server() as (handler, port):
        settings.STEWARD_MAIL_PORT = port
        yield handler


def write(user: User, category: str = "organisation") -> OutboundMessage:
    """A mail to a person, written as any service does it."""
    with context.system("a test"), transaction.atomic():
        if category == "security":
            mail = notify(user.pk, "security", "password_issued", {"user": user})
        else:
            mail = notify(user.pk, category, "membership_removed", {"user": user, "organisation": "Acme"})
    assert mail is not None
    return mail


def send() -> JobRun:
    """Do the queued run, as the worker does it."""
    run = JobRun.objects.filter(name=services.JOB).latest("id")
    runner.execute(run.pk)
    run.refresh_from_db()
    return run


def fresh(mail: OutboundMessage) -> OutboundMessage:
    """The row as it stands."""
    return OutboundMessage.objects.get(pk=mail.pk)


def make_due(mail: OutboundMessage, *, attempts: int | None = None) -> None:
    """As if its time had come."""
    values = {"next_at": clock.now() - timedelta(seconds=1)} | ({} if attempts is None else {"attempts": attempts})
    with context.system("a test"), writing():
        OutboundMessage.objects.filter(pk=mail.pk).update(**values)


def test_a_mail_arrives_as_text_and_html_with_its_headers(world: World, server: Handler) -> None:
    mail = write(world.clerk)
    run = send()
    assert (run.state, run.result) == ("succeeded", {"sent": 1})
    (taken,) = server.taken
    assert taken["To"] == world.clerk.email
    assert taken["From"] == "Steward <portal@steward.example.com>"
    assert taken["Reply-To"] == "help@steward.example.com"
    assert taken["Subject"] == "You do not belong to Acme any more"
    assert taken["Message-ID"] == f"<{mail.pk.hex}@steward.example.com>"
    assert taken["Auto-Submitted"] == "auto-generated"
    assert taken["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert taken["List-Unsubscribe"].strip().startswith("<http://127.0.0.1:8000/unsubscribe/")
    parts = {part.get_content_type(): part.get_content() for part in taken.walk() if not part.is_multipart()}
    assert set(parts) == {"text/plain", "text/html"}
    assert all("an administrator took you out of Acme" in part for part in parts.values())
    row = fresh(mail)
    assert (row.state, row.attempts, row.error) == ("sent", 1, "")
    assert row.sent_at is not None


def test_many_mails_of_one_change_are_one_run(world: World, server: Handler) -> None:
    with context.system("a test"), transaction.atomic():
        for user in (world.root, world.admin, world.clerk):
            notify(user.pk, "security", "password_issued", {"user": user})
    assert JobRun.objects.filter(name=services.JOB).count() == 1
    assert send().result == {"sent": 3}
    assert len(server.taken) == 3


def test_a_change_that_is_undone_sends_nothing(world: World, server: Handler) -> None:
    with pytest.raises(errors.Conflict), context.system("a test"), transaction.atomic():
        notify(world.clerk.pk, "security", "password_issued", {"user": world.clerk})
        raise errors.Conflict
    assert not OutboundMessage.objects.exists()
    assert not JobRun.objects.exists()


def test_security_mail_goes_first_and_names_no_way_to_end_it(world: World, server: Handler) -> None:
    write(world.clerk)
    write(world.clerk, "security")
    send()
    first, second = server.taken
    assert first["Subject"] == "You were given a temporary password"
    assert first["List-Unsubscribe"] is None
    assert second["List-Unsubscribe"]


def test_an_address_that_does_not_exist_fails_at_once_and_gets_no_more_mail_but_security_mail(
    world: World, server: Handler
) -> None:
    server.recipients[world.clerk.email] = "550 5.1.1 no such mailbox"
    mail = write(world.clerk)
    assert send().result == {"failed": 1}
    assert (fresh(mail).state, fresh(mail).error) == ("failed", "550 5.1.1 no such mailbox")
    row = SuppressedAddress.objects.get()
    assert (row.address, row.reason) == (world.clerk.email, "refused")
    event = Event.objects.get(code="kit.address.suppressed")
    assert world.clerk.email not in event.target_label
    later, urgent = write(world.clerk), write(world.clerk, "security")
    server.recipients.clear()
    assert send().result == {"sent": 1, "held": 1}
    assert (fresh(later).state, fresh(urgent).state) == ("held", "sent")
    assert len(server.taken) == 1


def test_who_runs_the_installation_is_told_once_of_mails_that_failed(world: World, server: Handler) -> None:
    server.data = "554 5.7.1 this looks like spam"
    for _ in range(2):
        mail = write(world.clerk)
        send()
        assert fresh(mail).state == "failed"
    (notice,) = Notice.objects.all()
    assert (notice.person_id, notice.category) == (world.root.pk, "mail")
    assert notice.url == "/platform/outbox?state=failed"
    assert not SuppressedAddress.objects.exists(), "What is refused for its content says nothing of the address."


def test_a_refusal_for_now_is_tried_again_later_and_longer_each_time_and_then_given_up(
    world: World, server: Handler
) -> None:
    server.recipients[world.clerk.email] = "451 4.3.0 try later"
    mail = write(world.clerk)
    for step, wait in enumerate(services.BACK_OFF, 1):
        before = clock.now()
        assert send().result == {"later": 1}
        row = fresh(mail)
        assert (row.state, row.attempts, row.error) == ("queued", step, "451 4.3.0 try later")
        assert before + wait <= row.next_at <= clock.now() + wait
        with context.system("a test"):
            assert services.sending_wake() is False, "Nothing is due yet."
            make_due(mail)
            assert services.sending_wake() is True
    assert send().result == {"failed": 1}
    assert fresh(mail).state == "failed"
    assert not SuppressedAddress.objects.exists()
    assert Notice.objects.filter(person=world.root).exists()


def test_a_mailbox_that_is_closed_by_policy_is_not_taken_for_one_that_does_not_exist() -> None:
    meanings = {
        (550, "5.7.1 relaying denied"): "refused",
        (550, "5.1.1 no such user"): "address",
        (552, "5.2.2 mailbox full"): "refused",
        (421, "4.3.2 shutting down"): "away",
        (450, "4.2.0 greylisted"): "later",
    }
    for (code, said), meaning in meanings.items():
        assert delivery._of_reply(code, said, about_address=True)[0] == meaning


def test_a_server_that_is_away_stops_the_run_after_three_mails_and_nobody_asks_for_a_minute(
    world: World, settings: Settings
) -> None:
    settings.STEWARD_MAIL_PORT = free_port()
    mails = [write(world.clerk) for _ in range(5)]
    run = send()
    assert (run.state, run.attempts) == ("queued", 0), "The run waits; none of its attempts is counted."
    assert run.run_at > clock.now() + timedelta(seconds=50)
    assert sorted(fresh(mail).attempts for mail in mails) == [0, 0, 1, 1, 1]
    assert all("Connection" in fresh(mail).error for mail in mails if fresh(mail).attempts)
    another = write(world.clerk)
    with context.system("a test"):
        services.sending_wake()
    assert JobRun.objects.filter(name=services.JOB).count() == 1, "The waiting run serves all who ask."
    runner.execute(run.pk)
    assert fresh(another).attempts == 0


def test_a_server_that_hangs_is_given_up_in_the_time_of_the_settings(world: World, settings: Settings) -> None:
    settings.STEWARD_MAIL_TIMEOUT = 1
    mail = write(world.clerk)
    with silent_server() as port:
        settings.STEWARD_MAIL_PORT = port
        run = send()
    row = fresh(mail)
    assert (row.state, row.error) == ("queued", "The mail server did not answer within 1 s.")
    assert run.state == "succeeded"


def test_nothing_is_open_in_the_database_while_the_server_is_asked(
    world: World, server: Handler, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    real = Post.send

    def watched(post: Post, mail: OutboundMessage) -> None:
        seen.append(connection.in_atomic_block)
        real(post, mail)

    monkeypatch.setattr(Post, "send", watched)
    write(world.clerk)
    send()
    assert seen == [False]


def test_no_mail_leaves_without_tls_where_tls_is_demanded(world: World, server: Handler, settings: Settings) -> None:
    settings.STEWARD_MAIL_TLS = "starttls"
    mail = write(world.clerk)
    send()
    assert server.taken == []
    assert fresh(mail).state == "queued"
    assert "STARTTLS" in fresh(mail).error


@pytest.mark.parametrize("way", ["starttls", "tls"])
def test_a_server_is_believed_only_with_a_certificate_that_is_trusted(
    world: World, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    settings.STEWARD_MAIL_TLS = way
    trusted, shown = certificate(tmp_path)
    options = {"tls_context": shown, "require_starttls": True} if way == "starttls" else {"ssl_context": shown}
    with mail_server(**options) as (handler, port):
        settings.STEWARD_MAIL_PORT = port
        mail = write(world.clerk)
        send()
        assert handler.taken == []
        assert "No secure connection" in fresh(mail).error
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
        make_due(mail)
        with context.system("a test"):
            services.sending_wake()
        send()
        assert len(handler.taken) == 1
    assert fresh(mail).state == "sent"


def test_a_worker_that_dies_after_sending_has_the_mail_sent_twice_under_one_id(
    world: World, server: Handler, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """As a kill: nothing of ours handles it."""

    def killed(*, mail: OutboundMessage) -> bool:
        raise Killed

    mail = write(world.clerk)
    with monkeypatch.context() as patched:
        patched.setattr(services, "mail_sent", killed)
        with pytest.raises(Killed):
            send()
    assert (fresh(mail).state, fresh(mail).attempts) == ("queued", 1)
    with context.system("a test"):
        assert services.mail_claim() is None, "For two minutes it is taken to be on its way."
    make_due(mail)
    with context.system("a test"):
        claimed = services.mail_claim()
        assert claimed is not None
        with Post() as post:
            post.send(claimed)
        assert services.mail_sent(mail=claimed)
    assert fresh(mail).state == "sent"
    assert [taken["Message-ID"] for taken in server.taken] == [delivery.message_id_of(mail)] * 2


def test_a_worker_that_comes_back_late_does_not_write_over_what_another_has_said(world: World) -> None:
    write(world.clerk)
    with context.system("a test"):
        late = services.mail_claim()
        assert late is not None
        make_due(late)
        other = services.mail_claim()
        assert other is not None
        assert services.mail_sent(mail=other)
        assert not services.mail_fail(mail=late, error="too late")
        assert not services.mail_hold(mail=late, error="too late")
    assert (fresh(late).state, fresh(late).error) == ("sent", "")


def test_a_mail_that_kills_each_worker_is_given_up(world: World, server: Handler) -> None:
    mail = write(world.clerk)
    make_due(mail, attempts=len(services.BACK_OFF) + 1)
    assert send().result == {"failed": 1}
    assert "died at every attempt" in fresh(mail).error
    assert server.taken == []


def test_two_workers_at_once_never_send_one_mail_twice(world: World, server: Handler) -> None:
    written = [write(world.clerk) for _ in range(12)]
    barrier = threading.Barrier(4)
    claimed: list[UUID] = []

    def work() -> None:
        try:
            with context.system("a test"), Post() as post:
                barrier.wait()
                while (mail := services.mail_claim()) is not None:
                    claimed.append(mail.pk)
                    post.send(mail)
                    services.mail_sent(mail=mail)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed) == sorted(mail.pk for mail in written)
    assert len(server.taken) == 12


def test_the_beat_finds_a_mail_whose_run_was_lost(world: World, server: Handler) -> None:
    mail = write(world.clerk)
    with context.system("a test"), writing():
        JobRun.objects.all().delete()
    with context.system("a test"):
        beat.tick()
    send()
    assert fresh(mail).state == "sent"


def test_without_a_mail_server_the_outbox_is_the_delivery(world: World, settings: Settings) -> None:
    settings.STEWARD_MAIL = "outbox"
    mail = write(world.clerk)
    with context.system("a test"):
        assert services.sending_wake() is False
    assert mail.state == "kept"
    assert not JobRun.objects.exists()


def test_who_wants_no_mail_of_a_kind_gets_none_and_security_mail_all_the_same(world: World) -> None:
    actor = actor_of(world.clerk)
    with context.acting(actor):
        assert choices.choices_set(actor=actor, values={("organisation", "mail"): False}) == 1
    with context.system("a test"), transaction.atomic():
        data = {"user": world.clerk, "organisation": "Acme"}
        assert notify(world.clerk.pk, "organisation", "membership_removed", data) is None
    assert not OutboundMessage.objects.exists()
    assert write(world.clerk, "security").state == "queued"


def test_sending_again_on_purpose_is_another_mail_for_the_mail_program(world: World, server: Handler) -> None:
    mail = write(world.clerk)
    send()
    with context.acting(actor_of(world.root)):
        services.mail_resend(actor=actor_of(world.root), mail=mail)
        with pytest.raises(services.MailNotSendable):
            services.mail_resend(actor=actor_of(world.root), mail=mail)
    assert Event.objects.filter(code="kit.mail.resent", target_id=mail.pk).count() == 1
    send()
    first, second = server.taken
    assert first["Message-ID"] != second["Message-ID"]
    assert fresh(mail).resends == 1


def test_who_does_not_run_the_installation_sends_nothing_again(world: World) -> None:
    mail = write(world.clerk)
    with context.acting(actor_of(world.admin)), pytest.raises(errors.Forbidden):
        services.mail_resend(actor=actor_of(world.admin), mail=mail)
    with context.acting(actor_of(world.admin)), pytest.raises(errors.Forbidden):
        services.mails_resend_bulk(actor=actor_of(world.admin), ids=[mail.pk])
    with context.acting(actor_of(world.admin)), pytest.raises(errors.Forbidden):
        services.addresses_lift_bulk(actor=actor_of(world.admin), ids=[mail.pk])
    assert fresh(mail).resends == 0


def test_a_run_without_a_mail_server_does_nothing(settings: Settings) -> None:
    settings.STEWARD_MAIL = "outbox"
    with context.system("a test") as current:
        services._enqueue()
        assert current.actor.kind == "system"
    assert send().result == {}
    assert sending.AWAY_LIMIT == 3
