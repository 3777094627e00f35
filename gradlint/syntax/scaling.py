"""Gradient scalers, which multiply a loss and later divide its gradients, and clipping, which has its place after."""

from __future__ import annotations

import re

import libcst as cst

from gradlint.events import Clip, Event, Forget, Read, Step, Unscale, UpdateScale
from gradlint.regions import Path
from gradlint.syntax import catalogue
from gradlint.syntax.objects import Objects
from gradlint.syntax.places import place_of
from gradlint.syntax.scopes import Scope
from gradlint.syntax.surroundings import cuts
from gradlint.syntax.tree import constant_of, is_alone, last_name, text_of, walk
from gradlint.syntax.values import Function, Instance, Made
from gradlint.syntax.window_sizes import meant

_STATE = "_per_optimizer_states"
_UPDATED_BY_OTHERS = re.compile(r"scaler\w*\.update\b(?!\s*\()|\bfor \w+ in [^:\n]*scaler")
"""An update that is handed on, or called of each scaler in turn."""

_ASKING = frozenset("print isinstance len getattr hasattr id bool type str repr state_dict load_state_dict".split())
_NO_LIMIT = re.compile(r"\binf\b|get_scale|\bscale\b|[1-9]e\d", re.IGNORECASE)
_CLIPPING = frozenset({"clip_grad_norm_", "clip_grad_value_", "clip_grad_norm"})


