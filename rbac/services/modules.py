"""Switching modules of host products on and off in an organisation."""

from uuid import UUID

from portal.kit import clock
from portal.kit.context import Actor
from portal.kit.record import record
from portal.kit.services import writing
from rbac import decision
from rbac.models import Module, ModuleSwitch
from rbac.services.keepers import scope_ensure, scope_hold
from rbac.tree_guards import authorise_here


def module_switch(*, actor: Actor, organisation_id: UUID, module: Module, is_on: bool) -> Module:
    """Switch a module on or off in an organisation (`module:update`). Off, nobody there holds its permissions from the
    very next check on; roles and grants stay as they are and count again once it is on.

    Event `rbac.module.switched_on` or `.switched_off`; nothing when it is so already.
    """
    authorise_here(actor, "module:update", organisation_id)
    with writing():
        scope_hold(actor=actor, code="module:update", scope=scope_ensure(organisation_id=organisation_id))
        found = ModuleSwitch.objects.filter(organisation_id=organisation_id, module=module).first()
        if (found.is_on if found is not None else module.on_by_default) == is_on:
            return module
        row = found or ModuleSwitch(organisation_id=organisation_id, module=module)
        row.is_on, row.changed_at = is_on, clock.now()
        row.save()
        code = "rbac.module.switched_on" if is_on else "rbac.module.switched_off"
        record(code, target=module, data={"product": module.application.code, "module": module.code})
        decision.mark_changed()
    return module
