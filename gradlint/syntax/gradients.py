"""Tensors and their gradients: which one an expression means, what clears it, what updates a tensor by it."""

from __future__ import annotations

import re

import libcst as cst

from gradlint.events import Clear, Event, Forget, MayAdd, Overwrite, Place, Read, Rescale, Step
from gradlint.regions import ELEMENT, Path, Region
from gradlint.syntax import catalogue
from gradlint.syntax.objects import Objects
from gradlint.syntax.places import place_of
from gradlint.syntax.runs_through import runs_through_all
from gradlint.syntax.scopes import Scope
from gradlint.syntax.tree import constant_of, last_name, text_of, walk

_RESTORES = re.compile(r"\bdef restore\w*\(|\bbackup\w*\s*(?:\[|=)")
"""Code that keeps parameters as they were, as adversarial training does that changes them for one backward."""


class Gradients:
    """Reads the tensors of one scope."""

    def __init__(self, objects: Objects, scope: Scope) -> None:
        self._objects = objects
        self._scope = scope

    def clear_of(
        self, tensor: cst.BaseExpression, node: cst.CSTNode, statement: cst.CSTNode, kind: type[Clear] = Clear
    ) -> Clear:
        """The event of dropping, overwriting or rescaling the gradient of a tensor."""
        params = self._objects.tensors(tensor, self._scope)
        place = place_of(node, statement, tensor)
        if not params:
            return kind(place, (), possible=True)
        # A single tensor with a name of its own is that tensor; an element of something unknown may be anything.
        own = self._objects.path(tensor, self._scope) == params[0] and self._is_single(params[0])
        unknown = not own and any(p.fields[-1:] == (ELEMENT,) or not self._objects.is_made_here(p) for p in params)
        whole = params if runs_through_all(tensor, self._objects, self._scope) else ()
        return kind(place, params, possible=unknown, owner=params[0] if own else None, whole=whole)

    def may_lie_in(self, buffer: cst.BaseExpression) -> bool:
        """Whether somebody's gradients may be views of a tensor: by its name, or as the file sets them."""
        name = last_name(buffer) or "<none>"
        views = rf"\.grad[ \t]*=[^=\n][^\n]*\b{re.escape(name)}\b"
        return "grad" in name or re.search(views, self._objects.program.home(self._scope).source.text) is not None

    def _is_single(self, path: Path) -> bool:
        """Whether a path is that of one tensor in a variable of its own, not of an element of something."""
        owner = self._objects.program.scopes[path.scope]
        bindings = owner.bindings.get(path.name, [])
        return not path.fields and bool(bindings) and not any(b.each for b in bindings)

    def update(self, tensor: cst.BaseExpression, node: cst.CSTNode, statement: cst.CSTNode) -> list[Event]:
        """The events of changing a tensor by its own gradient, without an optimizer."""
        if _RESTORES.search(self._objects.program.home(self._scope).source.text) is not None:
            return [Forget(place_of(node, statement), None)]  # what is changed may only be tried out
        plain = tensor.value if is_data(tensor) and isinstance(tensor, cst.Attribute) else tensor
        params = self._objects.tensors(plain, self._scope)
        place = place_of(node, statement, plain)
        return [Step(place, tuple(Region(p, p) for p in params), manual=True)] if params else [Forget(place, None)]

    def handed_over(self, target: cst.BaseExpression, value: cst.BaseExpression, statement: cst.CSTNode) -> list[Event]:
        """The events, besides the overwriting, of giving a tensor the gradient of another one, which keeps it.

        Whoever steps the one applies what the other has gathered. Where anything in the file clears in place, both
        may be cleared by one call.
        """
        source = gradient_of(_copied(value))
        receiver = gradient_of(target)
        text = self._objects.program.home(self._scope).source.text
        if source is None or receiver is None or "set_to_none=False" in text or ".grad.zero_()" in text:
            return []
        given, kept = (self._objects.tensors(each, self._scope) for each in (receiver, source))
        if not given or not kept or any(a.touches(b) for a in given for b in kept):
            return []
        code = f"{text_of(target)} = {text_of(value)}"
        place = Place(target, statement, code, text_of(source))
        return [Step(place, tuple(Region(p, p) for p in kept), manual=True, hands_over=True)]

    def is_computed_from(self, value: cst.BaseExpression, target: cst.BaseExpression) -> bool:
        """Whether a value is computed from the gradient of the target, more than in its shape."""
        if isinstance(value, cst.Call) and self._objects.callee_name(value) in catalogue.BLANK_LIKE:
            return False
        wanted = self._objects.tensors(target, self._scope)
        for part in walk(value):
            tensor = gradient_of(part) if isinstance(part, cst.Attribute) else None
            if tensor is None and isinstance(part, cst.Name):
                tensor = self.alias(part)
            if tensor is not None and not self._is_copy(tensor):
                found = self._objects.tensors(tensor, self._scope)
                if not wanted or not found or any(a.touches(b) for a in wanted for b in found):
                    return True
        return False

    def _is_copy(self, tensor: cst.BaseExpression) -> bool:
        """Whether a variable holds a copy, which has a gradient of its own."""
        owner = self._scope.owner(tensor.value) if isinstance(tensor, cst.Name) else None
        bindings = owner.bindings[tensor.value] if owner is not None and isinstance(tensor, cst.Name) else []
        calls = (part for each in bindings if each.value is not None for part in walk(each.value))
        return any(isinstance(part, cst.Call) and last_name(part.func) == "clone" for part in calls)

    def changed_in_place(
        self, call: cst.Call, name: str, receiver: cst.BaseExpression, statement: cst.CSTNode
    ) -> list[Event]:
        """The events of a tensor method that ends in an underscore, on a gradient or with one; none for any other."""
        tensor = gradient_of(receiver)
        if tensor is None and name == "zero_" and self.may_lie_in(receiver):
            return [Forget(place_of(call, statement), None)]
        if tensor is None and isinstance(receiver, cst.Name):
            tensor = self.alias(receiver, exact=True)
        if tensor is not None:
            times_zero = name == "mul_" and len(call.args) == 1 and constant_of(call.args[0].value) == (True, 0)
            own = any(self.is_computed_from(a.value, tensor) for a in call.args)
            if times_zero or (name in catalogue.OVERWRITING_METHODS and not own):
                blank = times_zero or name == "zero_" or (name == "fill_" and constant_of(call.args[0].value)[1] == 0)
                return [self.clear_of(tensor, call, statement, Clear if blank else Overwrite)]
            if own or name in catalogue.RESCALING_METHODS:
                return [self.clear_of(tensor, call, statement, Rescale)]
            return [Read(place_of(call, statement)), MayAdd(place_of(call, statement))]
        if (
            name in catalogue.UPDATING_METHODS
            and name.endswith("_")
            and any(self.is_computed_from(a.value, receiver) for a in call.args)
        ):
            return list(self.update(receiver, call, statement))
        return []

    def alias(self, name: cst.Name, *, exact: bool = False) -> cst.BaseExpression | None:
        """The tensor whose gradient a name is; unless `exact`, also one from whose gradient it was computed."""
        owner = self._scope.owner(name.value)
        bindings = owner.bindings[name.value] if owner is not None else []
        if len(bindings) != 1 or bindings[0].value is None or bindings[0].each or bindings[0].items:
            return None
        if exact:
            return gradient_of(bindings[0].value)
        for part in walk(bindings[0].value):
            if isinstance(part, cst.Attribute):
                tensor = gradient_of(part)
                if tensor is not None:
                    return tensor
        return None