class Scaling:
    """Reads the calls of one scope."""

    def __init__(self, objects: Objects, scope: Scope) -> None:
        self._objects = objects
        self._scope = scope

    def read(self, call: cst.Call, name: str, statement: cst.CSTNode) -> list[Event] | None:
        """The events of a call by which a scaler unscales or goes on, or that looks at gradients; None for others."""
        match name, call.func, call.args:
            case "update", cst.Attribute(value=scaler), _ if self._objects.is_scaler(scaler, self._scope):
                return [UpdateScale(place_of(call, statement, scaler))]
            case "GradScaler", _, _:
                return [UpdateScale(place_of(call, statement))]  # a new one waits for nothing
            case "unscale_", cst.Attribute(value=scaler), [cst.Arg(value=optimizer)] if self._objects.is_scaler(
                scaler, self._scope
            ):
                regions = self._objects.regions(optimizer, self._scope)
                by = text_of(scaler) if self._waits(scaler) else ""
                return [Unscale(place_of(call, statement, optimizer), False, regions, by)]
            case _ if name in _CLIPPING:
                seen = not is_alone(call, statement)
                if self._limits_nothing(call):
                    return [Read(place_of(call, statement), seen)]
                params, whole = self._clipped(call), self._clipped_whole(call, name)
                as_scaled = self._is_torch(call) and not self._unscales_anywhere()
                return [Clip(place_of(call, statement), seen, params, whole, as_scaled)]
            case _ if name in catalogue.GRADIENT_READERS and not self._is_in_sight(call.func):
                return [Read(place_of(call, statement), not is_alone(call, statement))]
            case _:
                return None

    def step(self, call: cst.Call, scaler: cst.BaseExpression, statement: cst.CSTNode) -> list[Event]:
        """The events of `scaler.step(optimizer)`."""
        given = next((each.value for each in call.args if each.keyword is None), None)
        regions = self._objects.regions(given, self._scope) if given is not None else ()
        if given is None or not regions:
            return []
        if any(self._objects.gives_away(region.owner) for region in regions):
            return [Forget(place_of(call, statement), None)]
        step = Step(place_of(call, statement, given), regions, scaler=text_of(scaler))
        return [step] if self._waits(scaler) else [step, UpdateScale(place_of(call, statement, scaler))]

    def by(self, loss: cst.BaseExpression) -> str | None:
        """The scaler that a loss was multiplied by; empty for none, None where nobody can tell."""
        match loss:
            case cst.Call(func=cst.Attribute(value=scaler, attr=cst.Name(value="scale"))) if self._objects.is_scaler(
                scaler, self._scope
            ):
                if isinstance(self._objects.value(scaler, self._scope), Instance):
                    return None  # one of the project's own: what it does is its own affair
                return "" if self._is_off(scaler) else text_of(scaler)
            case cst.Name(value=name):
                owner = self._scope.owner(name)
                bindings = owner.bindings[name] if owner is not None else []
                values = [binding.value for binding in bindings if not binding.each and binding.value is not loss]
                scaled = {self.by(value) if isinstance(value, cst.Call) else "" for value in values} - {None}
                if not any(scaled):
                    return "" if owner is not None and name not in owner.parameters else None
                return scaled.pop() if len(scaled) == 1 and len(values) == len(bindings) else None
            case _:
                return ""

    def _waits(self, scaler: cst.BaseExpression) -> bool:
        """Whether a scaler waits for an update after a step: not one that is off, or that is none of PyTorch's. Code
        that asks for its inner state knows what it does.
        """
        found = self._objects.value(scaler, self._scope)
        own = isinstance(found, Instance) or (isinstance(found, Made) and not found.by.endswith("GradScaler"))
        asks = _STATE in self._objects.program.home(self._scope).source.text
        return not own and not asks and not self._is_off(scaler) and not self._is_given_on(scaler)

    def _is_given_on(self, scaler: cst.BaseExpression) -> bool:
        """Whether something in the scope is given a scaler, or its update, and nobody can see what it does with it."""
        parent = self._scope.parent
        together = parent.node if parent is not None and parent.kind == "class" else self._scope.node
        module = self._objects.program.home(self._scope).module
        if self._scope.kind != "module" and _UPDATED_BY_OTHERS.search(module.code_for_node(together)):
            return True
        code = text_of(scaler)
        calls = (node for node in walk(self._scope.node) if isinstance(node, cst.Call))
        given = (call for call in calls if any(text_of(argument.value) == code for argument in call.args))
        return any(
            not isinstance(self._objects.value(call.func, self._scope), Function)
            and last_name(call.func) not in _ASKING
            for call in given
        )

    def _is_off(self, scaler: cst.BaseExpression) -> bool:
        """Whether a scaler is made with `enabled=False`, and does nothing."""
        path = self._objects.path(scaler, self._scope)
        calls = [each.value for each in self._objects.bindings_of(path)] if path is not None else []
        made = [call for call in calls if isinstance(call, cst.Call)]
        return bool(calls) and len(made) == len(calls) and all(any(map(self._says_off, call.args)) for call in made)

    def _says_off(self, argument: cst.Arg) -> bool:
        named = argument.keyword is not None and argument.keyword.value == "enabled"
        return named and constant_of(meant(argument.value, self._objects, self._scope)) == (True, False)

    def _limits_nothing(self, call: cst.Call) -> bool:
        """Whether gradients are clipped to infinity, for their norm, or to a limit that is multiplied by the scale."""
        for argument in call.args[1:]:
            limit = text_of(meant(argument.value, self._objects, self._scope))
            if _NO_LIMIT.search(limit):
                return True
        return False

    def _is_in_sight(self, func: cst.BaseExpression) -> bool:
        return isinstance(self._objects.value(func, self._scope), Function)

    def _is_torch(self, call: cst.Call) -> bool:
        return self._objects.qualified(call.func, self._scope).startswith("torch.")

    def _unscales_anywhere(self) -> bool:
        return "unscale" in self._objects.program.home(self._scope).source.text

    def _clipped(self, call: cst.Call) -> tuple[Path, ...]:
        """The parameters whose gradients are clipped by a function of PyTorch; others may unscale them first."""
        if not self._is_torch(call):
            return ()
        given = [each.value for each in call.args if each.keyword is None or each.keyword.value == "parameters"]
        return self._objects.parameters_in(given[0], self._scope) or () if given else ()

    def _clipped_whole(self, call: cst.Call, name: str) -> Path | None:
        """The network whose parameters, all of them, are clipped by their norm, where no part of it may be frozen."""
        match call.args:
            case [cst.Arg(value=cst.Call(func=cst.Attribute(value=network, attr=cst.Name(value="parameters")))), *_]:
                clips = name.startswith("clip_grad_norm") and not cuts(self._objects, self._scope)
                return self._objects.path(network, self._scope) if clips else None
            case _:
                return None
