"""What an expression evaluates to: a small evaluator over assignments, attributes, containers and constructors."""

from __future__ import annotations

from dataclasses import replace

import libcst as cst

from gradlint.regions import ELEMENT, GROUPS, Path, is_slice
from gradlint.syntax import catalogue, frameworks
from gradlint.syntax.arguments import matched, results
from gradlint.syntax.closure_takers import evaluates_again, inherited, torch_class
from gradlint.syntax.givers import Givers
from gradlint.syntax.identity import MAX_DEPTH
from gradlint.syntax.parameter_lists import ParameterLists
from gradlint.syntax.program import Program
from gradlint.syntax.scopes import Binding, Scope, changes_gradients
from gradlint.syntax.tree import constant_of, elements_of, text_of
from gradlint.syntax.values import (
    Choice,
    Function,
    Groups,
    Instance,
    Items,
    Made,
    Optimizer,
    Parameters,
    Value,
    either,
    moved,
    outside,
    union,
)


class Evaluator(ParameterLists):
    """Values for one program; None where nobody can tell."""

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self._givers = Givers(self)

    def value(self, node: cst.BaseExpression, scope: Scope, depth: int = 0) -> Value:
        """What an expression evaluates to, None where nobody can tell."""
        if not MAX_DEPTH.allows(depth):
            return None
        match node:
            case cst.Call():
                return self._called(node, scope, depth)
            case cst.List() | cst.Tuple() | cst.Set():
                return Items(tuple(element.value for element in node.elements), scope)
            case cst.Dict():
                pairs = [e for e in node.elements if isinstance(e, cst.DictElement)]
                keys = tuple(f"[{constant_of(e.key)[1]!r}]" for e in pairs)
                return Items(tuple(e.value for e in pairs), scope, keys)
            case cst.BinaryOperation(left=left, operator=cst.Add(), right=right):
                return union(self.value(left, scope, depth + 1), self.value(right, scope, depth + 1))
            case cst.BinaryOperation(left=left, operator=cst.Subtract()):  # of sets: at most these are left
                minuend = self.value(left, scope, depth + 1)
                return minuend if isinstance(minuend, Parameters) else None
            case (
                cst.ListComp(elt=elt, for_in=loop)
                | cst.GeneratorExp(elt=elt, for_in=loop)
                | cst.SetComp(elt=elt, for_in=loop)
            ):
                return self._comprehension(elt, loop, scope, depth)
            case cst.DictComp(value=elt, for_in=loop):
                return self._comprehension(elt, loop, scope, depth)
            case cst.IfExp(body=one, orelse=other):
                return either([self.value(one, scope, depth + 1), self.value(other, scope, depth + 1)])
            case cst.Await(expression=inner):
                return self.value(inner, scope, depth + 1)
            case cst.Lambda():
                found = self.program.lambda_at(node, scope)
                return Function(found) if found else None
            case cst.Name():
                function = self._function(node, scope)
                if function is not None:
                    return Function(function)
            case cst.Attribute(value=base, attr=cst.Name(value=attribute)):
                method = (
                    self._own_method(base, attribute, scope)
                    or self._class_method(base, attribute, scope)
                    or self._function(node, scope)
                )
                if method is not None:
                    return Function(method)
                bound = self._bound_method(base, attribute, scope)
                if bound is not None:
                    return bound
        path = self.path(node, scope)
        return self.at(path, depth) if path is not None else None

    def _function(self, node: cst.BaseExpression, scope: Scope) -> Scope | None:
        """The function that a name, or an attribute of a module, stands for: the only thing it is ever bound to."""
        found = self.definition(node, scope)
        functions = found.scope.functions.get(found.name, ()) if found is not None else ()
        return (
            functions[0] if found is not None and len(functions) == len(found.scope.bindings[found.name]) == 1 else None
        )

    def at(self, path: Path, depth: int) -> Value:
        """What the object at a path is."""
        if path in self._busy:
            return None
        if self._busy:  # amid another question some of the answers are missing
            return self._ask(path, depth)
        if path not in self._values:
            self._values[path] = self._ask(path, depth)
        return self._values[path]

    def _ask(self, path: Path, depth: int) -> Value:
        self._busy.add(path)
        try:
            if not path.fields:
                return self._bound_value(path, depth)
            inside = self._in_instance(path)
            if inside is not None:
                return inside[0]
            base = Path(path.scope, path.name, path.fields[:-1])
            last = path.fields[-1]
            if last in (ELEMENT,) or last.startswith("["):
                return self._element_value(base, last, depth)
            bindings = self.attribute_bindings(base, last)
            if bindings:
                return either([self._binding_value(b, depth) for b in bindings])
            return None
        finally:
            self._busy.discard(path)

    def _element_value(self, base: Path, key: str, depth: int) -> Value:
        if base.fields[-1:] == (GROUPS,) or (len(base.fields) > 1 and GROUPS in base.fields):
            where = base.fields.index(GROUPS)
            return Groups(Path(base.scope, base.name, base.fields[:where]))
        container = self.at(base, depth + 1)
        if isinstance(container, Parameters):
            # The elements one by one are followed as all of them, a slice is a part for itself.
            return Parameters(tuple(each.field(key) for each in container.of)) if is_slice(key) else container
        if isinstance(container, Items) and container.values:
            if key == ELEMENT:
                return self._choice(container, depth)
            keys = container.keys or tuple(f"[{position}]" for position in range(len(container.values)))
            if key in keys:
                return self.value(container.values[keys.index(key)], container.scope, depth + 1)
        return None

    def _bound_value(self, path: Path, depth: int = 0) -> Value:
        looping = self.looping.get((path.scope, path.name))
        owner = self.program.scopes[path.scope]
        bindings = [looping] if looping is not None else owner.bindings.get(path.name, [])
        if len(bindings) == 1 and len(owner.functions.get(path.name, ())) == 1:
            return Function(owner.functions[path.name][0])
        if not bindings or any(b.changed for b in bindings):
            return None
        found = either([self._binding_value(b, depth) for b in bindings])
        if found is None and path.name in owner.parameters[owner.receiver is not None :] and len(bindings) == 1:
            return self._givers.given(owner, bindings[0], path.name)
        return found

    def _binding_value(self, binding: Binding, depth: int) -> Value:
        value = binding.value
        if value is None:
            return Optimizer(None) if binding.annotation is not None and _says_optimizer(binding.annotation) else None
        if binding.each:
            return self._loop_value(binding, value, depth)
        if binding.items and isinstance(value, cst.Call):
            returned = self._returned(value, binding.scope, depth, binding.items)
            if returned is not None:
                return returned
        for position in binding.items:
            qualified = self.qualified(value.func, binding.scope) if isinstance(value, cst.Call) else ""
            if qualified in catalogue.SELF_CLEARING_FACTORIES:
                return Made(qualified, ())
            prepared = self.prepared(value, position, binding.scope)
            if prepared is not None:
                value = prepared
                continue
            if not isinstance(value, (cst.Tuple, cst.List)) or position >= len(value.elements):
                return Made("", (), part=True)
            value = value.elements[position].value
        found = self.value(value, binding.scope, depth + 1)
        if found is None and binding.annotation is not None and _says_optimizer(binding.annotation):
            return Optimizer(None)
        return found

    def prepared(self, value: cst.BaseExpression, position: int, scope: Scope) -> cst.BaseExpression | None:
        """The argument that `prepare(...)` and its like give back at a position."""
        names = frameworks.gives_back(self.qualified(value.func, scope)) if isinstance(value, cst.Call) else None
        if names is None or not isinstance(value, cst.Call):
            return None
        named = names[position : position + 1]
        for place, argument in enumerate(value.args):
            if argument.star or (argument.keyword is not None and argument.keyword.value in named):
                return None if argument.star else argument.value
            if place == position and (argument.keyword is None or not names):
                return argument.value
        return None

    def _loop_value(self, binding: Binding, value: cst.BaseExpression, depth: int) -> Value:
        if isinstance(value, cst.Call) and self.callee_name(value) == "zip" and binding.items[:1] != ():
            place = binding.items[0]
            if place < len(value.args) and not any(argument.star for argument in value.args):
                part = replace(binding, value=value.args[place].value, items=binding.items[1:])
                return self._loop_value(part, value.args[place].value, depth)
        if (
            isinstance(value, cst.Call)
            and self.callee_name(value) in catalogue.NAMED_PARAMETER_METHODS
            and binding.items == (1,)
        ):
            return self.value(value, binding.scope, depth + 1)
        inner, _ = self.iterated(value, binding)
        found = self.value(inner if inner is not None else value, binding.scope, depth + 1)
        if isinstance(found, Parameters) and (inner is not None or not binding.items):
            return found
        if isinstance(found, Items) and found.values:
            return self._choice(found, depth)
        return found if isinstance(found, Groups) and inner is not None else None

    def _choice(self, items: Items, depth: int) -> Value:
        """One of some items: parameters together are parameters, things without a name are judged together."""
        values = [self.value(value, items.scope, depth + 1) for value in items.values]
        named = all(self.path(value, items.scope) is not None for value in items.values)
        if not named or all(isinstance(value, Parameters) for value in values):
            return either(values)
        return Choice(items.values, items.scope)

    def _comprehension(self, elt: cst.BaseExpression, loop: cst.CompFor, scope: Scope, depth: int) -> Value:
        inner = loop
        while inner.inner_for_in is not None:
            inner = inner.inner_for_in
        target = inner.target
        if isinstance(elt, cst.Name) and isinstance(target, cst.Name) and target.value == elt.value:
            return self.value(inner.iter, scope, depth + 1) if inner is loop else None
        match elt:  # `pair[1] for pair in model.named_parameters()`
            case cst.Subscript(value=cst.Name(value=pair), slice=[_]) if (
                isinstance(target, cst.Name) and target.value == pair
            ):
                found = self.value(inner.iter, scope, depth + 1)
                return found if isinstance(found, Parameters) else None
        # `p for name, p in model.named_parameters()`, and the pairs themselves.
        parts = [part for part in elements_of(elt) or [elt] if isinstance(part, cst.Name)]
        named = {part.value for part in elements_of(target) or () if isinstance(part, cst.Name)}
        if parts and named.issuperset(part.value for part in parts):
            found = self.value(inner.iter, scope, depth + 1)
            return found if isinstance(found, Parameters) else None
        return None

    def _called(self, call: cst.Call, scope: Scope, depth: int) -> Value:
        name = self.callee_name(call)
        qualified = self.qualified(call.func, scope)
        arguments = [a.value for a in call.args if not a.star and a.keyword is None]
        if isinstance(call.func, cst.Attribute):
            receiver = call.func.value
            if name in catalogue.PARAMETER_METHODS or name in catalogue.NAMED_PARAMETER_METHODS:
                found = self.path(receiver, scope)
                return Parameters((found,)) if found is not None else None
            if name in catalogue.SAME_OBJECT_METHODS:
                same = arguments[0] if qualified == "torch.compile" and arguments else receiver
                return self.value(same, scope, depth + 1)
            if name in ("values", "items") and not call.args:
                found_inside = self.value(receiver, scope, depth + 1)
                return found_inside if name == "values" or isinstance(found_inside, Parameters) else None
        if name == "filter" and len(call.args) == 2:
            return self.value(call.args[1].value, scope, depth + 1)
        if name == "partial" and arguments:
            inner = self.value(arguments[0], scope, depth + 1)
            return Function(inner.scope, call) if isinstance(inner, Function) and inner.bound is None else None
        if name in ("list", "tuple", "iter", "reversed", "sorted", "set") and len(arguments) == 1:
            return self.value(arguments[0], scope, depth + 1)
        if qualified.endswith("chain") or name == "chain":
            return union(*(self.value(a.value, scope, depth + 1) for a in call.args))
        class_ = self.class_of_name(call.func, scope)
        known = self.goes_by(call.func, scope, self.program.vocabulary.optimizers)
        if class_ is not None:
            if known or self.is_optimizer_class(class_):
                lineage = self.lineage(class_)
                steps = [one.functions["step"][-1] for one in lineage if "step" in one.functions]
                by = inherited(lineage, self._base_names(class_))
                made = self._constructed(call, scope, depth, repeats=evaluates_again(by, call, lineage))
                clears = bool(steps) and changes_gradients(steps[0], self.program.clearing_words)
                return replace(made, clears=clears, made_by=by)
            return Instance(class_, call, scope)
        if known or catalogue.is_optimizer_class(qualified):
            repeats = evaluates_again(qualified.rpartition(".")[2], call)
            return replace(self._constructed(call, scope, depth, repeats=repeats), made_by=torch_class(qualified))
        returned = self._returned(call, scope, depth)
        return returned if returned is not None else Made(qualified, tuple(self.given(call, scope)))

    def _returned(self, call: cst.Call, scope: Scope, depth: int, items: tuple[int, ...] = ()) -> Value:
        """What a function of the project gives back to a call, or one of the items of it; None where it is not told."""
        if not MAX_DEPTH.allows(depth) or not isinstance(call.func, (cst.Name, cst.Attribute)):
            return None
        function = self.value(call.func, scope, depth + 1)
        if not isinstance(function, Function) or function.bound is not None or function.scope in self._busy:
            return None
        self._busy.add(function.scope)
        try:
            found = [self._result(value, function.scope, depth + 1, items) for value in results(function.scope)]
        finally:
            self._busy.discard(function.scope)
        value = either(found) if found else None
        given, _ = matched(call.args, function.scope.parameters[1 if function.scope.receiver is not None else 0 :])
        for formal, argument in given.items():
            path = self.path(argument, scope)
            if path is not None:
                value = moved(value, Path(function.scope.number, formal), path)
        for old, new in function.captured:
            value = moved(value, old, new)
        return outside(value, function.scope.number)

    def _result(self, node: cst.BaseExpression, scope: Scope, depth: int, items: tuple[int, ...]) -> Value:
        for position in items:
            parts = elements_of(node)
            if parts is None or position >= len(parts):
                return None
            node = parts[position]
        return self.value(node, scope, depth)

    def is_optimizer_class(self, class_: Scope) -> bool:
        """Whether a class of the project derives from an optimizer."""
        names = self._base_names(class_)
        return any(name.rpartition(".")[2] == "Optimizer" or catalogue.is_optimizer_class(name) for name in names)

    def _base_names(self, class_: Scope) -> list[str]:
        """The qualified names of all that a class of the project derives from."""
        return [self.qualified(base, one) for one in self.lineage(class_) for base in one.bases]


def _says_optimizer(annotation: cst.BaseExpression) -> bool:
    return catalogue.says_optimizer(
        annotation.raw_value if isinstance(annotation, cst.SimpleString) else text_of(annotation)
    )
