"""Signing in: the whole request beside the hash alone, and an unknown person beside a known one.

In this process and without network, so that what is compared is our own work; the database is the real one. The
session's check is measured where every request is, in `bench.web`: it stayed one query.
"""

import time
from collections.abc import Callable
from statistics import median

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.test import Client

from accounts.models import User
from bench.table import Bound, Row
from bench.world import World
from tests.factories import PASSWORD, person

TRIES = 200  # Interleaved, and spread over the rounds.
WRONG = "not the password of anybody"


def rows(world: World, rounds: int, say: Callable[[str], None]) -> list[Row]:
    """The lines of signing in."""
    return _measured(person("Signer"), rounds, say)


def _measured(user: User, rounds: int, say: Callable[[str], None]) -> list[Row]:
    each, encoded = -(-TRIES // rounds), make_password(PASSWORD)
    hashes: list[float] = []
    whole: list[float] = []
    new: list[float] = []
    known: list[float] = []
    unknown: list[float] = []
    for number in range(rounds + 1):
        times: dict[str, list[float]] = {"hash": [], "whole": [], "new": [], "known": [], "unknown": []}
        for turn in range(each if number else 5):
            # An address of its own for every try: a lock would be measured instead.
            address = f"10.{number}.{turn // 250}.{turn % 250 + 1}"
            times["hash"].append(_timed(lambda: check_password(PASSWORD, encoded)))
            times["new"].append(_sign_in(user.username, PASSWORD, address, 302, known=False))
            times["whole"].append(_sign_in(user.username, PASSWORD, address, 302))
            pair = [("known", user.username), ("unknown", f"nobody-{number}-{turn}")]
            for name, identifier in pair if turn % 2 else reversed(pair):
                times[name].append(_sign_in(identifier, WRONG, address, 422))
        if number:  # The first round warms up.
            for kept, name in (
                (hashes, "hash"),
                (whole, "whole"),
                (new, "new"),
                (known, "known"),
                (unknown, "unknown"),
            ):
                kept.append(median(times[name]) * 1000)
            say(
                f"sign-in round {number} of {rounds}: hash {hashes[-1]:.1f}, sign-in {whole[-1]:.1f}, "
                f"known {known[-1]:.1f}, unknown {unknown[-1]:.1f} ms"
            )
    return [
        Row("a hash alone", "ms", hashes, hashes),
        Row("sign-in with a password", "ms", whole, hashes, Bound("<=", 1.3)),
        Row("sign-in with a browser that is new, and the mail about it", "ms", new, hashes),
        Row("wrong password of a known person", "ms", known, hashes),
        Row("the slower of unknown and known", "ms", *_apart(unknown, known), bound=Bound("<=", 1.05)),
    ]


def _apart(unknown: list[float], known: list[float]) -> tuple[list[float], list[float]]:
    """The slower and the faster of the two, by their medians: how far apart they are, whichever is ahead."""
    return (unknown, known) if median(unknown) >= median(known) else (known, unknown)


# One for all of it: a client of its own for every try would load the middleware and look for static files each time.
_browser = Client(SERVER_NAME="127.0.0.1")


def _sign_in(identifier: str, password: str, address: str, status: int, *, known: bool = True) -> float:
    """One try, of somebody who has no session; `known` keeps what tells the browser of an earlier sign-in."""
    kept = _browser.cookies.get(settings.STEWARD_DEVICE_COOKIE) if known else None
    _browser.cookies.clear()
    if kept is not None:
        _browser.cookies[settings.STEWARD_DEVICE_COOKIE] = kept.value

    def call() -> None:
        reply = _browser.post("/sign-in", {"identifier": identifier, "password": password}, REMOTE_ADDR=address)
        assert reply.status_code == status, reply.status_code

    return _timed(call)


def _timed(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began
