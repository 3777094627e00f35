"""Tensors that are changed by their own gradients, without an optimizer, in a way that changes nothing, or raises."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from gradlint.events import Place
from gradlint.slips import Miss, Missed
from gradlint.syntax.differences import Difference, difference, in_place, is_grad_of
from gradlint.syntax.leaves import Leaves
from gradlint.syntax.objects import Objects
from gradlint.syntax.reads import Reads, names_of
from gradlint.syntax.scopes import Binding, Scope, names_in
from gradlint.syntax.tree import constant_of, last_name, walk, walk_everything
from gradlint.syntax.values import Function
from gradlint.syntax.whereabouts import Loop, Where, is_waited_for, of_decorator, statements

_RESTORING = frozenset({"requires_grad", "requires_grad_", "retain_grad", "attach_grad"})
"""Words by which a tensor that was computed gets gradients again."""

_SWITCHING = frozenset({"set_grad_enabled", "_set_grad_enabled", "enable_grad", "__enter__", "enter_context"})
"""What may turn the recording of the graph off or on where no `with` shows it."""

_BLANK = cst.Module([])


class Updates:
    """Answers for the statements of one scope."""

    def __init__(self, objects: Objects, scope: Scope) -> None:
        self._objects = objects
        self._scope = scope
        self._file = objects.program.home(scope)
        self._leaves = Leaves(objects, scope)
        self._all: list[tuple[cst.BaseSmallStatement, Where]] = []
        self._known: dict[cst.CSTNode, tuple[Miss, str, str]] | None = None

    def missed(self, node: cst.BaseSmallStatement, statement: cst.CSTNode) -> Missed | None:
        """What a statement was meant to change, and does not."""
        if not self._file.is_torch or ".grad" not in self._file.source.text:
            return None
        if self._known is None:
            self._known = dict(self._find()) if "grad" in names_in(self._scope) else {}
        if node not in self._known:
            return None
        miss, name, meant = self._known[node]
        text = " ".join(_code(node).split())
        return Missed(Place(node, statement, text, name), bool(meant), miss, meant)

    def _find(self) -> Iterator[tuple[cst.CSTNode, tuple[Miss, str, str]]]:
        self._all = list(statements(self._scope.node, self._start()))
        for small, where in self._all:
            found = difference(small)
            if found is not None and self._is_own(found.name, found.value):
                miss = self._rebound(small, found, where)
                if miss is not None:
                    yield small, (miss, found.name, self._meant(small, found, miss))
            changed = in_place(small)
            if changed is not None and self._is_own(*changed) and self._is_forbidden(changed[0], where):
                name = changed[0]
                yield small, (Miss.FORBIDDEN, name, self._spelt(small, f"{name}.data{_code(small)[len(name) :]}"))

    def _start(self) -> Where:
        known = [of_decorator(decorator) for decorator in self._scope.decorators]
        return Where(recording=False if False in known else None if None in known else True)

    # -- the gradient -----------------------------------------------------------------------------------------------

    def _is_own(self, name: str, value: cst.CSTNode) -> bool:
        """Whether the scope owns a variable, and a value is computed from its gradient."""
        owned = name in self._scope.bindings and name not in self._scope.foreign
        return owned and self._speaks_of_grad(value, name, frozenset({name}))

    def _speaks_of_grad(self, value: cst.CSTNode, name: str, seen: frozenset[str]) -> bool:
        for part in walk(value):
            if is_grad_of(part, name):
                return True
            if isinstance(part, cst.Name) and part.value not in seen and self._is_derived(part.value, name, seen):
                return True
        return False

    def _is_derived(self, variable: str, name: str, seen: frozenset[str]) -> bool:
        """Whether all that a variable holds is computed from a gradient, or from what it held before."""
        bindings = self._scope.bindings.get(variable, [])
        own = [b for b in bindings if not (b.value is not None and not b.each and _speaks_of(b.value, variable))]
        seen = seen | {variable}
        return bool(own) and all(self._derives(binding, name, seen) for binding in own)

    def _derives(self, binding: Binding, name: str, seen: frozenset[str]) -> bool:
        value = binding.value
        if value is None:
            return False
        if not binding.each:
            return not binding.items and self._speaks_of_grad(value, name, seen)
        match value, binding.items:  # `for p, g in zip(params, [p.grad for p in params])`
            case cst.Call(func=cst.Name(value="zip"), args=arguments), (position,) if position < len(arguments):
                return self._is_list_of_grads(arguments[position].value)
        return False

    def _is_list_of_grads(self, node: cst.BaseExpression) -> bool:
        if isinstance(node, cst.Name):
            bindings = self._scope.bindings.get(node.value, [])
            value = bindings[0].value if len(bindings) == 1 else None
            return value is not None and not isinstance(value, cst.Name) and self._is_list_of_grads(value)
        if not isinstance(node, (cst.ListComp, cst.GeneratorExp)):
            return False
        return any(is_grad_of(node.elt, name) for name in names_of(node.for_in.target))

    # -- what becomes of it ---------------------------------------------------------------------------------------

    def _rebound(self, small: cst.BaseSmallStatement, found: Difference, where: Where) -> Miss | None:
        """Why giving a variable another tensor does not change what was meant; None where it may."""
        loop = where.loops[-1] if where.loops else None
        reads = Reads(self._objects, self._scope, found.name)
        if isinstance(loop, cst.For) and found.name in names_of(loop.target):
            return Miss.NAME if not reads.after(small, loop) else None
        alias = _alias(found.name, small, where)
        if alias is not None:
            return Miss.NAME if not reads.after(small, None, since=alias) else None
        frozen = found.detached or where.recording is False
        if where.waiting or (where.recording is None and not frozen) or self._is_expected():
            return None
        back = next((each for each in reversed(where.loops) if _back_propagates(each.body)), None)
        if back is None or not self._is_left_so(small, found.name, back, frozen=frozen):
            return None
        return Miss.FROZEN if frozen else Miss.COMPUTED

    def _is_left_so(self, small: cst.BaseSmallStatement, name: str, loop: Loop, *, frozen: bool) -> bool:
        """Whether a leaf gives way to a computed tensor in a loop that goes on and makes no leaf of that one."""
        inside = set(walk(loop.body))
        updates = {f.value for each, _ in self._all if (f := difference(each)) is not None and f.name == name}
        before = [b for b in self._scope.bindings[name] if b.value not in updates]
        given = frozen and all(b.parameter for b in before)
        if not before or not (given or (all(map(self._leaves.is_made, before)) and self._leaves.needs_gradient(name))):
            return False
        if any(b.value in inside for b in before) or _leaves_with(small, loop):
            return False
        if any(_sets_grad(node, name) for node in inside):
            return False
        words = {part.value for part in walk_everything(loop.body) if isinstance(part, cst.Name)}
        return _RESTORING.isdisjoint(words) and not any(self._may_restore(each, name) for each in inside)

    def _may_restore(self, node: cst.CSTNode, name: str) -> bool:
        """Whether a call may make a variable a leaf again: by its body, or, where nobody sees it, as a statement."""
        if isinstance(node, cst.Expr) and isinstance(node.value, cst.Call) and last_name(node.value.func) != "print":
            known = isinstance(self._objects.value(node.value.func, self._scope), Function)
            return not known and any(_speaks_of(argument.value, name) for argument in node.value.args)
        called = self._objects.value(node.func, self._scope) if isinstance(node, cst.Call) else None
        return isinstance(called, Function) and not _RESTORING.isdisjoint(names_in(called.scope))

    def _is_forbidden(self, name: str, where: Where) -> bool:
        """Whether a leaf is changed in place while a graph is recorded, as the scope's own backward shows."""
        if where.recording is not True or where.waiting or self._is_expected():
            return False
        if not _SWITCHING.isdisjoint(names_in(self._file.table.module)) or self._frees():
            return False
        loop = next((e for e in reversed(where.loops) if isinstance(e, cst.For) and name in names_of(e.target)), None)
        leaf = self._leaves.is_one_of(name, loop) if loop is not None else self._leaves.are_made(name)
        return leaf and any(self._records(small) for small, around in self._all if around.recording is True)

    def _frees(self) -> bool:
        """Whether something in the scope says that a tensor needs no gradient, if only for a while."""
        for node in walk(self._scope.node):
            match node:
                case cst.Call(
                    func=cst.Attribute(attr=cst.Name(value="requires_grad_")), args=[cst.Arg(value=value), *_]
                ):
                    said = value
                case cst.Assign(targets=[cst.AssignTarget(target=target)], value=value) if (
                    last_name(target) == "requires_grad"
                ):
                    said = value
                case cst.Call(func=cst.Attribute(attr=cst.Name(value="detach_"))):
                    return True
                case cst.Call(func=func):
                    called = self._objects.value(func, self._scope)
                    if isinstance(called, Function) and not _RESTORING.isdisjoint(names_in(called.scope)):
                        return True
                    continue
                case _:
                    continue
            if constant_of(said) != (True, True):
                return True
        return False

    def _records(self, small: cst.BaseSmallStatement) -> bool:
        """Whether a statement back-propagates what the scope itself computes, and so has recorded."""
        match small:
            case cst.Expr(value=cst.Call(func=cst.Attribute(value=loss, attr=cst.Name(value="backward")))):
                if not isinstance(loss, cst.Name):
                    return not isinstance(loss, (cst.Attribute, cst.Subscript))
                bindings = self._scope.bindings.get(loss.value, [])
                values = [binding.value for binding in bindings if not binding.each]
                computed = all(isinstance(value, (cst.Call, cst.BinaryOperation)) for value in values)
                return bool(values) and len(values) == len(bindings) and computed
            case _:
                return False

    def _is_expected(self) -> bool:
        """Whether somebody waits for an exception of the scope's function."""
        return self._scope.kind == "function" and is_waited_for(self._scope.name, self._file.module)

    # -- what was meant ---------------------------------------------------------------------------------------------

    def _meant(self, small: cst.BaseSmallStatement, found: Difference, miss: Miss) -> str:
        """The same in place; empty where what follows works on the new tensor."""
        later = Reads(self._objects, self._scope, found.name)
        if miss is Miss.NAME and later.changes_after(small):
            return ""
        return self._spelt(small, found.in_place)

    @staticmethod
    def _spelt(small: cst.BaseSmallStatement, meant: str) -> str:
        """A text that stands for a statement, where that is one line."""
        return meant if len(_code(small).splitlines()) == 1 else ""


