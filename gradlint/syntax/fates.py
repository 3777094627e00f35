"""Where an optimizer can get to, and whether anything steps it there."""

from __future__ import annotations

import re

import libcst as cst

from gradlint.bounds import Bound
from gradlint.events import Call
from gradlint.regions import Path
from gradlint.syntax import catalogue, uses
from gradlint.syntax.callees import Callees
from gradlint.syntax.objects import Objects
from gradlint.syntax.program import File
from gradlint.syntax.scopes import Binding, Scope
from gradlint.syntax.tree import last_name, walk
from gradlint.syntax.uses import Use
from gradlint.syntax.values import Made

MAX_FILES = Bound(40, "files read in search of who may step an optimizer")

_READING_METHODS = frozenset({"zero_grad", "state_dict", "load_state_dict"})
_READING_FIELDS = frozenset({"param_groups", "state", "defaults"})
_READING_FUNCTIONS = frozenset("print len id type isinstance str repr hasattr bool".split())
_SCHEDULERS = re.compile(r"torch\.optim\.(lr_scheduler|swa_utils\.SWALR)\b|(transformers|diffusers)\..*get_\w*schedule")
_DYNAMIC = frozenset({"locals", "globals", "eval", "exec"})
_BY_NAME = frozenset({"getattr", "setattr", "attrgetter", "methodcaller", "vars", "__getattribute__"})
_ONLY_MARKS = frozenset({"no_grad", "enable_grad", "staticmethod", "classmethod"})
_HOOK = re.compile(r"register_\w*hook|retain_grad")
# Those that step by themselves, or what they are made from.
_OTHERS = frozenset("ZeroRedundancyOptimizer DistributedOptimizer PostLocalSGDOptimizer Lookahead PCGrad".split())


