"""Runs a program, and notes where it goes around a clear for a reason that nobody but the run can know.

The linter stays silent where a clear has a condition of its own (`docs/limits.md`). To tell such a silence from a
mistake, each test of a program is wrapped: whenever it turns away from an arm with a clear, what that clear would have
taken away is in doubt from then on. Not where the reason is known: the same flag was tested before and around the step,
or arithmetic decides.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import CodeType
from typing import Any, TypeVar

from generated import standin
from generated.chance import Chance, chances
from generated.standin import LENGTHS, PROGRAM, Loader, Optimizer, Parameter, Run, Tensor

COUNTED = "%"
"""Stands for arithmetic among flags: a counter and a number decide it."""

CUT_SHORT = "range"
"""Stands for a cycle of a counter whose loop is over before it has come around a few times: nothing is said of it."""

T = TypeVar("T")

FLAGS = ("amp", "warm", "fast")
"""Parameters of `main` that nothing sets."""

_Targets = Callable[[], Sequence[object]]


class Probe:
    """What an instrumented program calls."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def test(self, value: T, flags: frozenset[str], then: _Targets, orelse: _Targets) -> T:
        """A condition was evaluated: the arm that is not taken is gone around."""
        if CUT_SHORT in flags:
            self._run.cut_short()
        self._around(orelse if value else then, flags)
        for _, deposit in self._run.applied():
            deposit.known |= flags
        return value

    def trips(self, iterable: Any, targets: _Targets) -> Iterator[Any]:
        """A loop that may have no trip at all."""
        empty = True
        for each in iterable:
            empty = False
            yield each
        if empty:
            self._around(targets, frozenset())

    def loop(self) -> Callable[[T, _Targets], T]:
        """The test of a `while`: the first time it may go around the body."""
        first = True

        def test(value: T, targets: _Targets) -> T:
            nonlocal first
            if first and not value:
                self._around(targets, frozenset())
            first = False
            return value

        return test

    def given(self) -> None:
        """Something was cleared that a function had been given."""
        for _, deposit in self._run.applied():
            deposit.doubtful = True

    def _around(self, targets: _Targets, flags: frozenset[str]) -> None:
        try:
            found = targets()
        except NameError:  # a name that is not there yet: of anything
            found = [None]
        for parameter, deposit in self._run.applied() if found else ():
            is_known = COUNTED in flags or (flags and flags <= deposit.known)
            if not is_known and any(_holds(each, parameter) for each in found):
                deposit.doubtful = True


def _holds(target: object, parameter: Parameter) -> bool:
    if isinstance(target, (Optimizer, standin.Module)):
        return any(each is parameter for each in target.parameters())
    return target is None or target is parameter


def runs(text: str, limit: int, seed: int = 0, given: tuple[int, ...] = ()) -> Iterator[Run]:
    """Runs of a program in all small cases, one by one; of more than `limit`, others at random without end.

    The first one makes the choices that are given.
    """
    tree = ast.parse(text)
    risky = dict(_rows_in_try(tree))
    known = {row: frozenset(flags) for row, flags in _flags_around(tree)}
    code = compile(ast.fix_missing_locations(_Instrument(tree).visit(tree)), PROGRAM, "exec")
    for chance in chances(limit, seed, given):
        run = Run(chance, risky, known)
        _execute(code, run)
        yield run


def _execute(code: CodeType, run: Run) -> None:
    standin.begin(run)
    found = standin.modules()

    def load(name: str, *rest: Any) -> object:
        return (
            found[name]
            if name in found and rest[2:3] and rest[2]
            else found.get(name.partition(".")[0]) or (builtins.__import__(name, *rest))
        )

    space = {"__builtins__": {**vars(builtins), "__import__": load}, "__name__": "program", "probe__": Probe(run)}
    exec(code, space)
    main = space["main"]
    names = main.__code__.co_varnames[: main.__code__.co_argcount]
    main(**{name: _argument(name, run.chance) for name in names})


