"""One walk over a file that notes everything its names are bound to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import libcst as cst

from gradlint.syntax.scopes import Binding, Mention, Scope, Table
from gradlint.syntax.tree import children, elements_of, walk


def collect(tree: cst.Module, first: int = 0, written: Iterable[str] | None = None) -> Table:
    """Walk a whole file once. Its scopes are numbered from `first` on.

    `written` are variables and `.attributes` that code left out of the tree writes; None where nothing was left out.
    """
    collector = _Collector(tree, first, cut=written is not None)
    collector.visit_body(tree, collector.scopes[0])
    return Table(
        collector.scopes,
        collector.imports,
        collector.mentions,
        frozenset(collector.volatile.union(written or ())),
        frozenset(collector.tested),
    )


class _Collector:
    def __init__(self, tree: cst.Module, first: int, *, cut: bool) -> None:
        self.scopes = [Scope(first, "module", "<module>", tree, None)]
        self._cut = cut
        self.imports: dict[str, str] = {}
        self.mentions: dict[str, list[Mention]] = defaultdict(list)
        self.volatile: set[str] = set()
        self.tested: set[str] = set()

    def open(self, kind: str, name: str, node: cst.CSTNode, parent: Scope) -> Scope:
        scope = Scope(self.scopes[0].number + len(self.scopes), kind, name, node, parent)
        self.scopes.append(scope)
        return scope

    def visit_body(self, node: cst.CSTNode, scope: Scope) -> None:
        for child in children(node):
            self.visit(child, scope)

    def visit(self, node: cst.CSTNode, scope: Scope) -> None:
        visitor = _VISITORS.get(type(node))
        if visitor is not None:
            visitor(self, node, scope)
        elif type(node) not in _LEAVES:
            self.visit_body(node, scope)

    def lambda_(self, node: cst.Lambda, scope: Scope) -> None:
        inner = self.open("lambda", "<lambda>", node, scope)
        self.parameters(node.params, inner, scope)
        self.visit(node.body, inner)

    def assign(self, node: cst.Assign, scope: Scope) -> None:
        self.visit(node.value, scope)
        for target in node.targets:
            self.bind(target.target, node.value, scope)
            self.target(target.target, scope)

    def target(self, node: cst.BaseExpression, scope: Scope) -> None:
        parts = elements_of(node)
        if parts is not None:
            for part in parts:
                self.target(part, scope)
        elif isinstance(node, cst.Attribute):
            self.mention(node, scope, None, written=True)
        else:
            self.visit(node, scope)

    def annotated(self, node: cst.AnnAssign, scope: Scope) -> None:
        if node.value is not None:
            self.visit(node.value, scope)
        self.bind(node.target, node.value, scope, annotation=node.annotation.annotation)
        self.target(node.target, scope)

    def augmented(self, node: cst.AugAssign, scope: Scope) -> None:
        self.visit(node.value, scope)
        if not _updates_in_place(node.value):
            self.bind(node.target, node.value, scope, changed=True)
        self.visit(node.target, scope)

    def walrus(self, node: cst.NamedExpr, scope: Scope) -> None:
        self.visit(node.value, scope)
        self.bind(node.target, node.value, scope)

    def loop(self, node: cst.For | cst.CompFor, scope: Scope) -> None:
        self.visit(node.iter, scope)
        self.bind(node.target, node.iter, scope, each=True)
        for child in children(node):
            if child is not node.iter:
                self.visit(child, scope)

    def with_item(self, node: cst.WithItem, scope: Scope) -> None:
        self.visit(node.item, scope)
        if node.asname is not None:
            self.bind(node.asname.name, node.item, scope)

    def declaration(self, node: cst.Global | cst.Nonlocal, scope: Scope) -> None:
        for item in node.names:
            scope.foreign[item.name.value] = isinstance(node, cst.Global)
            self.volatile.add(item.name.value)

    def pattern(self, node: cst.MatchAs | cst.MatchStar, scope: Scope) -> None:
        if node.name is not None:
            scope.bindings[node.name.value].append(Binding(scope, None))
        self.visit_body(node, scope)

    def call(self, node: cst.Call, scope: Scope) -> None:
        if isinstance(node.func, cst.Attribute):
            self.mention(node.func, scope, node)
        else:
            self.visit(node.func, scope)
        for argument in node.args:
            self.visit(argument.value, scope)

    def expression(self, node: cst.Expr, scope: Scope) -> None:
        value = node.value
        # `optimizer.zero_grad` on a line of its own does nothing: it is no evidence of anything.
        self.visit(value.value if isinstance(value, cst.Attribute) else value, scope)

    def attribute(self, node: cst.Attribute, scope: Scope) -> None:
        self.mention(node, scope, None)

    def mention(self, node: cst.Attribute, scope: Scope, call: cst.Call | None, *, written: bool = False) -> None:
        name = node.attr.value
        self.mentions[name].append(Mention(scope, node.value, name, call, written))
        self.visit(node.value, scope)

    def test(self, node: cst.If | cst.While | cst.IfExp | cst.CompIf, scope: Scope) -> None:
        self.tested.update(_identifiers(node.test))
        self.visit_body(node, scope)

    def condition(self, node: cst.BooleanOperation | cst.Comparison | cst.Match, scope: Scope) -> None:
        self.tested.update(_identifiers(node.subject if isinstance(node, cst.Match) else node))
        self.visit_body(node, scope)

    def function(self, node: cst.FunctionDef, scope: Scope) -> None:
        inner = self.open("function", node.name.value, node, scope)
        inner.decorators = [d.decorator for d in node.decorators]
        inner.unread = self._cut and _is_bare_return(node.body)
        for decorator in inner.decorators:
            self.visit(decorator, scope)
        self.parameters(node.params, inner, scope)
        scope.functions[node.name.value].append(inner)
        scope.bindings[node.name.value].append(Binding(scope, None))
        self.visit(node.body, inner)

    def class_(self, node: cst.ClassDef, scope: Scope) -> None:
        inner = self.open("class", node.name.value, node, scope)
        inner.bases = [argument.value for argument in node.bases]
        inner.decorators = [d.decorator for d in node.decorators]
        scope.classes[node.name.value] = inner
        scope.bindings[node.name.value].append(Binding(scope, None))
        self.visit(node.body, inner)

    def parameters(self, parameters: cst.Parameters, inner: Scope, outer: Scope) -> None:
        for parameter in _each_parameter(parameters):
            name = parameter.name.value
            inner.parameters.append(name)
            annotation = parameter.annotation.annotation if parameter.annotation else None
            inner.bindings[name].append(Binding(inner, None, parameter=True, annotation=annotation))
            if parameter.default is not None:
                inner.defaults[name] = parameter.default
                self.visit(parameter.default, outer)

    def import_(self, node: cst.Import | cst.ImportFrom, scope: Scope) -> None:
        prefix = ""
        if isinstance(node, cst.ImportFrom):
            prefix = "." * len(node.relative) + (f"{_dotted(node.module)}." if node.module is not None else "")
        if isinstance(node.names, cst.ImportStar):
            scope.module.stars.append(prefix[:-1] if prefix.strip(".") else prefix)
            return
        for alias in node.names:
            name = _dotted(alias.name)
            local = (
                alias.asname.name.value
                if alias.asname and isinstance(alias.asname.name, cst.Name)
                else name.split(".")[0]
            )
            qualified = prefix + (name if alias.asname or prefix else name.split(".")[0])
            self.imports.setdefault(local, qualified)
            scope.bindings[local].append(Binding(scope, None, imported=qualified))

    def bind(
        self,
        target: cst.BaseExpression,
        value: cst.BaseExpression | None,
        scope: Scope,
        *,
        each: bool = False,
        changed: bool = False,
        annotation: cst.BaseExpression | None = None,
        items: tuple[int, ...] = (),
    ) -> None:
        parts = elements_of(target)
        if parts is not None:
            for position, part in enumerate(parts):
                inner = part.value if isinstance(part, cst.StarredElement) else part
                self.bind(inner, value, scope, each=each, items=(*items, position))
            return
        binding = Binding(scope, value, each, items, annotation=annotation, changed=changed)
        match target:
            case cst.Name(value=name):
                owner = (scope.outside(name) or scope.module) if name in scope.foreign else scope
                owner.bindings[name].append(binding)
            case cst.Attribute(value=cst.Name(value=base), attr=attr):
                method = _method(scope, base)
                if method is not None and method.parent is not None:
                    method.parent.attributes[attr.value].append(binding)
                else:
                    scope.parts.append((target, binding))
                if changed or method is None or method.name != "__init__":
                    self.volatile.add(f".{attr.value}")
            case cst.Attribute(attr=attr):
                scope.parts.append((target, binding))
                self.volatile.add(f".{attr.value}")
            case cst.Subscript():
                scope.parts.append((target, binding))
            case _:
                pass


def _method(scope: Scope, base: str) -> Scope | None:
    """The method whose own object is called `base` here."""
    owner = scope.owner(base)
    return owner if owner is not None and owner.receiver == base else None


def _is_bare_return(body: cst.BaseSuite) -> bool:
    """Whether a body is what a long file's cut leaves of one."""
    match body:
        case cst.IndentedBlock(body=[cst.SimpleStatementLine(body=[cst.Return(value=None)])]):
            return True
        case _:
            return False


