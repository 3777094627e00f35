"""Reads the calls that a team has taught: those that clear or apply gradients by the configuration's word."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import libcst as cst

from gradlint.events import Clear, Event, Forget, Place, Step
from gradlint.regions import UNSEEN, Path, Region
from gradlint.syntax.identity import MAX_DEPTH
from gradlint.syntax.objects import Objects
from gradlint.syntax.places import place_of
from gradlint.syntax.scopes import Scope
from gradlint.syntax.surroundings import hook_clears
from gradlint.syntax.tree import text_of
from gradlint.syntax.values import Items, Optimizer


class KnownCalls:
    """Reads the calls of one scope. `clear_by` makes the clear of an optimizer."""

    def __init__(self, objects: Objects, scope: Scope, clear_by: Callable[[Path, Place], Clear]) -> None:
        self._objects = objects
        self._scope = scope
        self._clear_by = clear_by
        self._known = objects.program.vocabulary

    def read(self, call: cst.Call, statement: cst.CSTNode) -> list[Event] | None:
        """The events of a call that was taught, a step before a clear; None for any other."""
        steps = self._objects.goes_by(call.func, self._scope, self._known.stepping)
        clears = self.clears(call.func)
        if not steps and not clears:
            return None
        optimizers = self._optimizers(call)
        return [
            *(self._step(call, statement, optimizers) if steps else []),
            *(self._clear(call, statement, optimizers) if clears else []),
        ]

    def clears(self, node: cst.BaseExpression) -> bool:
        """Whether an expression is a function that was taught to clear."""
        return self._objects.goes_by(node, self._scope, self._known.clearing)

    def _step(self, call: cst.Call, statement: cst.CSTNode, optimizers: list[cst.BaseExpression]) -> list[Event]:
        found = self._regions(optimizers) if optimizers else tuple(self._unseen(call))
        regions = tuple(r if self._is_sure(r.owner) else Region(r.owner.field(UNSEEN), r.owner) for r in found)
        place = Place(call, statement, text_of(call), self._subject(call, optimizers))
        if any(map(self._may_clear_besides, regions)):
            return [Forget(place, None)]
        return [Step(place, regions)] if regions else []

    def _clear(self, call: cst.Call, statement: cst.CSTNode, optimizers: list[cst.BaseExpression]) -> list[Clear]:
        place = place_of(call, statement)
        owners = dict.fromkeys(region.owner for region in self._regions(optimizers))
        clears = [(owner, self._clear_by(owner, place)) for owner in owners]
        told = [clear if self._is_sure(owner) else replace(clear, possible=True) for owner, clear in clears]
        return told or [Clear(place, (), possible=True)]

    def _subject(self, call: cst.Call, optimizers: list[cst.BaseExpression]) -> str:
        """The optimizer whose `zero_grad` can be advised; a list of them has none, nor may what holds some."""
        alone = optimizers[0] if len(optimizers) == 1 else None
        if alone is None or isinstance(self._objects.value(alone, self._scope), Items):
            return ""
        given = any(argument.value is alone for argument in call.args)
        sure = given or all(self._is_sure(region.owner) for region in self._regions([alone]))
        return text_of(alone) if sure else ""

    def _is_sure(self, owner: Path) -> bool:
        """Whether an object is an optimizer by more than its name: `self.optim_handler` may only hold some."""
        used = any(self._objects.uses(owner, use) for use in ("step", "scaler.step", "param_groups"))
        return used or isinstance(self._objects.at(owner, 0), Optimizer)

    def _may_clear_besides(self, region: Region) -> bool:
        """Whether the optimizer's own step, which the call is a wrapper of, may clear."""
        owner = region.owner
        optimizer = self._objects.optimizer_at(owner) if not region.unseen else None
        own = optimizer is not None and optimizer.clears
        return own or self._objects.gives_away(owner) or hook_clears(self._objects, owner, self._scope)

    # -- which optimizers -------------------------------------------------------------------------------------------

    def _optimizers(self, call: cst.Call) -> list[cst.BaseExpression]:
        """The optimizers that a call is given, or lists of them; else the one that it is called on."""
        given = [argument.value for argument in call.args if self._regions([argument.value])]
        return given or [node for node in self._receiver(call) if self._regions([node])]

    def _regions(self, nodes: list[cst.BaseExpression]) -> tuple[Region, ...]:
        return tuple(dict.fromkeys(region for node in nodes for region in self._in(node, self._scope)))

    def _in(self, node: cst.BaseExpression, scope: Scope, depth: int = 0) -> Iterator[Region]:
        """The regions of an optimizer, or of those in a literal container."""
        found = self._objects.value(node, scope)
        if isinstance(found, Items):
            for value in found.values if MAX_DEPTH.allows(depth) else ():
                yield from self._in(value, found.scope, depth + 1)
        elif self._objects.optimizer(node, scope) is not None:
            yield from self._objects.regions(node, scope)

    def _receiver(self, call: cst.Call) -> list[cst.BaseExpression]:
        """What a method is called on; not what an import gave, where there are arguments: it may be a module."""
        if not isinstance(call.func, cst.Attribute) or (call.args and self._is_imported(call.func.value)):
            return []
        return [call.func.value]

    def _is_imported(self, node: cst.BaseExpression) -> bool:
        owner = self._scope.owner(node.value) if isinstance(node, cst.Name) else None
        return owner is not None and isinstance(node, cst.Name) and any(b.imported for b in owner.bindings[node.value])

    def _unseen(self, call: cst.Call) -> Iterator[Region]:
        """What stands for the optimizer where none is in sight: what the call is made on, or its first argument."""
        for node in [*self._receiver(call), *(argument.value for argument in call.args[:1])][:1]:
            path = self._objects.path(node, self._scope)
            if path is not None:
                yield Region(path.field(UNSEEN), path)
