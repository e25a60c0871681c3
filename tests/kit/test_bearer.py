"""Calls of the API that bear a credential: it counts, and the cookie beside it does not."""

import pytest
from django.test import Client

from accounts.models import User
from tests.factories import World, signed_in

pytestmark = pytest.mark.django_db
URL = "/api/v1/users/me/preferences"


@pytest.mark.parametrize("value", ["Bearer nonsense", "Bearer", "Basic YWRtaW46YWRtaW4=", "bearer " + "x" * 5000])
def test_a_credential_that_is_none_lets_nobody_in_and_the_cookie_does_not_step_in(world: World, value: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.cookies = signed_in(world.clerk).cookies
    reply = client.patch(URL, {"theme": "dark"}, content_type="application/json", headers={"Authorization": value})
    assert reply.status_code == 401
    assert "theme" not in User.objects.get(pk=world.clerk.pk).preferences


def test_on_a_page_it_says_nothing_and_opens_no_way_around_the_form_token(world: World) -> None:
    client = Client(enforce_csrf_checks=True)
    client.cookies = signed_in(world.clerk).cookies
    reply = client.post("/me/theme", {"theme": "dark"}, headers={"Authorization": "Bearer nonsense"})
    assert reply.status_code == 403
    assert "theme" not in User.objects.get(pk=world.clerk.pk).preferences