class Whereabouts:
    """One search for a step, from one optimizer on.

    `made` are the constructors that were found on the way, `given` the calls that give an optimizer to a parameter, by
    the parameter; `named`: a step is named somewhere, and not called.
    """

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._program = objects.program
        self._asked: set[Path] = set()  # ... about these already: they count as harmless until they are found not to be
        self.made: list[Binding] = []
        self.given: dict[Path, list[Call]] = {}
        self.named = False

    def is_unstepped(self, path: Path) -> bool:
        """Whether an object that is made by a known constructor is used in harmless ways only, wherever it goes."""
        if path in self._asked:
            return True
        self._asked.add(path)
        if path.name == "self":
            return len(path.fields) == 1 and self._is_attribute_unstepped(path)
        return not path.fields and self._is_variable_unstepped(path)

    def _is_variable_unstepped(self, path: Path) -> bool:
        owner, name = self._program.scopes[path.scope], path.name
        bindings = owner.bindings.get(name, [])
        if path.scope in self._program.originals:
            return False
        if name in owner.parameters:
            single = len(bindings) == 1
            return single and self._stays_unstepped_inside(owner, name) and self._is_given_unstepped(owner, name)
        if owner.kind == "module" and self._others(owner, name) != []:
            return False
        return self._are_constructed(bindings) and self._stays_unstepped_inside(owner, name)

    def _stays_unstepped_inside(self, owner: Scope, name: str) -> bool:
        """Whether a variable's own scope, and those in it, neither step what it holds nor give it away."""
        home = self._program.home(owner)
        inside = [scope for scope in home.table.scopes if uses.lies_in(scope, owner)]
        if _is_in_unread_text(name, home) or _has_step_in_comment(self._text(owner), name):
            return False
        if any(map(_looks_at_gradients, inside)) or any(map(_is_dynamic, inside)):
            return False
        return all(self._is_harmless(use) for use in uses.of_variable(owner, name, inside))

    def _text(self, scope: Scope) -> str:
        """The text of a scope, with its comments."""
        home = self._program.home(scope)
        if scope.kind == "module":
            return home.source.text
        span = home.positions.span(scope.node)
        return "\n".join(home.source.line(row) for row in range(span.start.row, span.end.row + 1))

    def _is_attribute_unstepped(self, path: Path) -> bool:
        """The same for an attribute: whatever has one of that name, in any file that may see the object, counts."""
        class_, name = self._program.scopes[path.scope], path.fields[0]
        bindings = self._objects.attribute_bindings(Path(path.scope, "self"), name)
        if not self._are_constructed(bindings) or not self._has_known_bases(class_):
            return False
        files = self._files_of_object(class_, name)
        if files is None or any(_is_in_unread_text(name, file) for file in files):
            return False
        scopes = [scope for file in files for scope in file.table.scopes]
        mentions = list(uses.of_attribute(name, scopes))
        written = [use for use in mentions if isinstance(use.parent, (cst.AssignTarget, cst.AnnAssign))]
        speaking = dict.fromkeys(use.scope for use in mentions)
        return (
            len(written) == len(bindings)
            and not any(_has_step_in_comment(file.source.text, name) for file in files)
            and not any(self._reaches_by_name(scope, name) for scope in scopes)
            and not any(map(_looks_at_gradients, speaking))
            and all(self._is_harmless(use) for use in mentions)
        )

    def _has_known_bases(self, class_: Scope) -> bool:
        """Whether nobody outside the project says what the objects of a class do, but PyTorch's modules."""
        for each in self._objects.lineage(class_):
            for base in each.bases:
                outer = each.parent
                known = outer is not None and self._objects.class_of_name(base, outer) is not None
                if not known and last_name(base) not in catalogue.PLAIN_BASES:
                    return False
        return True

    def _files_of_object(self, class_: Scope, name: str) -> list[File] | None:
        """The files that may see an object of a class and speak of a name; None where one cannot be read."""
        homes = [self._program.home(each) for each in self._objects.lineage(class_)]
        found = dict.fromkeys(homes)
        for each in homes:
            others = self._others(each.table.module, name)
            if others is None:
                return None
            found |= dict.fromkeys(others)
        return list(found)

    def _others(self, module: Scope, name: str) -> list[File] | None:
        """The other files that can have what a file defines and speak of a name; None where one cannot be read."""
        key = self._program.home(module).key
        keys = [each for each in self._program.surroundings.within_reach(key, name) or () if each != key]
        if not MAX_FILES.allows(len(keys)):
            return None
        files = [file for each in keys if (file := self._program.file(each)) is not None]
        return files if len(files) == len(keys) and not any(file.opaque for file in files) else None

    def _reaches_by_name(self, scope: Scope, name: str) -> bool:
        """Whether code asks objects of the project for attributes by computed names, or by this one."""
        for node in walk(scope.node):
            match node:
                case cst.Attribute(value=of, attr=cst.Name(value="__dict__")):
                    if not self._is_foreign(of, scope):
                        return True
                case cst.Call(func=func, args=arguments) if last_name(func) in _BY_NAME:
                    texts = [a.value.raw_value for a in arguments if isinstance(a.value, cst.SimpleString)]
                    of = arguments[0].value if arguments else func
                    if not self._is_foreign(of, scope) and (name in texts or not texts):
                        return True
        return False

    def _is_foreign(self, node: cst.BaseExpression, scope: Scope) -> bool:
        """Whether an expression is a module, or what somebody else's function gives back."""
        if isinstance(node, cst.Name) and node.value in self._program.home(scope).table.imports:
            return True
        return isinstance(self._objects.value(node, scope), Made)

    # -- who makes it ---------------------------------------------------------------------------------------------

    def _are_constructed(self, bindings: list[Binding]) -> bool:
        """Whether all that a variable is ever bound to comes from such constructors."""
        self.made += bindings
        return bool(bindings) and all(map(self._constructs, bindings))

    def _constructs(self, binding: Binding) -> bool:
        """Whether a variable is bound to what the constructor of a known class of optimizers makes."""
        value = binding.value
        if not isinstance(value, cst.Call) or binding.each or binding.items:
            return False
        known = catalogue.is_optimizer_class(self._objects.qualified(value.func, binding.scope))
        own = self._objects.class_of_name(value.func, binding.scope) is not None
        return known and not own and last_name(value.func) not in _OTHERS

    def _is_given_unstepped(self, function: Scope, formal: str) -> bool:
        """Whether all who call a function can be seen, and give it for a parameter what nothing steps."""
        home = self._program.home(function)
        others = self._others(home.table.module, function.name)
        if others is None or not _is_plain(function) or function.kind != "function":
            return False
        calls = self.given[Path(function.number, formal)] = list[Call]()
        scopes = (scope for file in (home, *others) for scope in file.table.scopes)
        for use in uses.of_function(function.name, scopes):
            call = self._call_of(use, function)
            given = next((value for inner, value in call.arguments if inner.name == formal), None) if call else None
            path = self._objects.path(given, use.scope) if isinstance(given, (cst.Name, cst.Attribute)) else None
            if call is None or path is None or not self.is_unstepped(path):
                return False
            calls.append(call)
        return bool(calls)

    def _call_of(self, use: Use, function: Scope) -> Call | None:
        """The call of a function that a mention of its name is; None where it is none, or runs a copy of its own."""
        if not isinstance(use.parent, cst.Call) or use.parent.func is not use.node:
            return None
        entered = Callees(self._objects, use.scope).called(use.parent, use.parent)
        return entered if isinstance(entered, Call) and entered.target == function.number else None

    def _original(self, number: int) -> Scope:
        """The scope that a number stands for, or that it is a copy of."""
        while number in self._program.originals:
            number = self._program.originals[number]
        return self._program.scopes[number]

    # -- what is done with it -------------------------------------------------------------------------------------

    def _is_harmless(self, use: Use) -> bool:
        """Whether a mention neither steps an optimizer nor gives it to somebody who may."""
        match use.parent:
            case cst.AssignTarget() | cst.Comparison() | cst.If() | cst.FormattedStringExpression():
                return True
            case cst.AnnAssign(target=target):
                return target is use.node
            case cst.UnaryOperation(operator=cst.Not()):
                return True
            case cst.Attribute(attr=cst.Name(value=name)):
                if name == "step" and isinstance(use.above, cst.Expr):
                    self.named = True
                    return True
                called = isinstance(use.above, cst.Call) and use.above.func is use.parent
                return name in _READING_FIELDS or (called and name in _READING_METHODS)
            case cst.Arg(star="") if isinstance(use.above, cst.Call):
                return self._leaves_alone(use.above, use)
            case _:
                return False

    def _leaves_alone(self, call: cst.Call, use: Use) -> bool:
        """Whether a call that is given an optimizer does not step it."""
        name = last_name(call.func)
        if isinstance(call.func, cst.Name) and name in _READING_FUNCTIONS and use.scope.owner(name) is None:
            return True
        if _SCHEDULERS.match(self._objects.qualified(call.func, use.scope)):
            return not self._asks_schedulers(self._program.home(use.scope))
        if name == "unscale_":
            return True
        entered = Callees(self._objects, use.scope).called(call, call)
        if not isinstance(entered, Call):
            return False
        formals = [inner.name for inner, value in entered.arguments if value is use.node]
        target = self._original(entered.target)
        if len(formals) != 1 or not _is_plain(target) or self._program.home(target).opaque:
            return False
        inside = Path(target.number, formals[0])
        if inside in self._asked:
            return True
        self._asked.add(inside)
        single = len(target.bindings.get(formals[0], ())) == 1
        return single and self._stays_unstepped_inside(target, formals[0])

    @staticmethod
    def _asks_schedulers(file: File) -> bool:
        """Whether a file asks schedulers for their optimizers."""
        receivers = (last_name(mention.receiver) for mention in file.table.mentions.get("optimizer", ()))
        return any(not catalogue.SCHEDULER_TOKENS.isdisjoint(catalogue.tokens(name)) for name in receivers)


