"""`manage.py roles`: ready-made roles brought up to date; roles and access of an organisation as a file."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.kit import context
from portal.kit.context import Actor
from portal.kit.errors import StewardError
from rbac import services
from rbac.as_code.plan import Step
from rbac.services.as_code import code_apply, code_export, code_plan


class Command(BaseCommand):
    """Roles as data."""

    help = (
        "Roles and permissions. `roles apply` loads the declared permissions and the ready-made roles. "
        "`roles export --organisation <slug>`, `roles plan <file> --organisation <slug>` and `roles apply <file> "
        "--organisation <slug>` take out, compare and apply the roles and access of an organisation (docs/roles_as_code.md)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """The verb, and what the verbs about one organisation need."""
        parser.add_argument("verb", choices=["apply", "export", "plan"])
        parser.add_argument("file", nargs="?", help="The YAML file; - is standard input.")
        parser.add_argument("--organisation", default="", help="Its short name.")
        parser.add_argument("--as", dest="username", default="", help="The member with whose rights it is done.")
        parser.add_argument("--prune", action="store_true", help="Take away what the file does not name.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it and say what changed."""
        verb, file, slug = options["verb"], options["file"], options["organisation"]
        if verb == "apply" and file is None and not slug:
            self._catalogues()
            return
        if not slug:
            raise CommandError("Name the organisation: --organisation <slug>.")
        if verb != "export" and file is None:
            raise CommandError(f"Name the file: roles {verb} <file> --organisation {slug}.")
        text = "" if verb == "export" else _read(file)
        try:
            with context.system(f"roles {verb}") as current:
                organisation = apps.get_model("accounts", "Organisation")._default_manager.filter(slug=slug).first()
                if organisation is None:
                    raise CommandError(f"There is no organisation {slug}.")
                actor = _actor(current.actor, options["username"], organisation.pk)
                with context.acting(actor):
                    self._inside(verb, actor, text, prune=options["prune"])
        except StewardError as error:
            lines = error.fields.get("yaml") or [str(error.detail)]
            raise CommandError("\n".join([str(error.title), *lines])) from error

    def _catalogues(self) -> None:
        with context.system("roles apply") as current:
            counts = services.roles_apply(actor=current.actor)
        self.stderr.write(f"Roles: {counts['permissions']} permissions and {counts['roles']} roles added or changed.")

    def _inside(self, verb: str, actor: Actor, text: str, *, prune: bool) -> None:
        organisation_id = actor.organisation_id
        assert organisation_id is not None  # noqa: S101 - made by _actor
        if verb == "export":
            self.stdout.write(code_export(actor=actor, organisation_id=organisation_id), ending="")
        elif verb == "apply":
            self._say(code_apply(actor=actor, organisation_id=organisation_id, text=text, prune=prune), "Applied")
        else:
            plan = code_plan(actor=actor, organisation_id=organisation_id, text=text, prune=prune)
            self._say(plan.steps, "Planned")
            for one in plan.preview.differences if plan.preview is not None else ():
                place = f" on {one.place}" if one.place is not None else ""
                signed = [f"+{code}" for code in one.gains] + [f"-{code}" for code in one.loses]
                self.stdout.write(f"  {one.label}{place}: {' '.join(signed)}")
            if plan.refusal is not None:
                raise plan.refusal

    def _say(self, steps: list[Step], word: str) -> None:
        for step in steps:
            self.stdout.write(f"{'+~-'[('create', 'update', 'delete').index(step.action)]} {step.kind} {step.name}")
            for name, before, after in step.changes:
                self.stdout.write(f"    {name}: {before or '(nothing)'} -> {after or '(nothing)'}")
        self.stdout.write(f"{word}: {len(steps)} changes.")


def _read(file: str) -> str:
    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{file} cannot be read: {error}") from error


def _actor(system: Actor, username: str, organisation_id: Any) -> Actor:
    """The system, or a person with the rights that it has there, standing in the organisation."""
    if not username:
        return replace(system, organisation_id=organisation_id)
    found = get_user_model()._default_manager.filter(username__iexact=username, is_active=True).first()
    if found is None:
        raise CommandError(f"There is no active person {username}.")
    return Actor("person", found.pk, str(found), organisation_id)
