"""Declarations, ports, errors: mistakes stop the start."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from portal.kit import errors, registry
from portal.kit.ports import PORTS, Port, port
from portal.kit.registry import Permission, Registry


def _registry() -> "Registry[Permission]":
    made: Registry[Permission] = Registry("Permission", lambda item: item.code)
    registry.REGISTRIES.remove(made)
    return made


def test_a_name_has_one_owner() -> None:
    found = _registry()
    found.add(Permission("thing:read", "See things", "data"))
    with pytest.raises(ImproperlyConfigured, match="declared twice"):
        found.add(Permission("thing:read", "See things again", "data"))
    assert len(found) == 1


def test_nothing_is_declared_after_the_start() -> None:
    with pytest.raises(ImproperlyConfigured, match="after the start"):
        registry.permissions.add(Permission("late:read", "Late", "data"))
    assert "late:read" not in registry.permissions


def test_an_unknown_name_is_an_error_and_not_a_default() -> None:
    with pytest.raises(ImproperlyConfigured, match="not declared"):
        registry.jobs.get("no.such_job")


@pytest.fixture
def lonely() -> "Port[[int], int]":
    @port
    def double(number: int) -> int:
        """Twice the number."""
        raise NotImplementedError

    PORTS.remove(double)
    return double


def test_an_empty_port_lets_nothing_through(lonely: "Port[[int], int]") -> None:
    assert not lonely.filled
    with pytest.raises(ImproperlyConfigured, match="empty"):
        lonely(2)


def test_a_port_is_filled_once(lonely: "Port[[int], int]") -> None:
    def twice(number: int) -> int:
        return 2 * number

    lonely.fill(twice)
    lonely.fill(twice)
    assert lonely(21) == 42
    with pytest.raises(ImproperlyConfigured, match="already filled"):
        lonely.fill(lambda number: number)
    assert lonely(21) == 42


def test_two_errors_cannot_share_a_code() -> None:
    with pytest.raises(ImproperlyConfigured, match="declared twice"):
        type("Copy", (errors.StewardError,), {"code": "kit.not_found"})
    assert errors.CODES["kit.not_found"] is errors.NotFound


def test_every_error_code_names_its_room_and_a_status_that_fits() -> None:
    rooms = {"kit", "accounts", "rbac", "audit", "billing", "maintenance", "home"}
    for code, kind in errors.CODES.items():
        assert code.partition(".")[0] in rooms, code
        assert 400 <= kind.status < 600, code
        assert str(kind.title), code
        assert str(kind.default_detail).endswith("."), code
