"""A gradient sanitizer for real PyTorch: which steps apply gradients that an earlier step has already applied.

Per leaf tensor it keeps the deposits that its `.grad` holds, each with its source file and line and whether a step has
applied it. A step that finds applied and new deposits side by side is a stale reuse, reported at the line of the last
deposit.

What counts as what, whatever its spelling:

* deposit: the autograd engine has accumulated into the leaf; or `.grad` was set to another tensor or overwritten as a
  whole, which drops what was there.
* step: a leaf is written in place (or gets another storage) from values computed from a `.grad`. Optimizers, closures,
  gradient scalers that skip and updates by hand are all seen the same way, because the sanitizer watches every
  operation below autograd and follows what is computed from gradients.
* clear: `.grad` is None or all zero, looked at before every operation and every deposit.
* anything else written into a `.grad` (clipping, unscaling, noise) changes deposits and neither adds nor removes one.

A deposit of zeros is taken for a clear, a value that went through a Python number is no longer followed, and a leaf is
watched from its first backward on.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import torch
from torch.autograd.graph import get_gradient_edge
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class Site(NamedTuple):
    """A statement of a watched file, by its first line."""

    path: Path
    row: int


@dataclass
class Deposit:
    """What one backward or one assignment put into a `.grad`.

    `site` is the statement that ran the backward, None for an assignment or a file that is not watched.
    """

    site: Site | None
    applied: bool = False


@dataclass
class Leaf:
    """A leaf tensor, the storage and the gradient last seen in it, and what that gradient is made of."""

    tensor: torch.Tensor
    storage: int
    grad: torch.Tensor | None = None
    deposits: list[Deposit] = field(default_factory=list)


class Sites:
    """Statements of some files, by the paths that their modules were loaded from, as far as the call stack tells."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self._paths = {str(path): path for path in paths}
        self._statements: dict[str, list[tuple[int, int]]] = {}

    def current(self) -> Site | None:
        """The innermost statement of the files that is being executed, None where there is none."""
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and frame.f_code.co_filename not in self._paths:
            frame = frame.f_back
        if frame is None:
            return None
        name, row = frame.f_code.co_filename, frame.f_lineno
        return Site(self._paths[name], max(first for first, last in self._rows(name) if first <= row <= last))

    def _rows(self, filename: str) -> list[tuple[int, int]]:
        if filename not in self._statements:
            nodes = ast.walk(ast.parse(Path(filename).read_bytes()))
            statements = (node for node in nodes if isinstance(node, ast.stmt))
            self._statements[filename] = [(node.lineno, node.end_lineno or node.lineno) for node in statements]
        return self._statements[filename]


