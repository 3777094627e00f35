"""Optimizers that are cleared and that nothing steps."""

from __future__ import annotations

import re
from pathlib import PurePath

import libcst as cst

from gradlint.events import Call, Clear, Place, Unstepped
from gradlint.regions import GROUPS, Path
from gradlint.syntax.fates import Whereabouts
from gradlint.syntax.objects import Objects
from gradlint.syntax.scopes import Scope
from gradlint.syntax.tree import last_name, text_of, walk

_FREEZES = re.compile(r"requires?_grad|freeze")
_NOT_TRAINING = ("test", "bench", "profile", "debug")


class Fates:
    """Answers for the optimizers that one scope clears."""

    def __init__(self, objects: Objects, scope: Scope) -> None:
        self._objects = objects
        self._program = objects.program
        self._scope = scope

    def of(self, clear: Clear) -> Unstepped | None:
        """That the optimizer which a call clears is stepped nowhere; None where it is, or may be."""
        owner = clear.owner
        if owner is None or clear.apart or self._is_no_training():
            return None
        search = Whereabouts(self._objects)
        if not search.is_unstepped(owner) or not search.made:
            return None
        calls = search.given.get(owner)
        params = self._params(owner) if calls is None else self._params_given(owner, calls)
        if not params or self._are_frozen(params):
            return None
        apart = frozenset[Path]() if calls is None else self._apart(owner, calls)
        saved = any(self._is_saved(path) for path in (owner, *params))
        return Unstepped(
            self._origin(clear, search), clear, owner, params, self._near(params), apart, saved, search.named
        )

    def _near(self, params: tuple[Path, ...]) -> tuple[Path, ...]:
        """Some parameters with all objects that may have some of them: what was made of them, or they of it."""
        return tuple(dict.fromkeys(each for path in params for each in self._objects.related(path)))

    def _params(self, optimizer: Path) -> tuple[Path, ...]:
        """The parameters of an optimizer; empty where nobody saw which it was given."""
        found = self._objects.optimizer_at(optimizer)
        return found.params or () if found is not None else ()

    def _params_given(self, formal: Path, calls: list[Call]) -> tuple[Path, ...]:
        """The parameters of an optimizer that is itself a parameter, by names of the function that all calls give."""
        told = [
            tuple(
                inner
                for inner, outer in call.binds
                if outer in self._params_of(formal, call) and inner.scope == formal.scope and GROUPS not in inner.fields
            )
            for call in calls
        ]
        if not all(self._params_of(formal, call) for call in calls):
            return ()
        return told[0] if told[0] and len(set(told)) == 1 else (formal.field(GROUPS),)

    def _params_of(self, formal: Path, call: Call) -> tuple[Path, ...]:
        return next((self._params(outer) for inner, outer in call.binds if inner == formal), ())

    def _apart(self, formal: Path, calls: list[Call]) -> frozenset[Path]:
        """The other optimizers that a function is given and that share no parameter, whoever calls it."""
        found: list[set[Path]] = []
        for call in calls:
            own = self._params_of(formal, call)
            own = self._near(own) if own else own
            others = [(inner, self._params(outer)) for inner, outer in call.binds if inner != formal]
            found.append(
                {inner for inner, params in others if params and not any(a.touches(b) for a in own for b in params)}
            )
        return frozenset(set.intersection(*found))

    def _is_no_training(self) -> bool:
        """Whether names say that a function, or its file, is there to try something."""
        file = PurePath(self._program.home(self._scope).source.path).stem.lower()
        if file.startswith(_NOT_TRAINING) or file.endswith("_test"):
            return True
        scope: Scope | None = self._scope
        while scope is not None and not scope.name.lower().startswith(_NOT_TRAINING):
            scope = scope.parent
        return scope is not None

    def _origin(self, clear: Clear, search: Whereabouts) -> Place:
        """Where the optimizer is made, if in this file; else where it is cleared."""
        home = self._program.home(self._scope)
        for binding in search.made:
            if binding.value is not None and self._program.home(binding.scope) is home:
                return Place(binding.value, binding.value, text_of(binding.value))
        return clear.place

    def _are_frozen(self, params: tuple[Path, ...]) -> bool:
        """Whether the file says of some parameters whether they want gradients: some may get none."""
        table = self._program.home(self._scope).table
        asked = [(m.receiver, m.scope) for name, ms in table.mentions.items() if _FREEZES.search(name) for m in ms]
        nodes = ((node, scope) for scope in table.scopes for node in walk(scope.node))
        calls = ((node, scope) for node, scope in nodes if isinstance(node, cst.Call))
        for call, scope in calls:
            if _FREEZES.search(last_name(call.func)):
                asked += [(argument.value, scope) for argument in call.args]
        return any(self._is_among(node, scope, params) for node, scope in asked)

    def _is_among(self, node: cst.BaseExpression, scope: Scope, params: tuple[Path, ...]) -> bool:
        """Whether an expression is some of the parameters, or what has them or is in it."""
        return any(found.touches(path) for found in self._objects.tensors(node, scope) for path in params)

    def _is_saved(self, path: Path) -> bool:
        """Whether the file takes the state of an object, as for a checkpoint."""
        for mention in self._program.home(self._scope).table.mentions.get("state_dict", ()):
            found = self._objects.path(mention.receiver, mention.scope) if mention.call is not None else None
            if found is not None and found.touches(path):
                return True
        return False
