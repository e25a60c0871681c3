"""Recovery codes: shown once, kept as keyed hashes, each good for one sign-in."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from accounts.errors import NoFactor
from accounts.factor_selectors import recovery_codes_left
from accounts.models import RecoveryCode, Session
from accounts.services.recovery_codes import recovery_codes_make
from portal.kit import context, registry
from portal.kit.models import OutboundMessage
from tests.accounts.factor_helpers import begun, code_of, enrolled, send_code, shown_codes
from tests.accounts.helpers import events, text_of
from tests.factories import World, actor_of, signed_in


def test_a_code_signs_in_once(world: World) -> None:
    codes = enrolled(world.clerk)
    client = begun(world.clerk)
    reply = send_code(client, codes[3], "recovery")
    assert reply.status_code == 302
    assert Session.objects.get().method == "password+recovery"
    assert "You used a recovery code; 9 are left." in text_of(client.get("/"))
    assert send_code(begun(world.clerk), codes[3], "recovery").status_code == 422
    assert recovery_codes_left(world.clerk.pk) == 9
    (event,) = events("accounts.recovery_codes.used")
    assert (event.target_id, event.data) == (world.clerk.pk, {"left": 9})
    (mail,) = OutboundMessage.objects.filter(subject="A recovery code was used")
    assert mail.person_id == world.clerk.pk
    assert not any(code in mail.text for code in codes)


def test_a_code_may_be_typed_with_blanks_in_capitals_and_without_hyphens(world: World) -> None:
    codes = enrolled(world.clerk)
    for code in (codes[0].upper(), codes[1].replace("-", " "), f"  {codes[2].replace('-', '')} "):
        assert send_code(begun(world.clerk), code, "recovery").status_code == 302


def test_a_code_is_no_code_of_the_app_and_the_other_way_round(world: World) -> None:
    codes = enrolled(world.clerk)
    client = begun(world.clerk)
    assert send_code(client, codes[0], "totp").status_code == 422
    assert send_code(client, code_of(world.clerk), "recovery").status_code == 422
    assert recovery_codes_left(world.clerk.pk) == 10
    assert not Session.objects.exists()


def test_the_rows_do_not_tell_the_codes(world: World) -> None:
    codes = enrolled(world.clerk)
    kept = str(list(RecoveryCode.objects.values()))
    assert not any(code in kept or code.replace("-", "") in kept for code in codes)
    assert not any(code in str(vars(event)) for code in codes for event in events("accounts.recovery_codes.made"))
    assert len(set(codes)) == 10
    assert all(len(code.replace("-", "")) == 25 for code in codes)


def test_the_same_code_of_two_people_is_kept_as_two_hashes(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    made = (f"{number:05}-aaaaa-aaaaa-aaaaa-aaaaa" for number in list(range(10)) * 2)
    monkeypatch.setattr("accounts.passwords.temporary", lambda: next(made))
    enrolled(world.clerk)
    enrolled(world.manager)
    assert RecoveryCode.objects.values("digest").distinct().count() == 20


def test_new_codes_end_the_former_ones_and_are_shown_once(world: World) -> None:
    former = enrolled(world.clerk)
    client = signed_in(world.clerk)
    reply = client.post("/me/recovery-codes")
    codes = shown_codes(reply)
    assert (len(codes), reply["Cache-Control"]) == (10, "no-store")
    assert codes[0] in reply.content.decode().split("data:text/plain")[1]
    assert codes[0] not in client.get("/me/security").content.decode()
    assert codes[0] not in str(reply.cookies) + str(reply.headers)
    assert send_code(begun(world.clerk), former[0], "recovery").status_code == 422
    assert send_code(begun(world.clerk), codes[0], "recovery").status_code == 302
    assert len(events("accounts.recovery_codes.made")) == 2


def test_who_has_no_second_factor_gets_no_codes(world: World) -> None:
    client = signed_in(world.clerk)
    assert client.post("/me/recovery-codes")["Location"] == "/me/security"
    with context.acting(actor_of(world.clerk)), pytest.raises(NoFactor):
        recovery_codes_make(actor=actor_of(world.clerk))
    assert not RecoveryCode.objects.exists()
    assert not events("accounts.recovery_codes.made")


def test_the_last_code_says_so(world: World) -> None:
    codes = enrolled(world.clerk)
    for code in codes[:6]:
        send_code(begun(world.clerk), code, "recovery")
    client = begun(world.clerk)
    send_code(client, codes[6], "recovery")
    assert "3 are left. Make new ones" in text_of(client.get("/"))
    for code in codes[7:9]:
        send_code(begun(world.clerk), code, "recovery")
    client = begun(world.clerk)
    send_code(client, codes[9], "recovery")
    assert "That was your last recovery code" in text_of(client.get("/"))
    # The app still signs in, and nothing offers what is not there.
    client = begun(world.clerk)
    assert "Use a recovery code" not in text_of(client.get("/sign-in/code"))
    assert send_code(client, code_of(world.clerk)).status_code == 302


def test_of_many_requests_with_one_code_one_gets_in(own_database: dict[str, str], world: World) -> None:
    code = enrolled(world.clerk)[0]
    browsers = [begun(world.clerk) for _ in range(4)]

    def send(client: Client) -> int:
        try:
            return int(send_code(client, code, "recovery").status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(send, browsers)) == [302, 422, 422, 422]
    assert Session.objects.count() == 1
    assert recovery_codes_left(world.clerk.pk) == 9
    assert len(events("accounts.recovery_codes.used")) == 1


def test_a_restored_backup_makes_no_spent_code_good_again(world: World) -> None:
    enrolled(world.clerk)
    connection.ensure_connection()
    restored = (
        connection.connection
    )  # As a restore sees it: the bare connection, here to the rows of the backup's time.
    care = next(care for care in registry.aftercare if care.name == "accounts.recovery_codes")
    good = list(RecoveryCode.objects.values_list("pk", flat=True)[:4])

    class Live:
        """The live database, in which only four of those codes are unused by now."""

        def execute(self, statement: str) -> Any:
            if "to_regclass" in statement:
                return restored.execute(statement)
            return restored.execute("SELECT unnest(%s::uuid[])", [good])

    assert care.before(restored, None) == 0
    assert care.before(restored, Live()) == 6
    assert set(RecoveryCode.objects.filter(used_at=None).values_list("pk", flat=True)) == set(good)
