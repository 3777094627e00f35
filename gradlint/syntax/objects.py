"""What an expression is: a small evaluator over assignments, attributes, containers and known constructors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import libcst as cst

from gradlint.regions import ELEMENT, GROUPS, Path, Region
from gradlint.syntax import catalogue
from gradlint.syntax.scopes import MODULE, Binding, Scope, Table
from gradlint.syntax.tree import constant_of, elements_of, text_of

MAX_DEPTH = 12  # assignments followed one after another


@dataclass(frozen=True, slots=True)
class Optimizer:
    """An optimizer; `params` None where nobody saw which parameters it was given."""

    params: tuple[Path, ...] | None
    repeats: bool = False  # evaluates its closure many times (L-BFGS)


@dataclass(frozen=True, slots=True)
class Parameters:
    """Parameters of modules, or tensors themselves: one of them or an iterable of them."""

    of: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Items:
    """A literal list, tuple or dictionary."""

    values: tuple[cst.BaseExpression, ...]
    scope: Scope


@dataclass(frozen=True, slots=True)
class Instance:
    """An object of a class of this file."""

    of: Scope


@dataclass(frozen=True, slots=True)
class Function:
    """A function, method or lambda of this file."""

    scope: Scope


@dataclass(frozen=True, slots=True)
class Made:
    """What some call gave back, with the objects it was given."""

    by: str
    given: tuple[Path, ...]
    part: bool = False  # one of several things that the call gave back


Value = Optimizer | Parameters | Items | Instance | Function | Made | None


class Objects:
    """Answers for one file. Paths are canonical: two mentions of one object have one path."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self._paths: dict[tuple[int, str], Path] = {}
        self._optimizers: dict[Path, Optimizer | None] = {}
        self._busy: set[object] = set()
        self._wrappers: dict[Path, set[Path]] | None = None
        self._lambdas = {id(scope.node): scope for scope in table.scopes if scope.kind == "lambda"}

    # -- identity -----------------------------------------------------------------------------------------------

    def path(self, node: cst.BaseExpression, scope: Scope, depth: int = 0) -> Path | None:
        """The access path of an expression, through aliases; None for what has no name."""
        match node:
            case cst.Name(value=name):
                return self._variable(name, scope, depth)
            case cst.Attribute(value=base, attr=cst.Name(value=attribute)):
                inner = self.path(base, scope, depth)
                if inner is None:
                    return None
                if attribute in catalogue.SAME_OBJECT_FIELDS or attribute == "data":
                    return inner
                return self._attribute(inner, attribute, scope, depth)
            case cst.Subscript(value=base, slice=slices):
                inner = self.path(base, scope, depth)
                return inner and self._element(inner, slices, scope, depth)
            case cst.Call(func=cst.Attribute(value=base, attr=cst.Name(value=method)), args=[]):
                inner = self.path(base, scope, depth)
                if inner is None or method in catalogue.SAME_OBJECT_METHODS:
                    return inner
                return inner.field(f"{method}()")
            case cst.Call(func=cst.Attribute(value=base, attr=cst.Name(value=method))) if (
                method in catalogue.SAME_OBJECT_METHODS
            ):
                return self.path(base, scope, depth)
            case cst.Await(expression=inner_node):
                return self.path(inner_node, scope, depth)
            case cst.NamedExpr(target=target):
                return self.path(target, scope, depth)
            case _:
                return None

    def _variable(self, name: str, scope: Scope, depth: int) -> Path:
        owner = scope.owner(name)
        if owner is None:
            return Path(MODULE, name)
        if owner.receiver == name and owner.parent is not None:
            return Path(owner.parent.number, "self")
        own = Path(owner.number, name)
        bindings = owner.bindings[name]
        if not bindings or depth > MAX_DEPTH:
            return own
        key = (owner.number, name)
        if key not in self._paths:
            self._paths[key] = own  # a name that is bound to itself stays itself
            meant = {self._alias(binding, own, depth) for binding in bindings}
            self._paths[key] = meant.pop() if len(meant) == 1 else own
        return self._paths[key]

    def _alias(self, binding: Binding, own: Path, depth: int) -> Path:
        """What a binding makes its variable another name of; the variable itself where that is nothing."""
        value = binding.value
        if value is None or binding.changed:
            return own
        if binding.each:
            value, constant = self._iterated(value, binding)
            container = self.path(value, binding.scope, depth + 1) if value is not None else None
            if container is None or container == own or constant:
                return own
            return container.field(ELEMENT)
        for position in binding.items:
            parts = value.elements if isinstance(value, (cst.Tuple, cst.List)) else None
            if parts is None or position >= len(parts):
                return own
            value = parts[position].value
        if not isinstance(value, (cst.Name, cst.Attribute, cst.Subscript, cst.Call)):
            return own
        if isinstance(value, cst.Call) and not (
            isinstance(value.func, cst.Attribute) and value.func.attr.value in catalogue.SAME_OBJECT_METHODS
        ):
            return own
        if isinstance(value, cst.Attribute) and value.attr.value in ("grad", "data"):
            return own  # the gradient and the data are followed as values, not as objects
        found = self.path(value, binding.scope, depth + 1)
        return found if found is not None and found.name[:1].isidentifier() else own

    def _iterated(self, value: cst.BaseExpression, binding: Binding) -> tuple[cst.BaseExpression | None, bool]:
        """What a loop variable runs over: the container, through enumerate, zip, list and items."""
        items = binding.items
        for _ in range(4):
            if not isinstance(value, cst.Call):
                break
            name = self.callee_name(value)
            if name == "enumerate" and value.args and items[:1] != ():
                if items[0] == 0:
                    return None, True
                value, items = value.args[0].value, items[1:]
            elif name == "zip" and items and items[0] < len(value.args):
                value, items = value.args[items[0]].value, items[1:]
            elif name == "items" and isinstance(value.func, cst.Attribute):
                if items[:1] != (1,):
                    return None, True
                value, items = value.func.value, items[1:]
            elif name == "values" and isinstance(value.func, cst.Attribute):
                value = value.func.value
            elif name in ("list", "tuple", "reversed", "sorted", "iter") and value.args:
                value = value.args[0].value
            else:
                return None, False
        return (None, False) if items else (value, False)

    def _attribute(self, base: Path, attribute: str, scope: Scope, depth: int) -> Path:
        own = base.field(attribute)
        bindings = self._attribute_bindings(base, attribute)
        if len(bindings) == 1 and depth <= MAX_DEPTH and own not in self._busy:
            value = bindings[0].value
            if isinstance(value, cst.Attribute) and not bindings[0].items and not bindings[0].each:
                self._busy.add(own)
                found = self.path(value, bindings[0].scope, depth + 1)
                self._busy.discard(own)
                # Only what the object itself reaches has the same name in another method.
                if (
                    found is not None
                    and found.scope == base.scope
                    and found.name == "self"
                    and "grad" not in found.fields
                ):
                    return found
        return own

    def _attribute_bindings(self, base: Path, attribute: str) -> list[Binding]:
        """How an attribute of a class's own object is set, in the class or a base of this file."""
        if base.name != "self" or base.fields:
            return []
        for class_ in self.lineage(self.table.scopes[base.scope]):
            if attribute in class_.attributes:
                return class_.attributes[attribute]
        return []

    def _element(self, base: Path, slices: Iterable[cst.SubscriptElement], scope: Scope, depth: int) -> Path:
        parts = list(slices)
        if len(parts) == 1 and isinstance(parts[0].slice, cst.Index):
            known, constant = constant_of(parts[0].slice.value)
            if known:
                return base.field(f"[{constant!r}]")
        return base.field(ELEMENT)

    def lineage(self, class_: Scope) -> Iterator[Scope]:
        """A class and its bases in this file."""
        seen: list[Scope] = []
        queue = [class_]
        while queue:
            top = queue.pop(0)
            if top in seen or top.kind != "class":
                continue
            seen.append(top)
            yield top
            for base in top.bases:
                if isinstance(base, cst.Name):
                    owner = top.parent.owner(base.value) if top.parent else None
                    if owner is not None and base.value in owner.classes:
                        queue.append(owner.classes[base.value])

    # -- names --------------------------------------------------------------------------------------------------

    def qualified(self, node: cst.BaseExpression) -> str:
        """The dotted name of an expression with its import resolved; empty for what is no name."""
        match node:
            case cst.Name(value=name):
                return self.table.imports.get(name, name)
            case cst.Attribute(value=value, attr=cst.Name(value=attribute)):
                base = self.qualified(value)
                return f"{base}.{attribute}" if base else ""
            case cst.Subscript(value=value):
                return self.qualified(value)
            case _:
                return ""

    @staticmethod
    def callee_name(call: cst.Call) -> str:
        """The last name of what is called."""
        match call.func:
            case cst.Name(value=name) | cst.Attribute(attr=cst.Name(value=name)):
                return name
            case _:
                return ""

    # -- values -------------------------------------------------------------------------------------------------

    def value(self, node: cst.BaseExpression, scope: Scope, depth: int = 0) -> Value:
        """What an expression evaluates to, None where nobody can tell."""
        if depth > MAX_DEPTH:
            return None
        match node:
            case cst.Call():
                return self._called(node, scope, depth)
            case cst.List() | cst.Tuple() | cst.Set():
                return Items(tuple(element.value for element in node.elements), scope)
            case cst.Dict():
                return Items(tuple(e.value for e in node.elements if isinstance(e, cst.DictElement)), scope)
            case cst.BinaryOperation(left=left, operator=cst.Add(), right=right):
                return _union(self.value(left, scope, depth + 1), self.value(right, scope, depth + 1))
            case (
                cst.ListComp(elt=elt, for_in=loop)
                | cst.GeneratorExp(elt=elt, for_in=loop)
                | cst.SetComp(elt=elt, for_in=loop)
            ):
                return self._comprehension(elt, loop, scope, depth)
            case cst.IfExp(body=one, orelse=other):
                return _either([self.value(one, scope, depth + 1), self.value(other, scope, depth + 1)])
            case cst.Await(expression=inner):
                return self.value(inner, scope, depth + 1)
            case cst.Lambda():
                found = self._lambdas.get(id(node))
                return Function(found) if found else None
            case cst.Name(value=name):
                function = self._function(name, scope)
                if function is not None:
                    return Function(function)
            case cst.Attribute(value=base, attr=cst.Name(value=attribute)):
                method = self._own_method(base, attribute, scope)
                if method is not None:
                    return Function(method)
        path = self.path(node, scope)
        return self._of_path(path, depth) if path is not None else None

    def _function(self, name: str, scope: Scope) -> Scope | None:
        owner = scope.owner(name)
        if owner is None or len(owner.bindings[name]) != 1 or len(owner.functions.get(name, ())) != 1:
            return None
        return owner.functions[name][0]

    def _own_method(self, base: cst.BaseExpression, name: str, scope: Scope) -> Scope | None:
        """The method that `self.name` is."""
        path = self.path(base, scope)
        if path is None or path.name != "self" or path.fields:
            return None
        for class_ in self.lineage(self.table.scopes[path.scope]):
            if name in class_.functions:
                return class_.functions[name][-1]
        return None

    def _of_path(self, path: Path, depth: int) -> Value:
        if path in self._busy:
            return None
        self._busy.add(path)
        try:
            if not path.fields:
                return self._bound_value(path, depth)
            base = Path(path.scope, path.name, path.fields[:-1])
            last = path.fields[-1]
            if last in (ELEMENT,) or last.startswith("["):
                return self._element_value(base, last, depth)
            bindings = self._attribute_bindings(base, last)
            if bindings:
                return _either([self._binding_value(b, depth) for b in bindings])
            return None
        finally:
            self._busy.discard(path)

    def _element_value(self, base: Path, key: str, depth: int) -> Value:
        if base.fields[-1:] == (GROUPS,) or (len(base.fields) > 1 and GROUPS in base.fields):
            at = base.fields.index(GROUPS)
            return Parameters(self.stepped_params(Path(base.scope, base.name, base.fields[:at])))
        container = self._of_path(base, depth + 1)
        if isinstance(container, Parameters):
            return container
        if isinstance(container, Items) and container.values:
            if key == ELEMENT:
                return _either([self.value(v, container.scope, depth + 1) for v in container.values])
            index = key[1:-1]
            if index.isdigit() and int(index) < len(container.values):
                return self.value(container.values[int(index)], container.scope, depth + 1)
        return None

    def _bound_value(self, path: Path, depth: int = 0) -> Value:
        scope = self.table.scopes[path.scope] if path.scope < len(self.table.scopes) else None
        bindings = scope.bindings.get(path.name, []) if scope is not None else []
        if not bindings or any(b.changed for b in bindings):
            return None
        return _either([self._binding_value(b, depth) for b in bindings])

    def _binding_value(self, binding: Binding, depth: int) -> Value:
        value = binding.value
        if value is None:
            return (
                Optimizer(None) if binding.annotation is not None and self._says_optimizer(binding.annotation) else None
            )
        if binding.each:
            return self._loop_value(binding, value, depth)
        for position in binding.items:
            if isinstance(value, cst.Call) and self.qualified(value.func) in catalogue.SELF_CLEARING_FACTORIES:
                return Made(self.qualified(value.func), ())
            prepared = self._prepared(value, position)
            if prepared is not None:
                value = prepared
                continue
            if not isinstance(value, (cst.Tuple, cst.List)) or position >= len(value.elements):
                return Made("", (), part=True)
            value = value.elements[position].value
        found = self.value(value, binding.scope, depth + 1)
        if found is None and binding.annotation is not None and self._says_optimizer(binding.annotation):
            return Optimizer(None)
        return found

    def _prepared(self, value: cst.BaseExpression, position: int) -> cst.BaseExpression | None:
        """The argument that `prepare(...)` gives back at a position."""
        if (
            isinstance(value, cst.Call)
            and self.callee_name(value) in catalogue.PREPARE_METHODS
            and position < len(value.args)
            and not value.args[position].star
        ):
            return value.args[position].value
        return None

    def _loop_value(self, binding: Binding, value: cst.BaseExpression, depth: int) -> Value:
        if (
            isinstance(value, cst.Call)
            and self.callee_name(value) in catalogue.NAMED_PARAMETER_METHODS
            and binding.items == (1,)
        ):
            return self.value(value, binding.scope, depth + 1)
        inner, _ = self._iterated(value, binding)
        found = self.value(inner if inner is not None else value, binding.scope, depth + 1)
        if isinstance(found, Parameters) and (inner is not None or not binding.items):
            return found
        if isinstance(found, Items) and found.values:
            return _either([self._tensor_or_value(v, found.scope, depth) for v in found.values])
        return None

    def _tensor_or_value(self, node: cst.BaseExpression, scope: Scope, depth: int) -> Value:
        found = self.value(node, scope, depth + 1)
        if found is None or isinstance(found, Made):
            path = self.path(node, scope)
            return Parameters((path,)) if path is not None and self.optimizer(node, scope) is None else found
        return found

    def _comprehension(self, elt: cst.BaseExpression, loop: cst.CompFor, scope: Scope, depth: int) -> Value:
        inner = loop
        while inner.inner_for_in is not None:
            inner = inner.inner_for_in
        target = inner.target
        if isinstance(elt, cst.Name) and isinstance(target, cst.Name) and target.value == elt.value:
            return self.value(inner.iter, scope, depth + 1) if inner is loop else None
        if isinstance(elt, cst.Name) and isinstance(target, cst.Tuple) and isinstance(inner.iter, cst.Call):
            return (
                self.value(inner.iter, scope, depth + 1)
                if self.callee_name(inner.iter) in catalogue.NAMED_PARAMETER_METHODS
                else None
            )
        return None

    def _says_optimizer(self, annotation: cst.BaseExpression) -> bool:
        text = annotation.raw_value if isinstance(annotation, cst.SimpleString) else text_of(annotation)
        return any(
            word.endswith("Optimizer") or word in catalogue.OPTIMIZER_CLASSES
            for word in text.replace("|", " ").replace(".", " ").split()
        )

    def _called(self, call: cst.Call, scope: Scope, depth: int) -> Value:
        name = self.callee_name(call)
        qualified = self.qualified(call.func)
        arguments = [a.value for a in call.args if not a.star and a.keyword is None]
        if isinstance(call.func, cst.Attribute):
            receiver = call.func.value
            if name in catalogue.PARAMETER_METHODS or name in catalogue.NAMED_PARAMETER_METHODS:
                found = self.path(receiver, scope)
                return Parameters((found,)) if found is not None else None
            if name in catalogue.SAME_OBJECT_METHODS:
                return self.value(receiver, scope, depth + 1)
            if name == "values" and not call.args:
                return self.value(receiver, scope, depth + 1)
        if name == "filter" and len(call.args) == 2:
            return self.value(call.args[1].value, scope, depth + 1)
        if name in ("partial",) and arguments:
            return self.value(arguments[0], scope, depth + 1)
        if name in ("list", "tuple", "iter", "reversed", "sorted", "set") and len(arguments) == 1:
            return self.value(arguments[0], scope, depth + 1)
        if qualified.endswith("chain") or name == "chain":
            return _union(*(self.value(a.value, scope, depth + 1) for a in call.args))
        class_ = self._class(call.func, scope)
        if class_ is not None:
            if self._is_optimizer_class(class_):
                return self._constructed(call, scope, depth, repeats=False)
            return Instance(class_)
        if catalogue.is_optimizer_class(qualified):
            return self._constructed(call, scope, depth, repeats=name == "LBFGS")
        return Made(qualified, tuple(self._given(call, scope)))

    def _class(self, func: cst.BaseExpression, scope: Scope) -> Scope | None:
        if not isinstance(func, cst.Name):
            return None
        owner = scope.owner(func.value)
        return owner.classes.get(func.value) if owner is not None else None

    def _is_optimizer_class(self, class_: Scope) -> bool:
        return any(
            self.qualified(base).rpartition(".")[2] == "Optimizer" or catalogue.is_optimizer_class(self.qualified(base))
            for one in self.lineage(class_)
            for base in one.bases
        )

    def _constructed(self, call: cst.Call, scope: Scope, depth: int, *, repeats: bool) -> Optimizer:
        given = next((a.value for a in call.args if a.keyword is None and not a.star), None)
        if given is None:
            given = next((a.value for a in call.args if a.keyword is not None and a.keyword.value == "params"), None)
        if given is None:
            return Optimizer(None, repeats)
        wrapped = self.value(given, scope, depth + 1)
        if isinstance(wrapped, Optimizer):
            return Optimizer(wrapped.params, repeats)
        return Optimizer(self._flatten(given, scope, depth), repeats)

    def _flatten(self, node: cst.BaseExpression, scope: Scope, depth: int) -> tuple[Path, ...] | None:
        """The parameters that an optimizer's first argument names, None where they cannot be told."""
        if depth > MAX_DEPTH:
            return None
        if isinstance(node, cst.StarredElement):
            return self._flatten(node.value, scope, depth + 1)
        found = self.value(node, scope, depth)
        match found:
            case Parameters(of=of):
                return tuple(dict.fromkeys(of))
            case Items(values=values, scope=inner):
                if isinstance(node, cst.Dict):
                    values = tuple(
                        e.value
                        for e in node.elements
                        if isinstance(e, cst.DictElement) and constant_of(e.key) == (True, "params")
                    )
                parts = [self._part(value, inner, depth + 1) for value in values]
                known = [part for part in parts if part is not None]
                return (
                    tuple(dict.fromkeys(p for part in known for p in part))
                    if parts and len(known) == len(parts)
                    else None
                )
            case _:
                return None

    def _part(self, node: cst.BaseExpression, scope: Scope, depth: int) -> tuple[Path, ...] | None:
        """An element of a parameter list: a tensor by its own path, or a group."""
        found = self._flatten(node, scope, depth)
        if found is not None:
            return found
        if isinstance(node, (cst.Name, cst.Attribute)) and not isinstance(
            self.value(node, scope, depth), (Optimizer, Items)
        ):
            path = self.path(node, scope)
            return (path,) if path is not None else None
        return None

    def _given(self, call: cst.Call, scope: Scope) -> Iterator[Path]:
        for argument in call.args:
            if isinstance(argument.value, (cst.Name, cst.Attribute, cst.Subscript)):
                path = self.path(argument.value, scope)
                if path is not None:
                    yield path

    # -- what things are ----------------------------------------------------------------------------------------

    def optimizer(self, node: cst.BaseExpression, scope: Scope) -> Optimizer | None:
        """The optimizer that an expression is; None if it is none."""
        path = self.path(node, scope)
        if path is None:
            found = self.value(node, scope)
            return found if isinstance(found, Optimizer) else None
        return self.optimizer_at(path)

    def optimizer_at(self, path: Path) -> Optimizer | None:
        """The optimizer behind a path, by constructor, annotation, use and name, in this order."""
        if path not in self._optimizers:
            self._optimizers[path] = None
            self._optimizers[path] = self._judge(path)
        return self._optimizers[path]

    def _judge(self, path: Path) -> Optimizer | None:
        found = self._of_path(path, 0)
        if isinstance(found, Optimizer):
            return found
        if isinstance(found, (Parameters, Function)):
            return None
        if isinstance(found, Made):
            last = found.by.rpartition(".")[2]
            if found.by in catalogue.SELF_CLEARING_FACTORIES:
                return None
            if found.by.startswith(catalogue.NOT_OPTIMIZER_MODULES) or catalogue.names_other_class(last):
                return None
            inner = [o for o in (self.optimizer_at(p) for p in found.given if p != path) if o is not None]
            if inner and (catalogue.named_like_optimizer(_last_name(path)) or catalogue.named_like_optimizer(last)):
                return Optimizer(inner[0].params)
        if isinstance(found, Instance) and not self._is_optimizer_class(found.of):
            return None
        used = self._uses(path)
        if (
            "backward" in used
            and "step" in used
            and "zero_grad" not in used
            and not catalogue.named_like_optimizer(_last_name(path))
        ):
            return None
        if (
            used & {"zero_grad", "param_groups"}
            and "step" in used
            and not used & {"backward", "forward", "parameters", "train", "eval"}
        ):
            return Optimizer(None)
        if "scaler.step" in used or "param_groups" in used:
            return Optimizer(None)
        return Optimizer(None) if catalogue.named_like_optimizer(_last_name(path)) else None

    def _uses(self, path: Path) -> set[str]:
        """The telling attributes that the file uses on an object."""
        if not hasattr(self, "_used"):
            self._used: dict[Path, set[str]] = {}
            for attribute in (
                "zero_grad",
                "step",
                "param_groups",
                "backward",
                "parameters",
                "train",
                "eval",
                "forward",
                catalogue.STEP_HOOK,
            ):
                for mention in self.table.mentions.get(attribute, ()):
                    at = self.path(mention.receiver, mention.scope)
                    if at is not None:
                        self._used.setdefault(at, set()).add(attribute)
                    if attribute == "step" and mention.call is not None and len(mention.call.args) == 1:
                        given = self.path(mention.call.args[0].value, mention.scope)
                        if given is not None and self._is_scaler(mention.receiver):
                            self._used.setdefault(given, set()).add("scaler.step")
        return self._used.get(path, set())

    def uses(self, path: Path, attribute: str) -> bool:
        """Whether the file uses an attribute of an object."""
        return attribute in self._uses(path)

    @staticmethod
    def _is_scaler(node: cst.BaseExpression) -> bool:
        return "scaler" in _last_text(node).lower()

    def is_scaler(self, node: cst.BaseExpression, scope: Scope) -> bool:
        """Whether an expression is a gradient scaler."""
        found = self.value(node, scope)
        return self._is_scaler(node) or (isinstance(found, Made) and found.by.endswith("GradScaler"))

    def stepped_params(self, path: Path) -> tuple[Path, ...]:
        """The parameters that the optimizer at a path applies gradients to."""
        found = self.optimizer_at(path)
        return found.params if found is not None and found.params else (path.field(GROUPS),)

    def regions(self, node: cst.BaseExpression, scope: Scope) -> tuple[Region, ...]:
        """The regions of an optimizer expression, or of a container of optimizers."""
        path = self.path(node, scope)
        if path is None:
            return ()
        elements = self._optimizer_elements(path)
        return tuple(Region(params, one) for one in elements for params in self.stepped_params(one))

    def _optimizer_elements(self, path: Path) -> list[Path]:
        """The optimizers that a path means: those of a literal list for an element of it."""
        if path.fields[-1:] == (ELEMENT,):
            container = self._of_path(Path(path.scope, path.name, path.fields[:-1]), 0)
            if isinstance(container, Items) and container.values:
                found = [self.path(value, container.scope) for value in container.values]
                if all(one is not None for one in found):
                    return [one for one in found if one is not None]
        return [path]

    def tensors(self, node: cst.BaseExpression, scope: Scope) -> tuple[Path, ...]:
        """The parameters that a tensor expression is one of; empty for what has no name."""
        found = self.value(node, scope)
        if isinstance(found, Parameters):
            return found.of
        path = self.path(node, scope)
        return (path,) if path is not None else ()

    def parameters_in(self, node: cst.BaseExpression, scope: Scope) -> tuple[Path, ...] | None:
        """The parameters of an expression that lists some; None where they cannot be told."""
        return self._flatten(node, scope, 0)

    def around(self, path: Path) -> tuple[Path, ...]:
        """An object with what it was made from and what was made from it."""
        wrappers = self._wrapping()
        seen = {path: None}
        queue = [path]
        while queue:
            for other in wrappers.get(queue.pop(), ()):
                if other not in seen:
                    seen[other] = None
                    queue.append(other)
        return tuple(seen)

    def _wrapping(self) -> dict[Path, set[Path]]:
        if self._wrappers is None:
            self._wrappers = {}
            for scope in self.table.scopes:
                holders = [(Path(scope.number, name), bs) for name, bs in scope.bindings.items()]
                holders += [(Path(scope.number, "self", (name,)), bs) for name, bs in scope.attributes.items()]
                for outer, bindings in holders:
                    for binding in bindings:
                        if isinstance(binding.value, cst.Call) and not binding.each:
                            for inner in self._given(binding.value, binding.scope):
                                if inner != outer:
                                    self._wrappers.setdefault(outer, set()).add(inner)
                                    self._wrappers.setdefault(inner, set())
        return self._wrappers

    def is_made_here(self, path: Path) -> bool:
        """Whether the file shows how the object comes to be, so that it cannot be another one under a second name."""
        if path.fields and path.name != "self":
            return self.is_made_here(Path(path.scope, path.name))
        if path.name == "self":
            bindings = self._attribute_bindings(Path(path.scope, "self"), path.fields[0]) if path.fields else []
        else:
            bindings = self.table.scopes[path.scope].bindings.get(path.name, [])
        return bool(bindings) and all(isinstance(_bound(b), cst.Call) for b in bindings)