def _code(node: cst.BaseSmallStatement) -> str:
    """The code of a statement, without a semicolon behind it."""
    return _BLANK.code_for_node(node).strip().rstrip(";").rstrip()


def _speaks_of(node: cst.CSTNode, name: str) -> bool:
    return any(isinstance(part, cst.Name) and part.value == name for part in walk(node))


def _back_propagates(body: cst.CSTNode) -> bool:
    return any(
        isinstance(part, cst.Call) and isinstance(part.func, cst.Attribute) and part.func.attr.value == "backward"
        for part in walk(body)
    )


def _sets_grad(node: cst.CSTNode, name: str) -> bool:
    """Whether a statement gives a variable a gradient that no backward has made."""
    match node:
        case cst.Assign(targets=targets, value=value):
            return constant_of(value) != (True, None) and any(is_grad_of(each.target, name) for each in targets)
        case _:
            return False


def _leaves_with(small: cst.BaseSmallStatement, loop: Loop) -> bool:
    """Whether a loop is left in the trip in which a statement in it runs."""
    for suite in walk(loop.body):
        lines = suite.body if isinstance(suite, cst.IndentedBlock) else [suite]
        smalls = (each for line in lines for each in _smalls(line))
        jumps = any(isinstance(each, (cst.Break, cst.Return, cst.Raise)) for each in smalls)
        if jumps and any(part is small for part in walk(suite)):
            return True
    return False