def _is_plain(function: Scope) -> bool:
    """Whether a function runs as it is written: no decorator puts something around it."""
    decorators = (each.func if isinstance(each, cst.Call) else each for each in function.decorators)
    return all(last_name(each) in _ONLY_MARKS for each in decorators)


def _has_step_in_comment(text: str, name: str) -> bool:
    """Whether a step is written in a comment: then it is left out on purpose."""
    return re.search(rf"#.*\b{re.escape(name)}\s*\.\s*step\b", text) is not None


def _is_in_unread_text(name: str, file: File) -> bool:
    """Whether a name stands in a body that nobody has read."""
    if not any(scope.unread for scope in file.table.scopes):
        return False
    word = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
    return len(word.findall(file.source.text)) != len(word.findall(file.module.code))


def _looks_at_gradients(scope: Scope) -> bool:
    """Whether a scope's own code speaks of a `.grad` or of hooks: it may apply gradients itself, or want only them."""
    nodes = list(walk(scope.node))
    called = {id(node.func) for node in nodes if isinstance(node, cst.Call)}  # `torch.autograd.grad(...)`
    names = [(node.attr.value, id(node) in called) for node in nodes if isinstance(node, cst.Attribute)]
    return any((name == "grad" and not is_call) or _HOOK.match(name) for name, is_call in names)


def _is_dynamic(scope: Scope) -> bool:
    """Whether a scope's own code may reach variables that it does not name."""
    calls = [node for node in walk(scope.node) if isinstance(node, cst.Call) and isinstance(node.func, cst.Name)]
    names = [(last_name(call.func), bool(call.args)) for call in calls]
    return any(name in _DYNAMIC or (name == "vars" and not given) for name, given in names)
