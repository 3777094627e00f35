"""Runs a program, and notes where it goes around a clear for a reason that nobody but the run can know.

The linter stays silent where a clear has a condition of its own (`docs/limits.md`). To tell such a silence from a
mistake, each test of a program is wrapped: whenever it turns away from an arm with a clear, what that clear would have
taken away is in doubt from then on. Not where the reason is known: the same flag was tested before and around the step,
or arithmetic decides.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from generated import standin
from generated.chance import chances
from generated.execute import FLAGS, execute
from generated.gradients import PROGRAM, Deposit, Leaf, current_row
from generated.ledger import Run
from generated.slips import is_map, is_named
from generated.standin import Optimizer
from gradlint.flow import decisions

COUNTED = "%"
"""Stands for arithmetic among flags: a counter and a number decide it."""

CUT_SHORT = "range"
"""Stands for a cycle of a counter whose loop is over before it has come around a few times: nothing is said of it."""

OF_GRADIENTS = "gradients"
"""Stands for tests and loops that only ask for gradients, and run over parameters: none of them is a way of its own."""

T = TypeVar("T")

_Targets = Callable[[], Sequence[object]]


class Probe:
    """What an instrumented program calls."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def test(self, value: T, flags: frozenset[str], then: _Targets, orelse: _Targets, asks: str = "") -> T | bool:
        """A condition was evaluated: the arm that is not taken is gone around."""
        if self._run.free and asks != OF_GRADIENTS and not self._run.chance.is_used_up:  # or it would go on forever
            return bool(self._run.chance.choose(2))
        if CUT_SHORT in flags:
            self._run.cut_short()
        self._around(orelse if value else then, flags)
        for _, deposit in self._run.lying():
            if deposit.applied:
                deposit.known |= flags
        return value

    def trips(self, iterable: Any, targets: _Targets, over: str, taken_to_run: bool) -> Iterator[Any]:
        """A loop that may have no trip at all, even one that the linter takes to have some."""
        empty = True
        for each in iterable:
            if self._run.free and over != OF_GRADIENTS and self._run.chance.choose(4) == 3:
                break
            empty = False
            yield each
        if empty:
            self._around(targets, frozenset())
            for parameter in self._run.leaves if taken_to_run else ():
                parameter.pass_by()

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

    def named(self, method: str, targets: _Targets) -> None:
        """A method is named and not called."""
        self._run.slips.add(current_row())
        for parameter in self._run.leaves if method == "backward" else ():
            parameter.emptied.excused = True  # nobody asks whose loss it was
        if method == "zero_grad":
            for deposit in self._meant(targets):
                deposit.lying.slipped = True
                # Before the step that applies it, a clear would have had another effect than the one that is missing.
                deposit.used.slipped = deposit.used.slipped or bool(deposit.applied)

    def _around(self, targets: _Targets, flags: frozenset[str]) -> None:
        for deposit in self._meant(targets) if COUNTED not in flags else ():
            deposit.lying.hidden = True
            if not (flags and flags <= deposit.known):
                deposit.used.hidden = True

    def _meant(self, targets: _Targets) -> Iterator[Deposit]:
        """The deposits that would be gone if some targets were cleared."""
        try:
            found = targets()
        except NameError:  # a name that is not there yet: of anything
            found = [None]
        for parameter, deposit in self._run.lying() if found else ():
            if any(_holds(each, parameter) for each in found):
                yield deposit


def _holds(target: object, parameter: Leaf) -> bool:
    if isinstance(target, (Optimizer, standin.Module)):
        return any(each is parameter for each in target.parameters())
    return target is None or target is parameter


def runs(text: str, limit: int, seed: int = 0, given: tuple[int, ...] = (), *, free: bool = False) -> Iterator[Run]:
    """Runs of a program in all small cases, one by one; of more than `limit`, others at random without end.

    The first one makes the choices that are given.
    """
    tree = ast.parse(text)
    risky = risky_rows(tree)
    known = {row: frozenset(flags) for row, flags in _flags_around(tree)}
    code = compile(ast.fix_missing_locations(_Instrument(tree).visit(tree)), PROGRAM, "exec")
    for chance in chances(limit, seed, given):
        run = Run(chance, risky, known, free=free)
        execute(code, run, standin.modules(), probe__=Probe(run))
        yield run


