"""GRD208: a tensor is to be changed by its own gradient, without an optimizer, and is not."""

from __future__ import annotations

from gradlint.diagnostics import Severity
from gradlint.events import Event
from gradlint.repair import replace
from gradlint.rule import Finding, SlipRule, quoted
from gradlint.slips import Miss, Missed


class ManualUpdateBroken(SlipRule):
    """A tensor is to be changed by its own gradient, without an optimizer, and is not.

    ## What it does

    Finds three ways in which gradient descent by hand goes wrong: in a loop over parameters, `p = p - lr * p.grad`,
    which gives only the loop's variable another tensor; in a training loop, `w = w - lr * w.grad` of a tensor that was
    made with `requires_grad=True`; and `w -= lr * w.grad` where no `torch.no_grad()` is around it.

    ## Why does PyTorch do this

    Autograd records what is computed from a parameter, so that `backward()` can find the way back to it. To change a
    parameter is no part of that computation: it has to be done in place, or the model keeps the old one, and
    unrecorded, or the record would be wrong. Optimizers do both.
    Source: <https://docs.pytorch.org/docs/stable/notes/autograd.html#locally-disabling-gradient-computation>

    ## What happens to the numbers

    `p = p - lr * p.grad` computes a new tensor and gives it the name `p`. The parameter, which the model and the list
    still hold, stays what it was: nothing is raised, and the loss never falls.

    After `w = w - lr * w.grad` the variable holds the result of a computation, and a backward fills the gradients of
    leaves only: the next `w.grad` is `None`. Under `torch.no_grad()` the new tensor needs no gradient at all, and the
    next backward raises `RuntimeError: element 0 of tensors does not require grad and does not have a grad_fn`.

    `w -= lr * w.grad` changes a leaf while a graph is recorded, which PyTorch does not allow: `RuntimeError: a leaf
    Variable that requires grad is being used in an in-place operation`.

    ## Example

    ```python
    for sample, target in loader:
        model.zero_grad()
        loss_fn(model(sample), target).backward()
        for p in model.parameters():
            p = p - lr * p.grad
    ```

    ## Use instead

    ```python
    for sample, target in loader:
        model.zero_grad()
        loss_fn(model(sample), target).backward()
        with torch.no_grad():
            for p in model.parameters():
                p -= lr * p.grad
    ```

    ## When is it on purpose

    Fast weights, as those of MAML, are new tensors on purpose: whatever is stored, returned, given to a call or used
    afterwards is not reported, nor is what `torch.autograd.grad` gave the gradient for. Nor is a tensor that
    `requires_grad_()` makes a leaf again, nor what stands where an exception is waited for.

    ## Fix safety

    The fix changes the tensor itself: `p.data.sub_(lr * p.grad)`. It is unsafe because the tensor now moves, which
    changes what is trained. It is not offered where an update stands on several lines, nor where the new tensor is
    changed further; nor is it made where nothing clears the gradients then, which would add up.

    ## What it cannot see

    Only plain variables are looked at, `self.w` is not. That a tensor is a leaf has to be seen in the same function, or
    in the `parameters()` that a loop runs over. Whether a graph is recorded is only known where the same function
    computes a loss and back-propagates it. Files count that import PyTorch or a framework around it.
    """

    code = "GRD208"
    category = "stepping"
    severity = Severity.ERROR
    signs = (
        rb"\.grad\b",
        rb"torch|lightning|accelerate|transformers|deepspeed|oneflow|fastai|timm",
        rb"\b(\w+)\s*=\s*\(?\s*(?:torch\.(?:sub|subtract|add)\(\s*)?\1\b|\b\w+\s*[-+*/]=|\b\w+\.\w+_\(",
    )
    kinds = (Missed,)

    def tell(self, slip: Event) -> Finding:
        """What stays as it was, or raises."""
        assert isinstance(slip, Missed)
        code, name = quoted(slip), slip.place.subject
        match slip.miss:
            case Miss.NAME:
                message = f"`{code}` gives only the name `{name}` another tensor, so the parameter stays what it was"
                label = "makes a new tensor"
            case Miss.COMPUTED:
                message = f"after `{code}`, `{name}` is no leaf, so its next gradient is None"
                label = "makes a new tensor, whose gradient no backward fills"
            case Miss.FROZEN:
                message = f"after `{code}`, `{name}` needs no gradient, so the next backward does not reach it"
                label = "makes a new tensor, which needs no gradient"
            case Miss.FORBIDDEN:
                message = f"`{code}` changes a leaf while a graph is recorded, so PyTorch raises and nothing is applied"
                label = "there is no `torch.no_grad()` around it"
        repair = replace(slip, slip.meant) if slip.fixable else None
        return Finding(event=slip, cause=slip, message=message, story=((slip, label),), repair=repair)