def _smalls(line: cst.CSTNode) -> list[cst.BaseSmallStatement]:
    """The statements of a line that is no compound statement."""
    return list(line.body) if isinstance(line, (cst.SimpleStatementLine, cst.SimpleStatementSuite)) else []


def _alias(name: str, small: cst.BaseSmallStatement, where: Where) -> cst.CSTNode | None:
    """The statement, earlier in the block, that makes a variable another name of something's attribute or element."""
    found: cst.CSTNode | None = None
    for line in where.block:
        if any(part is small for part in walk(line)):
            return found
        for part in walk(line):
            if isinstance(part, (cst.Assign, cst.AugAssign, cst.AnnAssign, cst.For)) and name in _bound(part):
                found = part if part in _smalls(line) and _is_alias(part) else None
    return None


def _bound(node: cst.Assign | cst.AugAssign | cst.AnnAssign | cst.For) -> list[str]:
    targets = [each.target for each in node.targets] if isinstance(node, cst.Assign) else [node.target]
    return [name for target in targets for name in names_of(target)]


def _is_alias(node: cst.CSTNode) -> bool:
    match node:
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Name())], value=value):
            return isinstance(value, (cst.Attribute, cst.Subscript)) and last_name(value) not in ("data", "grad")
        case _:
            return False