class _Instrument(ast.NodeTransformer):
    """Wraps tests and loops."""

    def __init__(self, tree: ast.Module) -> None:
        self._functions = {n.name: n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}
        # Counters of which a window is asked for whose size nobody knows.
        self._unsized = {
            name for each in _moduli(tree) if isinstance(each.right, ast.Name) for name in _names_in(each.left)
        }
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
        methods = self._methods(node.body, set())
        taken_to_run = "backward" in methods or methods == {"zero_grad"}
        self.generic_visit(node)
        if not isinstance(node.iter, (ast.List, ast.Tuple)):
            over = OF_GRADIENTS if "param" in ast.unparse(node.iter) else ""
            node.iter = _call("trips", node.iter, targets, ast.Constant(over), ast.Constant(taken_to_run))
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.AST | list[ast.AST]:
        self.generic_visit(node)
        if is_named(node):
            return ast.copy_location(ast.Expr(_named(node.value.attr, [node.value.value])), node)
        if is_map(node):
            return [node, ast.copy_location(ast.Expr(_named("zero_grad", [ast.Constant(None)])), node)]
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
        flags = _set(self._known(test) if does else ())
        asks = OF_GRADIENTS if ".grad" in ast.unparse(test) else ""
        return _call("test", test, flags, self._targets(then), self._targets(orelse), ast.Constant(asks))

    def _known(self, test: ast.expr) -> Sequence[str]:
        """The flags that a test asks for, if it asks for nothing else, or what says of its counter how far it can be
        relied on.
        """
        for each in _moduli(test):
            sized = isinstance(each.right, ast.Constant)
            period = each.right.value if isinstance(each.right, ast.Constant) else decisions.USUAL_PERIOD
            trips = min((self._trips[name] for name in _names_in(each.left) & self._trips.keys()), default=None)
            if (
                trips is not None
                and trips < decisions.FULL_CYCLES * period
                and not (sized and trips <= decisions.COUNTED)
            ):
                return [CUT_SHORT]
            if sized and not isinstance(test, ast.BoolOp) and self._unsized.isdisjoint(_names_in(each.left)):
                return [COUNTED]
        names = _names_in(test)
        return sorted(names) if names <= set(FLAGS) else []

    def _methods(self, nodes: Sequence[ast.AST], seen: set[str]) -> set[str]:
        """What some code calls or names of objects, in the program's own functions as well."""
        found = set()
        for part in (part for node in nodes for part in ast.walk(node)):
            match part:
                case ast.Attribute(attr=name):
                    found.add(name)
                case ast.Call(func=ast.Name(id=name)) if name in self._functions and name not in seen:
                    found |= self._methods(self._functions[name].body, seen | {name})
        return found

    def _targets(self, nodes: Sequence[ast.AST]) -> ast.Lambda:
        """What some code may clear, as expressions that are evaluated where it is gone around."""
        found: list[ast.expr] = []
        self._collect(nodes, found, set())
        return _lambda(found)

    def _collect(self, nodes: Sequence[ast.AST], found: list[ast.expr], seen: set[str]) -> None:
        anything = ast.Constant(None)
        loops = [part for node in nodes for part in ast.walk(node) if isinstance(part, ast.For)]
        bound = {part.id for loop in loops for part in ast.walk(loop.target) if isinstance(part, ast.Name)}
        for loop in loops:
            if isinstance(loop.iter, ast.List):
                found += [anything] if seen else loop.iter.elts
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


def _named(method: str, targets: Sequence[ast.expr]) -> ast.expr:
    return _call("named", ast.Constant(method), _lambda(targets))


def _lambda(found: Sequence[ast.expr]) -> ast.Lambda:
    return ast.Lambda(ast.arguments([], [], None, [], [], None, []), ast.Tuple(list(found), ast.Load()))


def _set(words: Iterable[str]) -> ast.expr:
    return ast.Call(ast.Name("frozenset", ast.Load()), [ast.Tuple([ast.Constant(w) for w in words], ast.Load())], [])


def _names_in(node: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def _moduli(tree: ast.AST) -> Iterator[ast.BinOp]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod))


def _call(name: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.Attribute(ast.Name("probe__", ast.Load()), name, ast.Load()), list(arguments), [])


def risky_rows(tree: ast.Module) -> dict[int, bool]:
    """The rows of what is tried, and whether that comes first; nothing raises in a function defined there."""
    found: dict[int, bool] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Try) and node.handlers:
            inside = {part for each in node.body for part in ast.walk(each) if isinstance(part, ast.FunctionDef)}
            hidden = {row for part in inside for row in range(part.lineno, (part.end_lineno or part.lineno) + 1)}
            first = next((each.lineno for each in node.body if not isinstance(each, ast.FunctionDef)), 0)
            last = node.body[-1].end_lineno or 0
            found |= {row: row == first for row in range(node.body[0].lineno, last + 1) if row not in hidden}
    return found


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
