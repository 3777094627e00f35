"""Optimizers by what they do with a closure: of which class they are, and which evaluate it again within one step."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from gradlint.syntax import catalogue
from gradlint.syntax.arguments import matched
from gradlint.syntax.scopes import Scope, names_in
from gradlint.syntax.tree import constant_of

REPEATING = "LBFGS"
_MODULE = "torch.optim."
_FORMALS = "params lr max_iter max_eval tolerance_grad tolerance_change history_size line_search_fn".split()


def torch_class(qualified: str) -> str:
    """The class of `torch.optim` that a qualified name is that of; empty for any other name."""
    last = qualified.rpartition(".")[2]
    return last if qualified.startswith(_MODULE) and last in catalogue.OPTIMIZER_CLASSES else ""


def inherited(lineage: Sequence[Scope], bases: Sequence[str]) -> str:
    """The class of `torch.optim` whose `step` objects of a class of the project run; empty for any other step."""
    plain = [name for name in bases if torch_class(name)]
    own = any("step" in class_.functions or class_.attributes.get("step") for class_ in lineage)
    return torch_class(plain[0]) if len(plain) == 1 and not own else ""


def evaluates_again(name: str, call: cst.Call, lineage: Sequence[Scope] = ()) -> bool:
    """Whether the step of an optimizer of a class evaluates its closure several times; `call` makes the optimizer.

    One iteration takes one evaluation, unless the length of the step is searched for.
    """
    if name != REPEATING:
        return False
    if any("max_iter" in names_in(method) for class_ in lineage for method in class_.functions.get("__init__", ())):
        return False
    given, told = matched(call.args, _FORMALS)
    if not told or ("max_iter" in given and not constant_of(given["max_iter"])[0]):
        return False  # nobody can tell
    once = "max_iter" in given and constant_of(given["max_iter"]) == (True, 1) and "line_search_fn" not in given
    return not once
