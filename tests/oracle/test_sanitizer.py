"""The sanitizer on tiny programs whose verdict is plain: a comment `# stale` marks the line that it has to name."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed, so the sanitizer was not tried")

from oracle.sanitizer import Sanitizer  # noqa: E402 - it needs torch

PRELUDE = """\
import torch
w = torch.tensor([1.0, 2.0], requires_grad=True)
sgd = torch.optim.SGD([w], lr=0.1)
"""

PROGRAMS = {
    # deposits and steps
    "never cleared": "for _ in range(3):\n    (w ** 2).sum().backward()  # stale\n    sgd.step()",
    "applied once": "(w ** 2).sum().backward()\nsgd.step()",
    "added twice, applied once": "(w ** 2).sum().backward()\n(w ** 3).sum().backward()\nsgd.step()",
    "applied twice, added once": "(w ** 2).sum().backward()\nsgd.step()\nsgd.step()",
    "added and never applied again": "(w ** 2).sum().backward()\nsgd.step()\n(w ** 2).sum().backward()",
    "last of two deposits is named": """
        (w ** 2).sum().backward()
        sgd.step()
        (w ** 2).sum().backward()
        (w ** 3).sum().backward()  # stale
        sgd.step()
        """,
    "first line of a long statement": """
        for _ in range(2):
            torch.autograd.backward(  # stale
                [(w ** 2).sum()],
            )
            sgd.step()
        """,
    "line of the helper that runs the backward": """
        def add(loss):
            loss.backward()  # stale
        for _ in range(2):
            add((w ** 2).sum())
            sgd.step()
        """,
    "inputs of a backward leave the others alone": """
        v = torch.ones(2, requires_grad=True)
        for _ in range(2):
            (w * v).sum().backward(inputs=[v])
            sgd.step()
        """,
    "gradients of gradients": """
        import warnings
        warnings.simplefilter("ignore")
        for _ in range(2):
            (w ** 3).sum().backward(create_graph=True)  # stale
            sgd.step()
        w.grad = None
        """,
    "autograd.grad deposits nothing": "for _ in range(3):\n    torch.autograd.grad((w ** 2).sum(), w)\n    sgd.step()",
    "only the leaf that is applied counts": """
        v = torch.ones(2, requires_grad=True)
        for _ in range(3):
            sgd.zero_grad()
            (w * v).sum().backward()
            sgd.step()
        """,
    # clears
    "zero_grad": "for _ in range(3):\n    sgd.zero_grad()\n    (w ** 2).sum().backward()\n    sgd.step()",
    "zeroed by zero_grad": """
        for _ in range(3):
            (w ** 2).sum().backward()
            sgd.step()
            sgd.zero_grad(set_to_none=False)
        """,
    "set to None": "for _ in range(3):\n    w.grad = None\n    (w ** 2).sum().backward()\n    sgd.step()",
    "deleted": "for _ in range(3):\n    (w ** 2).sum().backward()\n    sgd.step()\n    del w.grad",
    "zeroed through data": "for _ in range(3):\n    (w ** 2).sum().backward()\n    sgd.step()\n    w.grad.data.zero_()",
    "zeroed through a slice": "for _ in range(3):\n    (w ** 2).sum().backward()\n    sgd.step()\n    w.grad[:] = 0",
    "replaced": "for _ in range(3):\n    w.grad = torch.ones(2)\n    sgd.step()",
    "replaced, then added to": """
        (w ** 2).sum().backward()
        sgd.step()
        w.grad = torch.ones(2)
        (w ** 2).sum().backward()
        sgd.step()
        """,
    "replaced, applied, then added to": """
        (w ** 2).sum().backward()
        w.grad = torch.ones(2)
        sgd.step()
        (w ** 2).sum().backward()  # stale
        sgd.step()
        """,
    "replaced in place": """
        (w ** 2).sum().backward()
        for _ in range(3):
            sgd.step()
            (w ** 2).sum().backward()
            w.grad.copy_(torch.ones(2))
        """,
    "half zeroed is not cleared": """
        for _ in range(2):
            (w ** 2).sum().backward()  # stale
            sgd.step()
            w.grad[0] = 0
        """,
    "a zeroed copy is not cleared": """
        for _ in range(2):
            (w ** 2).sum().backward()  # stale
            sgd.step()
            w.grad.clone().zero_()
        """,
    "cleared and filled again between two steps": """
        (w ** 2).sum().backward()
        sgd.step()
        sgd.zero_grad()
        (w ** 2).sum().backward()
        (w ** 3).sum().backward()
        sgd.step()
        """,
    "clipped between": """
        for _ in range(3):
            (w ** 2).sum().backward()  # stale
            torch.nn.utils.clip_grad_norm_([w], 0.1)
            sgd.step()
        """,
    "noise added between": """
        for _ in range(3):
            sgd.zero_grad()
            (w ** 2).sum().backward()
            w.grad += 0.1
            w.grad.mul_(2)
            sgd.step()
        """,
    # steps by hand
    "subtracted": """
        for _ in range(2):
            (w ** 2).sum().backward()  # stale
            with torch.no_grad():
                w -= 0.1 * w.grad
        """,
    "subtracted and cleared": """
        for _ in range(2):
            (w ** 2).sum().backward()
            with torch.no_grad():
                w -= 0.1 * w.grad
                w.grad.zero_()
        """,
    "data subtracted": "for _ in range(2):\n    (w ** 2).sum().backward()  # stale\n    w.data.sub_(0.1 * w.grad)",
    "data replaced": "for _ in range(2):\n    (w ** 2).sum().backward()  # stale\n    w.data = w.data - 0.1 * w.grad",
    "data replaced and cleared": """
        for _ in range(2):
            (w ** 2).sum().backward()
            w.data = w.data - 0.1 * w.grad
            w.grad = None
        """,
    "momentum by hand": """
        v = torch.zeros(2)
        for _ in range(2):
            (w ** 2).sum().backward()  # stale
            v = 0.9 * v + w.grad
            w.data.add_(v, alpha=-0.1)
        """,
    "one element": "for _ in range(2):\n    (w ** 2).sum().backward()  # stale\n    w.data[0] -= 0.1 * w.grad[0]",
    "all at once": """
        for _ in range(2):
            (w ** 2).sum().backward()  # stale
            with torch.no_grad():
                torch._foreach_add_([w], [w.grad], alpha=-0.1)
        """,
    "clamped, which applies nothing": "for _ in range(2):\n    (w ** 2).sum().backward()\n    w.data.clamp_(-1, 1)",
    "clamped between two deposits": """
        for _ in range(3):
            sgd.zero_grad()
            (w ** 2).sum().backward()
            w.data.clamp_(-1, 1)
            (w ** 2).sum().backward()
            sgd.step()
        """,
    "averaged into another leaf": """
        mean = torch.zeros(2, requires_grad=True)
        for _ in range(2):
            (w * mean).sum().backward()
            mean.data.lerp_(w.data, 0.1)
        """,
    "a new leaf made from gradients": """
        for _ in range(3):
            (w ** 2).sum().backward()
            w = (w - 0.1 * w.grad).detach().requires_grad_()
        """,
    "a new leaf made from gradients and clamped": """
        w.sum().backward()
        w = (w - 0.1 * w.grad).detach().requires_grad_()
        for _ in range(3):
            (w ** 2).sum().backward()
            w.data.clamp_(-1, 1)
        """,
    # optimizers
    "fused": """
        adam = torch.optim.Adam([w], fused=True)
        for _ in range(2):
            (w ** 2).sum().backward()  # stale
            adam.step()
        """,
    "foreach": """
        adamw = torch.optim.AdamW([w], foreach=True)
        for _ in range(2):
            (w ** 2).sum().backward()  # stale
            adamw.step()
        """,
    "closure": """
        def closure():
            loss = (w ** 2).sum()
            loss.backward()  # stale
            return loss
        for _ in range(2):
            sgd.step(closure)
        """,
    "closure cleared outside": """
        for _ in range(2):
            sgd.zero_grad()
            sgd.step(lambda: (w ** 2).sum().backward())
        """,
    "LBFGS calls its closure more than once": """
        lbfgs = torch.optim.LBFGS([w], lr=0.1, max_iter=3)
        def closure():
            loss = (w ** 4).sum()
            loss.backward()  # stale
            return loss
        lbfgs.step(closure)
        """,
    "LBFGS with a clear": """
        lbfgs = torch.optim.LBFGS([w], lr=0.1, max_iter=3)
        def closure():
            lbfgs.zero_grad()
            loss = (w ** 4).sum()
            loss.backward()
            return loss
        lbfgs.step(closure)
        lbfgs.step(closure)
        """,
    "hook after the step clears": """
        sgd.register_step_post_hook(lambda *_: sgd.zero_grad())
        for _ in range(3):
            (w ** 2).sum().backward()
            sgd.step()
        """,
    "hook on the leaf steps and clears": """
        def apply(leaf):
            sgd.step()
            sgd.zero_grad()
        w.register_post_accumulate_grad_hook(apply)
        for _ in range(3):
            (w ** 2).sum().backward()
        """,
    "hook on the leaf only steps": """
        w.register_post_accumulate_grad_hook(lambda _: sgd.step())
        for _ in range(3):
            (w ** 2).sum().backward()  # stale
        """,
    # gradient scalers
    "scaler": """
        scaler = torch.amp.GradScaler("cpu")
        for _ in range(2):
            scaler.scale((w ** 2).sum()).backward()  # stale
            scaler.unscale_(sgd)
            scaler.step(sgd)
            scaler.update()
        """,
    "scaler with a clear": """
        scaler = torch.amp.GradScaler("cpu")
        for _ in range(3):
            sgd.zero_grad()
            scaler.scale((w ** 2).sum()).backward()
            scaler.step(sgd)
            scaler.update()
        """,
    "scaler that skips its only step before": """
        scaler = torch.amp.GradScaler("cpu")
        scaler.scale((w * float("inf")).sum()).backward()
        scaler.step(sgd)
        scaler.update()
        (w ** 2).sum().backward()
        sgd.step()
        """,
    # other steps
    "scheduler": """
        scheduler = torch.optim.lr_scheduler.StepLR(sgd, 1)
        sgd.step()
        for _ in range(3):
            (w ** 2).sum().backward()
            scheduler.step()
        """,
    "torch.func": """
        for _ in range(3):
            g = torch.func.grad(lambda v: (v ** 2).sum())(w.detach())
            w.data -= 0.1 * g
        """,
}


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_names_the_marked_lines(program: str, tmp_path: Path) -> None:
    path = tmp_path / "program.py"
    text = PRELUDE + textwrap.dedent(program).strip("\n") + "\n"
    path.write_text(text, encoding="utf-8")
    with Sanitizer(path) as sanitizer:
        exec(compile(text, str(path), "exec"), {"__name__": "program"})
    marked = {row for row, line in enumerate(text.splitlines(), start=1) if line.endswith("# stale")}
    assert sanitizer.stale_rows == marked


def test_backward_outside_the_watched_file_has_no_line(tmp_path: Path) -> None:
    path = tmp_path / "empty.py"
    path.write_text("")
    weight = torch.ones(1, requires_grad=True)
    sgd = torch.optim.SGD([weight], lr=0.1)
    with Sanitizer(path) as sanitizer:
        for _ in range(2):
            (weight**2).sum().backward()
            sgd.step()
    assert sanitizer.stale_rows == {None}


@pytest.mark.parametrize("watched", [("inner.py",), ("outer.py",), ("inner.py", "outer.py")], ids=" and ".join)
def test_innermost_statement_of_the_watched_files_is_named(watched: tuple[str, ...], tmp_path: Path) -> None:
    inner = "def add(loss):\n    loss.backward()\n"
    outer = "for _ in range(2):\n    add((w ** 2).sum())\n    sgd.step()\n"
    (tmp_path / "inner.py").write_text(inner)
    (tmp_path / "outer.py").write_text(outer)
    weight = torch.ones(1, requires_grad=True)
    names = {"w": weight, "sgd": torch.optim.SGD([weight], lr=0.1)}
    with Sanitizer(*(tmp_path / name for name in watched)) as sanitizer:
        exec(compile(inner, str(tmp_path / "inner.py"), "exec"), names)
        exec(compile(outer, str(tmp_path / "outer.py"), "exec"), names)
    assert sanitizer.stale_sites == {(tmp_path / watched[0], 2)}


def _fail_in_backward(leaf: torch.Tensor) -> None:
    leaf.register_hook(lambda grad: grad / (1 // 0))
    leaf.sum().backward()


def test_leaves_torch_as_it_was(tmp_path: Path) -> None:
    before = torch.autograd._engine_run_backward
    weight = torch.ones(1, requires_grad=True)
    with pytest.raises(ZeroDivisionError), Sanitizer(tmp_path / "program.py"):
        _fail_in_backward(weight)
    assert torch.autograd._engine_run_backward is before
    assert not weight._post_accumulate_grad_hooks
