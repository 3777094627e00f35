"""What objects are for gradients: optimizers with their regions, tensors, scalers, and what wraps what."""

from __future__ import annotations

import libcst as cst

from gradlint.regions import GROUPS, Path, Region
from gradlint.syntax import catalogue, frameworks, lightning
from gradlint.syntax.evaluator import Evaluator
from gradlint.syntax.growing import GROWING, may_have_more
from gradlint.syntax.kinship import Kinship
from gradlint.syntax.program import File, Program
from gradlint.syntax.scopes import Binding, Scope, stays
from gradlint.syntax.specialised import Given, Specialised
from gradlint.syntax.tree import elements_of, walk
from gradlint.syntax.values import Choice, Function, Groups, Instance, Made, Optimizer, Parameters
from gradlint.syntax.wrapping import Wrapping

_TELLING = (
    "zero_grad",
    "step",
    "param_groups",
    "backward",
    "parameters",
    "train",
    "eval",
    "forward",
    catalogue.STEP_HOOK,
)


class Objects(Evaluator):
    """Answers about the objects of one program."""

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self.specialised = Specialised(program)
        self._optimizers: dict[Path, Optimizer | None] = {}
        # What the files say of objects, each file read once.
        self._used: dict[File, dict[Path, set[str]]] = {}
        self._given_away: dict[File, frozenset[Path]] = {}
        self._kinship = Kinship(self)
        self._growing: dict[File, frozenset[Path]] = {}
        self._wrapping = Wrapping(self)
        self._taught: dict[tuple[File, tuple[str, ...]], tuple[tuple[cst.Call, Scope], ...]] = {}

    def given_function(self, node: cst.BaseExpression, scope: Scope) -> Given | None:
        """The function that an argument of a call is; None where it is none, or nobody can tell."""
        found = self.value(node, scope)
        if not isinstance(found, Function):
            return None
        known = self.specialised.given(node, scope)
        return known if known is not None else Given(found, self.path(node, scope), Binding(scope, node))

    def optimizer(self, node: cst.BaseExpression, scope: Scope) -> Optimizer | None:
        """The optimizer that an expression is; None if it is none."""
        found = self.value(node, scope)
        if isinstance(found, Choice):
            elements = [self.optimizer(value, found.scope) for value in found.values]
            return Optimizer(None) if elements and None not in elements else None
        path = self.path(node, scope)
        if path is None:
            return found if isinstance(found, Optimizer) else None
        return self.optimizer_at(path)

    def optimizer_at(self, path: Path) -> Optimizer | None:
        """The optimizer behind a path, by constructor, annotation, use and name, in this order."""
        if (path.scope, path.name) in self.looping:
            return self._judge(path)
        if path not in self._optimizers:
            self._optimizers[path] = None
            self._optimizers[path] = self._judge(path)
        return self._optimizers[path]

    def _judge(self, path: Path) -> Optimizer | None:
        found = self.at(path, 0)
        if isinstance(found, Optimizer):
            return found
        if isinstance(found, (Parameters, Function, Groups)):
            return None
        if isinstance(found, Made):
            last = found.by.rpartition(".")[2]
            if found.by in catalogue.SELF_CLEARING_FACTORIES:
                return None
            if catalogue.makes_no_optimizer(found.by) or catalogue.names_other_class(last):
                return None
            inner = [o for o in (self.optimizer_at(p) for p in found.given if p != path) if o is not None]
            if inner and (_named_like_optimizer(path) or catalogue.named_like_optimizer(last)):
                return Optimizer(inner[0].params)
        if isinstance(found, Instance) and not self.is_optimizer_class(found.of) and not self._may_step(found.of):
            return None
        used = self._uses(path)
        if self.is_engine(path) and not _named_like_optimizer(path):
            return None
        if (
            used & {"zero_grad", "param_groups"}
            and "step" in used
            and not used & {"backward", "forward", "parameters", "train", "eval"}
        ):
            return Optimizer(None)
        if "scaler.step" in used or "param_groups" in used:
            return Optimizer(None)
        return Optimizer(None) if _named_like_optimizer(path) else None

    def _may_step(self, class_: Scope) -> bool:
        """Whether objects of a class of the project may step by a base that is elsewhere, and do no more than that."""
        lineage = self.lineage(class_)
        methods = {name: method for one in lineage for name, (*_, method) in one.functions.items()}
        stated = methods.keys() | {name for one in lineage for name in one.attributes}
        if stated & {"step", "__getattr__"} or any(map(self.program.mentions_clear, methods.values())):
            return False
        bases = [(base, one) for one in lineage for base in one.bases]
        return any(self.class_of_name(base, one) is None and self._has_methods(base, one) for base, one in bases)

    def _has_methods(self, base: cst.BaseExpression, class_: Scope) -> bool:
        return self.qualified(base, class_).rpartition(".")[2] not in catalogue.PLAIN_BASES

    def fills_before_step(self, path: Path | None) -> bool:
        """Whether the step of an optimizer may bring gradients of its own: the project writes it, or hooks into it."""
        if path is None:
            return False
        owner = self.program.scopes[path.scope]
        if path.fields:
            bindings = self.attribute_bindings(path._replace(fields=path.fields[:-1]), path.fields[-1])
        else:
            bindings = owner.bindings.get(path.name, [])
        own = (binding for binding in bindings if isinstance(binding.value, cst.Call))
        classes = (self.class_of_name(b.value.func, b.scope) for b in own if isinstance(b.value, cst.Call))
        written = any("step" in base.functions for each in classes if each is not None for base in self.lineage(each))
        return written or "register_step_pre_hook" in self.program.home(owner).source.text

    def _uses(self, path: Path) -> set[str]:
        """The telling attributes that its own file uses on an object, and the files of its base classes."""
        owner = self.program.scopes[path.scope]
        found = self._uses_in(self.program.home(owner)).get(path, set())
        for base in self.lineage(owner)[1:] if path.name == "self" else ():
            inherited = Path(base.number, path.name, path.fields)
            found = found | self._uses_in(self.program.home(base)).get(inherited, set())
        return found

    def _uses_in(self, file: File) -> dict[Path, set[str]]:
        if file not in self._used:
            used = self._used[file] = {}
            for attribute in _TELLING:
                for mention in file.table.mentions.get(attribute, ()):
                    self._note(used, mention.receiver, mention.scope, attribute)
                    by_scaler = attribute == "step" and self._is_scaler(mention.receiver)
                    if by_scaler and mention.call is not None and len(mention.call.args) == 1:
                        self._note(used, mention.call.args[0].value, mention.scope, "scaler.step")
        return self._used[file]

    def _note(self, used: dict[Path, set[str]], node: cst.BaseExpression, scope: Scope, use: str) -> None:
        path = self.path(node, scope)
        if path is not None:
            used.setdefault(path, set()).add(use)

    def gives_away(self, path: Path) -> bool:
        """Whether the file uses an optimizer's `zero_grad` without calling it: whoever gets it may."""
        file = self.program.home(self.program.scopes[path.scope])
        if file not in self._given_away:
            mentions = file.table.mentions.get("zero_grad", ())
            paths = [self.path(m.receiver, m.scope) for m in mentions if m.call is None and not stays(m)]
            self._given_away[file] = frozenset(path for path in paths if path is not None)
        return path in self._given_away[file]

    def uses(self, path: Path, attribute: str) -> bool:
        """Whether the file uses an attribute of an object."""
        return attribute in self._uses(path)

    def is_engine(self, path: Path) -> bool:
        """Whether an object runs the backward of the loss that it is given, and clears what it steps."""
        used = self._uses(path)
        takes_loss = "backward" in used and "step" in used and "zero_grad" not in used
        return takes_loss and not frameworks.takes_loss(self.makers(path))

    def makers(self, path: Path) -> frozenset[str]:
        """The qualified names of the calls that an object comes from, or is one of the results of."""
        bindings = self.bindings_of(path) if path.name == "self" or not path.fields else []
        calls = [(b.value.func, b.scope) for b in bindings if isinstance(b.value, cst.Call) and not b.each]
        return frozenset(
            self.qualified(func, scope) for func, scope in calls if self.class_of_name(func, scope) is None
        )

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
        """The regions of an optimizer expression; those of all elements where it is one of a literal container."""
        found = self.value(node, scope)
        if isinstance(found, Choice):
            return tuple(region for value in found.values for region in self.regions(value, found.scope))
        path = self.path(node, scope)
        if path is None:
            return ()
        more = self._may_have_more(path)
        return tuple(Region(params, path, more=more) for params in self.stepped_params(path))

    def _may_have_more(self, path: Path) -> bool:
        return self._grows(path) or may_have_more(self.bindings_of(path), self._grows)

    def _grows(self, path: Path) -> bool:
        """Whether its own file adds something to a list, or to an optimizer."""
        file = self.program.home(self.program.scopes[path.scope])
        if file not in self._growing:
            mentions = (mention for method in GROWING for mention in file.table.mentions.get(method, ()))
            paths = {self.path(mention.receiver, mention.scope) for mention in mentions}
            self._growing[file] = frozenset(path for path in paths if path is not None)
        return path in self._growing[file]

    def tensors(self, node: cst.BaseExpression, scope: Scope) -> tuple[Path, ...]:
        """The parameters that a tensor expression is one of; empty for what has no name."""
        match self.value(node, scope):
            case Parameters(of=of):
                return of
            case Groups(of=optimizer):
                return self.stepped_params(optimizer)
            case Choice(values=values, scope=inner):
                return tuple(path for value in values for path in self.tensors(value, inner))
        path = self.path(node, scope)
        return (path,) if path is not None else ()

    def taught(self, file: File, names: tuple[str, ...]) -> tuple[tuple[cst.Call, Scope], ...]:
        """The calls in a file that go by one of some dotted names, each with the scope that it stands in."""
        if (file, names) not in self._taught:
            nodes = ((node, scope) for scope in file.table.scopes for node in walk(scope.node)) if names else ()
            calls = ((node, scope) for node, scope in nodes if isinstance(node, cst.Call))
            self._taught[file, names] = tuple(each for each in calls if self.goes_by(each[0].func, each[1], names))
        return self._taught[file, names]

    def around(self, path: Path) -> tuple[Path, ...]:
        """An object with what it was made from, and what was made from it; not with what shares a maker with it."""
        return (path, *self._wrapping.of(path))

    def related(self, path: Path) -> tuple[Path, ...]:
        """An object with all that may have parameters in common with it."""
        return tuple(dict.fromkeys((*self.around(path), *self._kinship.of(path))))

    def is_made_here(self, path: Path) -> bool:
        """Whether the file shows how the object comes to be, so that it cannot be another one under a second name."""
        if path.fields and path.name != "self":
            return self.is_made_here(Path(path.scope, path.name))
        if path.fields and lightning.belongs(path.fields[0], self.program.scopes[path.scope]):
            return True
        bindings = self.bindings_of(path)
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


def _named_like_optimizer(path: Path) -> bool:
    """Whether an object's name, or the key under which a container holds it, says that it is an optimizer."""
    named = [field for field in path.fields if not field.startswith("[")]
    key = path.fields[-1].strip("[]'") if path.fields else ""
    names = (key, named[-1].removesuffix("()") if named else path.name)
    return any(catalogue.named_like_optimizer(name) for name in names)


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