def _identifiers(node: cst.CSTNode) -> set[str]:
    return {part.value for part in walk(node) if type(part) is cst.Name}


def _updates_in_place(value: cst.BaseExpression) -> bool:
    """Whether what is added comes from a gradient: the target stays the same tensor."""
    return any(type(part) is cst.Name and "grad" in part.value for part in walk(value))


def _each_parameter(parameters: cst.Parameters) -> Iterator[cst.Param]:
    yield from parameters.posonly_params
    yield from parameters.params
    if isinstance(parameters.star_arg, cst.Param):
        yield parameters.star_arg
    yield from parameters.kwonly_params
    if parameters.star_kwarg is not None:
        yield parameters.star_kwarg


def _dotted(node: cst.BaseExpression) -> str:
    match node:
        case cst.Attribute(value=value, attr=attr):
            return f"{_dotted(value)}.{attr.value}"
        case cst.Name(value=value):
            return value
        case _:
            return ""


_LEAVES = frozenset({cst.Name, cst.Integer, cst.Float, cst.SimpleString, cst.Pass, cst.Break, cst.Continue})
_VISITORS: dict[type, Callable[[_Collector, Any, Scope], None]] = {  # Any: each visitor takes its own node class
    cst.FunctionDef: _Collector.function,
    cst.Lambda: _Collector.lambda_,
    cst.ClassDef: _Collector.class_,
    cst.Assign: _Collector.assign,
    cst.AnnAssign: _Collector.annotated,
    cst.AugAssign: _Collector.augmented,
    cst.NamedExpr: _Collector.walrus,
    cst.For: _Collector.loop,
    cst.CompFor: _Collector.loop,
    cst.WithItem: _Collector.with_item,
    cst.Global: _Collector.declaration,
    cst.Nonlocal: _Collector.declaration,
    cst.Import: _Collector.import_,
    cst.ImportFrom: _Collector.import_,
    cst.MatchAs: _Collector.pattern,
    cst.MatchStar: _Collector.pattern,
    cst.Call: _Collector.call,
    cst.Attribute: _Collector.attribute,
    cst.Expr: _Collector.expression,
    cst.If: _Collector.test,
    cst.While: _Collector.test,
    cst.IfExp: _Collector.test,
    cst.CompIf: _Collector.test,
    cst.BooleanOperation: _Collector.condition,
    cst.Comparison: _Collector.condition,
    cst.Match: _Collector.condition,
}