def _argument(name: str, chance: Chance) -> object:
    if name in FLAGS:
        return bool(chance.choose(2))
    if name == "n":
        return chance.choose(3) + 2
    if name == "epochs":
        return LENGTHS[chance.choose(len(LENGTHS) - 1) + 1]
    return Loader() if name == "loader" else Tensor()


class _Instrument(ast.NodeTransformer):
    """Wraps tests and loops."""

    def __init__(self, tree: ast.Module) -> None:
        self._functions = {n.name: n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}
        self._aliases = {
            target.id: n.value.value
            for n in ast.walk(tree)
            if isinstance(n, ast.Assign) and isinstance(n.value, ast.Attribute) and n.value.attr == "zero_grad"
            for target in n.targets
            if isinstance(target, ast.Name)
        }
        self._trips = {
            n.target.id: n.iter.args[0].value
            for n in ast.walk(tree)
            if isinstance(n, ast.For)
            and isinstance(n.target, ast.Name)
            and isinstance(n.iter, ast.Call)
            and n.iter.args
            and isinstance(n.iter.args[0], ast.Constant)
        }
        self._loops = 0
        self._given: list[frozenset[str]] = []  # the parameters of the functions around

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        names = frozenset(argument.arg for argument in node.args.args) - {"self"}
        self._given.append(names if node.name != "main" else frozenset())
        self.generic_visit(node)
        self._given.pop()
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.AST | list[ast.stmt]:
        return self._of_given(node, node.value.func if isinstance(node.value, ast.Call) else None)

    def visit_Assign(self, node: ast.Assign) -> ast.AST | list[ast.stmt]:
        return self._of_given(node, node.targets[0])

    def _of_given(self, node: ast.stmt, what: ast.expr | None) -> ast.AST | list[ast.stmt]:
        """A clear in a function that is given what it clears says nothing of what it is not given."""
        self.generic_visit(node)
        clears = isinstance(what, ast.Attribute) and what.attr in ("zero_grad", "zero_", "grad")
        if not clears or not self._given or not self._given[-1]:
            return node
        return [node, ast.copy_location(ast.Expr(_call("given")), node)]

    def visit_If(self, node: ast.If) -> ast.AST:
        test = self._test(node.test, node.body, node.orelse)
        self.generic_visit(node)
        node.test = test
        return node

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        test = self._test(node.test, [node.body], [node.orelse])
        self.generic_visit(node)
        node.test = test
        return node

    def visit_For(self, node: ast.For) -> ast.AST:
        targets = self._targets(node.body)
        self.generic_visit(node)
        if not isinstance(node.iter, (ast.List, ast.Tuple)):
            node.iter = _call("trips", node.iter, targets)
        return node

    def visit_While(self, node: ast.While) -> list[ast.stmt]:
        targets = self._targets(node.body)
        self.generic_visit(node)
        self._loops += 1
        name = f"loop__{self._loops}"
        if not isinstance(node.test, ast.Constant):
            node.test = ast.Call(ast.Name(name, ast.Load()), [node.test, targets], [])
        entered = ast.Assign([ast.Name(name, ast.Store())], _call("loop"))
        return [ast.copy_location(entered, node), node]

    def _test(self, test: ast.expr, then: Sequence[ast.AST], orelse: Sequence[ast.AST]) -> ast.expr:
        # Whether something is done where it holds: else nobody has to know of it.
        does = any(
            isinstance(each, (ast.Call, ast.Continue, ast.Break)) for n in (*then, *orelse) for each in ast.walk(n)
        )
        return _call(
            "test", test, _names(test, self._trips if does else {}, does), self._targets(then), self._targets(orelse)
        )

    def _targets(self, nodes: Sequence[ast.AST]) -> ast.Lambda:
        """What some code may clear, as expressions that are evaluated where it is gone around."""
        found: list[ast.expr] = []
        self._collect(nodes, found, set())
        parts = ast.Tuple(found, ast.Load())
        return ast.Lambda(ast.arguments([], [], None, [], [], None, []), parts)

    def _collect(self, nodes: Sequence[ast.AST], found: list[ast.expr], seen: set[str]) -> None:
        anything = ast.Constant(None)
        loops = [part for node in nodes for part in ast.walk(node) if isinstance(part, ast.For)]
        bound = {part.id for loop in loops for part in ast.walk(loop.target) if isinstance(part, ast.Name)}
        for loop in loops:
            if isinstance(loop.iter, ast.List) and not seen:
                found += loop.iter.elts
        for part in (part for node in nodes for part in ast.walk(node)):
            match part:
                case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="zero_grad")) if name in bound:
                    pass
                case ast.Call(func=ast.Attribute(value=receiver, attr="zero_grad")):
                    found.append(anything if seen else receiver)
                case ast.Call(func=ast.Attribute(attr="zero_")) | ast.Assign(targets=[ast.Attribute(attr="grad")]):
                    found.append(anything)
                case ast.Call(func=ast.Name(id=name)) if name in self._aliases:
                    found.append(anything if seen else self._aliases[name])
                case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if (
                    name in self._functions and name not in seen
                ):
                    self._collect(self._functions[name].body, found, seen | {name})


