"""Signing in by user name or e-mail address and password."""

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest

from accounts.models import User
from portal.kit.services import writing


class PasswordBackend(BaseBackend):
    """Checks a password. An unknown identifier costs the same hash as a known one, so time tells nothing."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        """The person, active or not (an inactive one is shown why it cannot go on); None when the pair is wrong."""
        if username is None or password is None:
            return None
        user = User.objects.by_identifier(username)
        if user is None or user.kind != User.Kind.PERSON:  # A service account has keys, and never signs in.
            make_password(password)
            return None
        with writing():  # Argon2 parameters may have changed: Django then stores a fresh hash.
            return user if user.check_password(password) else None

    def get_user(self, user_id: Any) -> User | None:
        """Django's look-up by key."""
        return User.objects.filter(pk=user_id).first()