def _bound(binding: Binding) -> cst.BaseExpression | None:
    """The expression that a binding evaluates, through literal tuples."""
    value = None if binding.each else binding.value
    for position in binding.items:
        if isinstance(value, cst.Call):
            return value
        parts = elements_of(value) if value is not None else None
        value = parts[position] if parts is not None and position < len(parts) else None
    return value


def _either(values: list[Value]) -> Value:
    """The value of a name with several bindings, where they agree well enough."""
    known = [value for value in values if value is not None]
    optimizers = [value for value in known if isinstance(value, Optimizer)]
    if optimizers:
        others = [v for v in known if not isinstance(v, Optimizer) and (not isinstance(v, Made) or v.part)]
        unknown = bool(others) or any(o.params is None for o in optimizers)
        params = None if unknown else tuple(dict.fromkeys(p for o in optimizers for p in o.params or ()))
        return Optimizer(params, any(o.repeats for o in optimizers))
    parameters = [value for value in known if isinstance(value, Parameters)]
    if parameters and len(parameters) == len(values):
        return Parameters(tuple(dict.fromkeys(p for value in parameters for p in value.of)))
    if len(values) == 1:
        return values[0]
    if known and all(isinstance(v, Made) for v in known):
        return known[-1]
    return None


def _union(*values: Value) -> Value:
    if values and all(isinstance(v, Parameters) for v in values):
        return Parameters(tuple(dict.fromkeys(p for v in values if isinstance(v, Parameters) for p in v.of)))
    items = [v for v in values if isinstance(v, Items)]
    if values and len(items) == len(values):
        return Items(tuple(x for v in items for x in v.values), items[0].scope)
    return None


def _last_name(path: Path) -> str:
    """The identifier that names an object, past its indices."""
    named = [f for f in path.fields if not f.startswith("[") and f not in ("optimizer()",)]
    return named[-1].removesuffix("()") if named else path.name


def _last_text(node: cst.BaseExpression) -> str:
    match node:
        case cst.Name(value=value) | cst.Attribute(attr=cst.Name(value=value)):
            return value
        case cst.Subscript(value=value):
            return _last_text(value)
        case cst.Call(func=func):
            return _last_text(func)
        case _:
            return ""
