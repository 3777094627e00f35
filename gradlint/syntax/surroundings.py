"""Whether something else clears: hooks of an optimizer, handlers of a framework's loop, what wraps a step."""

from __future__ import annotations

import re

import libcst as cst

from gradlint.regions import Path
from gradlint.syntax import catalogue, frameworks
from gradlint.syntax.objects import Objects
from gradlint.syntax.scopes import Scope, names_in
from gradlint.syntax.tree import last_name, walk
from gradlint.syntax.values import Function

_PLAIN = re.compile(rf"\b({'|'.join(frameworks.PLAIN_PLUGINS)})\b")
_FREEZES = re.compile(r"requires_grad_?\s*\(|\.requires_grad\s*=[^=]|toggle|freeze", re.IGNORECASE)
_CUTS = re.compile(r"\bno_grad\b|\bdetach\b|inference_mode|\brequires_grad")


def freezes(objects: Objects, scope: Scope) -> bool:
    """Whether the file of a scope speaks of networks whose parameters get no gradients for a while."""
    return _FREEZES.search(objects.program.home(scope).source.text) is not None


_STOPPING = frozenset("no_grad inference_mode set_grad_enabled detach_ stop_gradient".split())
_PLAIN_CONTEXTS = frozenset(
    """autocast amp open tqdm trange record_function profile detect_anomaly set_detect_anomaly suppress device stream
    no_sync accumulate scale_loss join timer progress""".split()
)


def may_stop(scope: Scope) -> bool:
    """Whether a part of a function's code may be run without recording what gradients flow through."""
    if not _STOPPING.isdisjoint(names_in(scope)):
        return True
    items = (item.item for node in walk(scope.node) if isinstance(node, cst.With) for item in node.items)
    return any(last_name(item.func if isinstance(item, cst.Call) else item) not in _PLAIN_CONTEXTS for item in items)


def cuts(objects: Objects, scope: Scope) -> bool:
    """Whether the file of a scope speaks of anything that gradients do not flow through."""
    return freezes(objects, scope) or _CUTS.search(objects.program.home(scope).source.text) is not None


def hook_clears(objects: Objects, optimizer: Path, scope: Scope) -> bool:
    """Whether what the file of a scope registers to run after an optimizer's step may clear its gradients."""
    mentions = objects.program.home(scope).table.mentions
    for mention in mentions.get(frameworks.ATTACH, ()):
        attached = [argument.value for argument in mention.call.args] if mention.call is not None else []
        if any(objects.path(node, mention.scope) == optimizer for node in attached):
            return True
    for mention in mentions.get(catalogue.STEP_HOOK, ()):
        if objects.path(mention.receiver, mention.scope) == optimizer:
            given = mention.call.args[0].value if mention.call is not None and mention.call.args else None
            hook = objects.value(given, mention.scope) if given is not None else None
            if not isinstance(hook, Function) or objects.program.mentions_clear(hook.scope):
                return True
    return False


def clears_outside(objects: Objects, function: Scope) -> bool:
    """Whether code of the file outside a function clears gradients, or hands an optimizer to a handler that may."""
    file = objects.program.home(function)
    mentions = file.table.mentions
    if any(scope is not function for _, scope in objects.taught(file, objects.program.vocabulary.clearing)):
        return True
    # `torch.autograd.grad(...)` is a call, the gradient of a tensor is none.
    clears = [*mentions.get("zero_grad", ()), *(m for m in mentions.get("grad", ()) if m.call is None)]
    if any(mention.scope is not function for mention in clears):
        return True
    handlers = (m for m in mentions.get("add_event_handler", ()) if m.call is not None)
    given = ((argument.value, m.scope) for m in handlers if m.call is not None for argument in m.call.args)
    return any(objects.optimizer(node, scope) is not None for node, scope in given)


def may_be_wrapped(objects: Objects, optimizer: Path, scope: Scope) -> bool:
    """Whether an optimizer goes through the framework of a file, in which its step may clear."""
    if any(frameworks.gives_back(maker) is not None for maker in objects.makers(optimizer)):
        return True
    known = objects.program.home(scope).table.mentions
    mentions = [m for name in frameworks.WRAPPING for m in known.get(name, ()) if m.call is not None]
    given = ((argument.value, m.scope) for m in mentions if m.call is not None for argument in m.call.args)
    return any(objects.path(node, scope) == optimizer for node, scope in given)


def steps_may_clear(objects: Objects, scope: Scope) -> bool:
    """Whether optimizers that go through the framework of a file may clear in their step.

    Not where the file, or one that can call it, offers a plugin with which they do not: that choice is the wrong one.
    """
    home = objects.program.home(scope)
    if not frameworks.has_plugins(home.table.imports.values()):
        return False
    reach = objects.program.surroundings.within_reach
    return not (_PLAIN.search(home.source.text) or any(reach(home.key, each) for each in frameworks.PLAIN_PLUGINS))