class Sanitizer(TorchDispatchMode):  # type: ignore[misc, unused-ignore]  # Any where torch is not installed
    """Watches everything that runs inside `with Sanitizer(path) as sanitizer`; see `stale_sites` afterwards.

    `applied_sites` are those of deposits that a step has applied, `dropped_sites` those of deposits that were cleared
    before any did.
    """

    def __init__(self, *paths: Path) -> None:
        super().__init__()
        self.stale_sites: set[Site | None] = set()
        self.applied_sites: set[Site | None] = set()
        self.dropped_sites: set[Site | None] = set()
        self._sites = Sites(paths)
        self._leaves: dict[int, Leaf] = {}
        # Storages that hold values computed from gradients. A weak reference keeps the address from being used again.
        self._derived: dict[int, StorageWeakRef] = {}

    @property
    def stale_rows(self) -> set[int | None]:
        """The lines of `stale_sites`, which say it all where one file is watched."""
        return {site and site.row for site in self.stale_sites}

    def __enter__(self) -> Sanitizer:
        self._engine = torch.autograd._engine_run_backward
        torch.autograd._engine_run_backward = self._run_backward
        super().__enter__()
        return self

    def __exit__(self, *exception: Any) -> None:
        super().__exit__(*exception)
        torch.autograd._engine_run_backward = self._engine
        self._look_at_gradients()

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run one operation, then see what it wrote where."""
        kwargs = kwargs or {}
        self._look_at_gradients()
        result = func(*args, **kwargs)
        inputs = [(name, tensor) for name, value in _named(func, args, kwargs) for tensor in _tensors(value)]
        written_names = {argument.name for argument in func._schema.arguments if _is_written(argument)}
        written = [tensor for name, tensor in inputs if name in written_names]
        if any(_address(tensor) in self._derived for _, tensor in inputs):
            self._follow(written, _tensors(result))
        if func.overloadpacket in (torch.ops.aten.copy_, torch.ops.aten.fill_):
            self._overwrite(written)
        return result

    def _follow(self, written: Iterable[torch.Tensor], results: Iterable[torch.Tensor]) -> None:
        """Something was computed from gradients: a step for each leaf that it was written to."""
        by_storage = {leaf.storage: leaf for leaf in self._leaves.values()}
        for tensor in written:
            if leaf := by_storage.get(_address(tensor)):
                self._step(leaf)
        for tensor in (*written, *results):
            if _address(tensor) not in by_storage:
                self._derive(tensor)

    def _derive(self, tensor: torch.Tensor) -> None:
        self._derived = {address: reference for address, reference in self._derived.items() if not reference.expired()}
        self._derived[_address(tensor)] = StorageWeakRef(tensor.untyped_storage())

    def _step(self, leaf: Leaf) -> None:
        if len({deposit.applied for deposit in leaf.deposits}) == 2:
            self.stale_sites.add(leaf.deposits[-1].site)
        for deposit in leaf.deposits:
            deposit.applied = True
            self.applied_sites.add(deposit.site)

    def _overwrite(self, written: Iterable[torch.Tensor]) -> None:
        """A whole gradient was written in place."""
        for tensor in written:
            for leaf in self._leaves.values():
                grad = leaf.grad
                if grad is not None and _address(grad) == _address(tensor) and grad.numel() == tensor.numel():
                    leaf.deposits = [Deposit(None)]

    def _look_at_gradients(self) -> None:
        """Notice what happened to gradients and storages without an operation, and which gradients are now zero."""
        with torch.utils._python_dispatch._disable_current_modes():
            for leaf in self._leaves.values():
                self._look_at(leaf)

    def _look_at(self, leaf: Leaf) -> None:
        storage = _address(leaf.tensor)
        if storage != leaf.storage:  # `w.data = ...`
            leaf.storage = storage
            if self._derived.pop(storage, None):
                self._step(leaf)
        grad = leaf.tensor.grad
        if grad is None or not grad.any():
            self.dropped_sites |= {deposit.site for deposit in leaf.deposits if not deposit.applied}
            leaf.deposits = []
        elif grad is not leaf.grad:
            leaf.deposits = [Deposit(None)]
        if grad is not leaf.grad:
            leaf.grad = grad
            if grad is not None:
                self._derive(grad)

    def _run_backward(self, roots: Any, *args: Any, accumulate_grad: bool, **kwargs: Any) -> Any:
        if not accumulate_grad:
            return self._engine(roots, *args, accumulate_grad=False, **kwargs)
        leaves = list(_leaves_below(roots))
        for tensor in leaves:
            if id(tensor) not in self._leaves:
                self._leaves[id(tensor)] = Leaf(tensor, _address(tensor))
                self._derived.pop(_address(tensor), None)  # made from gradients, but a leaf of its own from now on
        self._look_at_gradients()
        site = self._sites.current()
        with _first_hooks(leaves, lambda tensor: self._deposit(self._leaves[id(tensor)], site)):
            return self._engine(roots, *args, accumulate_grad=True, **kwargs)

    def _deposit(self, leaf: Leaf, site: Site | None) -> None:
        leaf.deposits.append(Deposit(site))
        leaf.grad = leaf.tensor.grad
        assert leaf.grad is not None
        self._derive(leaf.grad)


def _leaves_below(roots: Any) -> Iterator[torch.Tensor]:
    """Leaf tensors that a backward from `roots` can reach."""
    nodes: list[Any] = [root.node if hasattr(root, "node") else get_gradient_edge(root).node for root in roots]
    seen = set()
    while nodes:
        node = nodes.pop()
        if node not in seen:
            seen.add(node)
            if hasattr(node, "variable"):
                yield node.variable
            nodes += [following for following, _ in node.next_functions if following is not None]


@contextmanager
def _first_hooks(tensors: list[torch.Tensor], hook: Callable[[torch.Tensor], None]) -> Iterator[None]:
    """Have `hook` called after each accumulation, before the program's own hooks, which may step and clear."""
    handles = []
    for tensor in tensors:
        hooks: Any = tensor._post_accumulate_grad_hooks
        earlier = list(hooks or ())
        handles.append(tensor.register_post_accumulate_grad_hook(hook))
        for key in earlier:  # autograd goes by the order of insertion
            hooks[key] = hooks.pop(key)
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _named(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    yield from zip((argument.name for argument in func._schema.arguments), args, strict=False)
    yield from kwargs.items()


def _is_written(argument: Any) -> bool:
    return argument.alias_info is not None and argument.alias_info.is_write


def _tensors(value: Any) -> list[torch.Tensor]:
    return [item for item in tree_leaves(value) if isinstance(item, torch.Tensor)]


def _address(tensor: torch.Tensor) -> int:
    address: int = tensor.untyped_storage()._cdata
    return address
