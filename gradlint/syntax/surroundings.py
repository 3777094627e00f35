"""Whether code that runs in between clears: hooks of an optimizer, handlers of a framework's loop."""

from __future__ import annotations

from gradlint.regions import Path
from gradlint.syntax import catalogue
from gradlint.syntax.objects import Objects
from gradlint.syntax.scopes import Scope, mentions_clear
from gradlint.syntax.values import Function


def hook_clears(objects: Objects, optimizer: Path) -> bool:
    """Whether what is registered to run after an optimizer's step may clear its gradients."""
    for mention in objects.table.mentions.get(catalogue.STEP_HOOK, ()):
        if objects.path(mention.receiver, mention.scope) == optimizer:
            given = mention.call.args[0].value if mention.call is not None and mention.call.args else None
            hook = objects.value(given, mention.scope) if given is not None else None
            if not isinstance(hook, Function) or mentions_clear(hook.scope):
                return True
    return False


def clears_outside(objects: Objects, function: Scope) -> bool:
    """Whether code of the file outside a function clears gradients, or hands an optimizer to a handler that may."""
    mentions = objects.table.mentions
    if any(m.scope is not function for name in ("zero_grad", "grad") for m in mentions.get(name, ())):
        return True
    handlers = (m for m in mentions.get("add_event_handler", ()) if m.call is not None)
    given = ((argument.value, m.scope) for m in handlers if m.call is not None for argument in m.call.args)
    return any(objects.optimizer(node, scope) is not None for node, scope in given)
