"""GRD604: a method is named and not called."""

from __future__ import annotations

from gradlint.diagnostics import Severity
from gradlint.events import Event
from gradlint.repair import call
from gradlint.rule import Finding, SlipRule, quoted
from gradlint.slips import Uncalled

_CONSEQUENCES = {
    "zero_grad": "no gradient is cleared",
    "backward": "no gradient is computed",
    "step": "no parameter moves",
    "update": "the scale stays what it is",
    "eval": "dropout and batch normalization go on as in training",
    "train": "dropout and batch normalization stay as they are, off if `eval()` came before",
}


class UncalledLifecycleMethod(SlipRule):
    """A method of the training loop is named and not called, so nothing happens.

    ## What it does

    Finds statements that only name `zero_grad`, `backward`, `step`, `update`, `train` or `eval`, with no parentheses
    behind them.

    ## Why does PyTorch do this

    It never gets to see it: a name without parentheses is an expression like any other, which Python evaluates and
    drops.
    Source: <https://docs.pytorch.org/docs/stable/generated/torch.optim.Optimizer.zero_grad.html>
    and <https://docs.python.org/3/reference/simple_stmts.html#expression-statements>

    ## What happens to the numbers

    Naming a method gets the method, and calling it is what does something. `loss.backward` computes no gradient, after
    `optimizer.zero_grad` the old gradients are all there and the next `backward()` adds to them, `optimizer.step` moves
    no parameter, and after `model.eval` dropout and batch normalization go on as in training. Nothing is raised.

    ## Example

    ```python
    for sample, target in loader:
        optimizer.zero_grad
        loss_fn(model(sample), target).backward()
        optimizer.step()
    ```

    ## Use instead

    ```python
    for sample, target in loader:
        optimizer.zero_grad()
        loss_fn(model(sample), target).backward()
        optimizer.step()
    ```

    ## When is it on purpose

    Where somebody waits for an `AttributeError`, or for any exception or warning (`pytest.raises`, `suppress`), naming
    an attribute may ask whether it is there: that is not reported. Nor is a property of the project's own class.

    ## Fix safety

    The fix is unsafe because the call now does what it says, which changes what is trained. It is not offered where the
    call needs an argument, as that of L-BFGS's `step` does.

    ## What it cannot see

    `step` is only known of optimizers and of schedulers, `update` of gradient scalers, `train` and `eval` of objects
    that were made from modules, or are called or used like one. But for `zero_grad`, files count that import PyTorch or
    a framework around it.

    What other rules would say of the consequences is not reported: a clear that was not called is no missing one.
    """

    code = "GRD604"
    category = "slips"
    severity = Severity.ERROR
    signs = (rb"\.\s*(?:zero_grad|backward|step|update|eval|train)[ \t]*(?:[\r\n;#]|\Z)",)
    kinds = (Uncalled,)

    def tell(self, slip: Event) -> Finding:
        """What does not happen."""
        assert isinstance(slip, Uncalled)
        consequence = "the learning rate stays what it is" if slip.schedules else _CONSEQUENCES[slip.method]
        return Finding(
            event=slip,
            cause=slip,
            message=f"`{quoted(slip)}` is named and not called, so {consequence}",
            story=((slip, "named, not called"),),
            repair=call(slip) if slip.fixable else None,
        )
