"""What the losses of an accumulation window weigh: whether they are divided before they are back-propagated."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator, Sequence

import libcst as cst

from gradlint.bounds import Bound
from gradlint.flow.loops import speaks_of_accumulation
from gradlint.slips import Weighed, Weight
from gradlint.syntax import catalogue
from gradlint.syntax.backpropagation import back_propagated
from gradlint.syntax.networks import is_network
from gradlint.syntax.objects import Objects
from gradlint.syntax.places import place_of
from gradlint.syntax.scopes import Scope
from gradlint.syntax.tree import children, constant_of, last_name, text_of, walk
from gradlint.syntax.values import Function, Instance

MAX_DEPTH = Bound(12, "parts of a loss inside one another")

_KEEPING = frozenset("mean float double half to cuda cpu squeeze clone contiguous".split())
"""Methods of tensors that leave a loss of the size it has for one batch."""

_COMPUTING = frozenset("loss criterion model net network bce mse nll ce cross entropy gpt objective".split())
"""Words in the names of what computes a loss, where nobody can see what it is."""

_ALL_TOGETHER = re.compile(r"reduction\s*=\s*[\"'](?:sum|none)|size_average")
_OF_GRADIENTS = frozenset({"grad", "grads", "gradient", "gradients"})
_RESCALING = frozenset("multiply mul scale rescale divide div average mean normalize reduce".split())
_DIVIDED_ELSEWHERE = re.compile(
    r"register_hook|step_pre_hook|virtual_step|DPSGD|\blr\s*=[^,)\n]*/[^,)\n]*(?:accum|micro)|\[.lr.\]\s*/="
)
"""Gradients, or the learning rate, that are divided somewhere in a file."""

_OF_SIZES = frozenset("num number normalizer denominator count reduction size batches".split())
_COUNTING = frozenset({"len", "ceil", "floor", "int", "round"})


class _Size(enum.Enum):
    """How large a loss is."""

    WHOLE = enum.auto()  # as it is for one batch
    DIVIDED = enum.auto()  # divided or multiplied by something
    UNKNOWN = enum.auto()


class Weights:
    """Answers for one scope."""

    def __init__(self, objects: Objects, scope: Scope) -> None:
        self._objects = objects
        self._scope = scope
        parent = scope.parent
        self._together = parent.node if parent is not None and parent.kind == "class" else scope.node
        # What is known of variables ahead of a backward; one that is made of itself is as large as it was before.
        self._known: dict[tuple[str, int], _Size] = {}

    def of(self, call: cst.Call, statement: cst.CSTNode) -> Weighed | None:
        """What is wrong with the weight of a loss, if it is one of several that are accumulated."""
        loss = back_propagated(call)
        text = self._objects.program.home(self._scope).source.text
        if loss is None or call.args or not speaks_of_accumulation(text):
            return None
        match loss:
            case cst.Call(func=cst.Attribute(value=scaler, attr=cst.Name(value="scale")), args=[cst.Arg(value=inner)]):
                if not self._objects.is_scaler(scaler, self._scope):
                    return None
                loss = inner
            case _:
                pass
        if _DIVIDED_ELSEWHERE.search(text) or any(map(_rescales, walk(self._scope.node))):
            return None
        counter = self._counter_in(loss, call)
        if counter:
            return Weighed(place_of(call, statement, loss), False, Weight.COUNTED, counter)
        if _ALL_TOGETHER.search(text) or self._size(loss, call, 0) is not _Size.WHOLE:
            return None
        late = list(self._divided_later(loss, call))
        if any(_divisions(self._together, late)):
            return None
        weight, by = (Weight.LATE, text_of(late[0])) if late else (Weight.WHOLE, "")
        return Weighed(place_of(call, statement, loss), False, weight, by)

    # -- divided by a counter -----------------------------------------------------------------------------------------

    def _counter_in(self, loss: cst.BaseExpression, call: cst.Call) -> str:
        """The counter that a loss is divided by, which counts the batches of a window; empty for none."""
        assigned = self._assigned(loss.value, call, before=True) if isinstance(loss, cst.Name) else ()
        for value in (loss, *(value for _, value in assigned)):
            match value:
                case cst.BinaryOperation(operator=cst.Divide(), right=cst.Name(value=name)) if self._counts(name, call):
                    return name
                case _:
                    pass
        return ""

    def _counts(self, name: str, call: cst.Call) -> bool:
        """Whether a variable is counted up by one, and a window is over once it has reached its size. Where a loss is
        only back-propagated then, it is the sum of a window, and the counter is its size.
        """
        counted = compared = False
        for node in walk(self._scope.node):
            match node:
                case cst.AugAssign(
                    target=cst.Name(value=target), operator=cst.AddAssign(), value=cst.Integer(value="1")
                ):
                    counted = counted or target == name
                case cst.If(test=test, body=body) if any(_has_come_around(part, name) for part in walk(test)):
                    if any(part is call for part in walk(body)):
                        return False
                    compared = True
                case _:
                    pass
        return counted and compared

    # -- not divided --------------------------------------------------------------------------------------------------

    def _size(self, node: cst.BaseExpression, call: cst.Call, depth: int) -> _Size:
        if not MAX_DEPTH.allows(depth):
            return _Size.UNKNOWN
        match node:
            case cst.Name(value=name):
                return self._variable(name, call, depth)
            case cst.Attribute(value=inner) | cst.Subscript(value=inner):
                return self._size(inner, call, depth + 1)
            case cst.UnaryOperation(operator=cst.Minus(), expression=inner):
                return self._size(inner, call, depth + 1)
            case cst.BinaryOperation(left=left, operator=cst.Add() | cst.Subtract(), right=right):
                sizes = {self._size(left, call, depth + 1), self._size(right, call, depth + 1)}
                return next((each for each in (_Size.DIVIDED, _Size.WHOLE) if each in sizes), _Size.UNKNOWN)
            case cst.BinaryOperation(operator=cst.Divide()):
                return _Size.DIVIDED
            case cst.Call():
                return self._call(node, call, depth)
            case _:
                return _Size.UNKNOWN

    def _call(self, node: cst.Call, call: cst.Call, depth: int) -> _Size:
        name = self._objects.callee_name(node)
        match node.func:
            case cst.Attribute(value=receiver) if name in _KEEPING:
                return self._size(receiver, call, depth + 1)
            case _:
                pass
        if self._objects.qualified(node.func, self._scope).startswith("torch.nn."):
            return _Size.WHOLE
        found = self._objects.value(node.func, self._scope)
        if any(map(_tells_a_size, node.args)):
            return _Size.UNKNOWN
        if isinstance(found, Function):
            return _Size.WHOLE if not found.scope.unread and _averages(found.scope.node) else _Size.UNKNOWN
        if isinstance(found, Instance) and not all(_averages(each.node) for each in self._objects.lineage(found.of)):
            return _Size.UNKNOWN
        path = self._objects.path(node.func, self._scope)
        computes = path is not None and is_network(self._objects, path)
        computes = computes or not _COMPUTING.isdisjoint(catalogue.tokens(last_name(node.func)))
        return _Size.WHOLE if computes else _Size.UNKNOWN

    def _variable(self, name: str, call: cst.Call, depth: int) -> _Size:
        """What is left of a variable by all that is assigned to it ahead of the backward."""
        values = list(self._assigned(name, call, before=True))
        if name in self._scope.parameters or not values:
            return _Size.UNKNOWN
        key = name, id(call)
        if key not in self._known:
            self._known[key] = _Size.WHOLE
            sizes = {_Size.DIVIDED if value is None else self._size(value, call, depth + 1) for _, value in values}
            self._known[key] = sizes.pop() if len(sizes) == 1 else _Size.UNKNOWN
        return self._known[key]

    def _assigned(
        self, name: str, call: cst.Call, *, before: bool
    ) -> Iterator[tuple[cst.CSTNode, cst.BaseExpression | None]]:
        """What is assigned to a variable before a backward or after it; None for what changes it."""
        ahead = True
        for node in walk(self._scope.node):
            ahead = ahead and node is not call
            if ahead is not before:
                continue
            match node:
                case cst.Assign(targets=[cst.AssignTarget(target=target)], value=value) if _binds(target, name):
                    yield node, value
                case cst.AugAssign(target=cst.Name(value=target)) if target == name:
                    yield node, None
                case _:
                    pass

    def _divided_later(self, loss: cst.BaseExpression, call: cst.Call) -> Iterator[cst.CSTNode]:
        """The divisions of a loss by the size of its window that come after it was back-propagated."""
        if not isinstance(loss, cst.Name):
            return
        for node, value in self._assigned(loss.value, call, before=False):
            match node, value:
                case cst.AugAssign(operator=cst.DivideAssign(), value=size), None:
                    by = text_of(size)
                case _, cst.BinaryOperation(left=cst.Name(value=left), operator=cst.Divide(), right=size):
                    by = text_of(size) if left == loss.value else ""
                case _:
                    by = ""
            if by and speaks_of_accumulation(by):
                yield node


def _has_come_around(node: cst.CSTNode, name: str) -> bool:
    """Whether a test asks if a counter has reached the size of a window."""
    match node:
        case cst.Comparison(
            left=cst.Name(value=left),
            comparisons=[cst.ComparisonTarget(operator=cst.GreaterThanEqual() | cst.Equal(), comparator=size)],
        ):
            return left == name and not constant_of(size)[0] and speaks_of_accumulation(text_of(size))
        case _:
            return False


def _tells_a_size(argument: cst.Arg) -> bool:
    """Whether a call is given the size of a window, or how much else its result is to be divided by."""
    named = set(catalogue.tokens(argument.keyword.value)) if argument.keyword is not None else set()
    return not named.isdisjoint(_OF_SIZES) or speaks_of_accumulation(text_of(argument.value))


def _averages(node: cst.CSTNode) -> bool:
    """Whether the code of what computes a loss says neither that it divides by a window, nor that it sums."""
    code = text_of(node)
    return not speaks_of_accumulation(code) and "sum(" not in code


def _binds(target: cst.BaseExpression, name: str) -> bool:
    return any(isinstance(part, cst.Name) and part.value == name for part in walk(target))


def _rescales(node: cst.CSTNode) -> bool:
    """Whether a call changes the size of gradients, by its name: `multiply_grads(optimizer, 1 / tokens)`."""
    match node:
        case cst.Call(func=func):
            words = set(catalogue.tokens(last_name(func)))
            return not _OF_GRADIENTS.isdisjoint(words) and not _RESCALING.isdisjoint(words)
        case _:
            return False


def _divisions(node: cst.CSTNode, but: Sequence[cst.CSTNode]) -> Iterator[cst.CSTNode]:
    """The divisions by the size of a window in some code, but for some, and for those that count windows."""
    waiting = [node]
    while waiting:
        top = waiting.pop()
        if top in but:
            continue
        match top:
            case cst.BinaryOperation(left=left, operator=cst.Divide(), right=size) if "len(" not in text_of(left):
                by = text_of(size)
            case cst.AugAssign(operator=cst.DivideAssign() | cst.MultiplyAssign(), value=size):
                by = text_of(size)
            case cst.Call(func=func, args=arguments) if last_name(func) in ("div", "div_", "mul", "mul_"):
                by = " ".join(text_of(argument.value) for argument in arguments)
            case cst.Call(func=func) if last_name(func) in _COUNTING:
                continue
            case _:
                by = ""
        if speaks_of_accumulation(by):
            yield top
        waiting.extend(children(top))