def gradient_of(node: cst.CSTNode) -> cst.BaseExpression | None:
    """The tensor of `tensor.grad`, `tensor.grad.data` and `tensor._grad`."""
    match node:
        case cst.Attribute(value=tensor, attr=cst.Name(value="grad" | "_grad")):
            return tensor
        case cst.Attribute(value=cst.Attribute() as inner, attr=cst.Name(value="data")):
            return gradient_of(inner)
        case _:
            return None


def _copied(node: cst.BaseExpression) -> cst.BaseExpression:
    """The tensor of which an expression is a copy or another view with the same numbers."""
    match node:
        case cst.Call(func=cst.Attribute(value=tensor, attr=cst.Name(value=name))) if name in catalogue.COPYING_METHODS:
            return _copied(tensor)
        case _:
            return node


def is_zero(value: cst.BaseExpression) -> bool:
    """Whether a tensor is all zeros, whatever it is made from: `grad.new(size).zero_()`, `grad * 0`."""
    match value:
        case cst.Call(func=cst.Name(value="Variable"), args=[cst.Arg(value=inner), *_]):
            return is_zero(inner)
        case cst.Call(func=cst.Attribute(attr=cst.Name(value="zero_"))):
            return True
        case cst.Call(func=cst.Attribute(attr=cst.Name(value="fill_")), args=[cst.Arg(value=filled)]):
            return constant_of(filled) == (True, 0)
        case cst.BinaryOperation(left=left, operator=cst.Multiply(), right=right):
            return any(constant_of(each) == (True, 0) for each in (left, right))
        case _:
            return False


def is_data(node: cst.BaseExpression) -> bool:
    """Whether an expression is `tensor.data`."""
    return isinstance(node, cst.Attribute) and node.attr.value == "data"