def _names(test: ast.expr, trips: Mapping[str, int], does: bool) -> ast.expr:
    """The flags that a test asks for, if it asks for nothing else and something hangs on it."""
    names = {part.id for part in ast.walk(test) if isinstance(part, ast.Name)}
    flags = sorted(names) if does and names <= set(FLAGS) else []
    if _is_arithmetic(test):
        flags = [COUNTED]
    for part in ast.walk(test):
        match part:
            case ast.Compare(left=ast.Name(id=name)) if trips.get(name, 3) < 3:
                flags = [CUT_SHORT]
            case ast.BinOp(op=ast.Mod(), right=right) if not names.isdisjoint(trips):
                period = right.value if isinstance(right, ast.Constant) else 4
                if min(trips[name] for name in names & trips.keys()) < 3 * period:
                    flags = [CUT_SHORT]
    return ast.Call(ast.Name("frozenset", ast.Load()), [ast.Tuple([ast.Constant(f) for f in flags], ast.Load())], [])


def _is_arithmetic(test: ast.expr) -> bool:
    """Whether a test asks for a counter, with a number as the period."""
    return not isinstance(test, ast.BoolOp) and any(
        isinstance(part, ast.BinOp) and isinstance(part.op, ast.Mod) and isinstance(part.right, ast.Constant)
        for part in ast.walk(test)
    )


def _call(name: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.Attribute(ast.Name("probe__", ast.Load()), name, ast.Load()), list(arguments), [])


def _rows_in_try(tree: ast.Module) -> Iterator[tuple[int, bool]]:
    """The rows of what is tried, and whether that comes first; nothing raises in a function defined there."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Try) and node.handlers:
            inside = {part for each in node.body for part in ast.walk(each) if isinstance(part, ast.FunctionDef)}
            hidden = {row for part in inside for row in range(part.lineno, (part.end_lineno or part.lineno) + 1)}
            first = next((each.lineno for each in node.body if not isinstance(each, ast.FunctionDef)), 0)
            last = node.body[-1].end_lineno or 0
            for row in range(node.body[0].lineno, last + 1):
                if row not in hidden:
                    yield row, row == first


def _flags_around(tree: ast.Module) -> Iterator[tuple[int, set[str]]]:
    """The flags that are known in each row, for an `if` around it asks for them."""

    def visit(node: ast.AST, known: set[str]) -> Iterator[tuple[int, set[str]]]:
        if isinstance(node, ast.stmt):
            yield node.lineno, known
        if isinstance(node, ast.FunctionDef):
            known = set()
        for name, value in ast.iter_fields(node):
            inside = known
            if isinstance(node, ast.If) and name in ("body", "orelse"):
                names = {part.id for part in ast.walk(node.test) if isinstance(part, ast.Name)}
                inside = known | (names if names <= set(FLAGS) else set())
            for each in value if isinstance(value, list) else [value]:
                if isinstance(each, ast.AST):
                    yield from visit(each, inside)

    yield from visit(tree, set())
