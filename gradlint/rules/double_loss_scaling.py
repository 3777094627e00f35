"""GRD504: a loss is divided by the size of its window, and divided by it again by the framework."""

from __future__ import annotations

from gradlint.diagnostics import Severity
from gradlint.events import Event
from gradlint.rule import Finding, SlipRule, quoted
from gradlint.slips import DividedTwice


class DoubleLossScaling(SlipRule):
    """A loss is divided by the number of batches that are accumulated, and `accelerator.backward()` divides it again.

    ## What it does

    Finds losses that are divided by what their `Accelerator` was made with as `gradient_accumulation_steps`, or by its
    attribute of that name, and given to its `backward()`.

    ## Why does PyTorch do this

    PyTorch adds the gradients of a window and leaves it to you to divide the loss. accelerate knows the size of the
    window, for you have told it, and divides for you.
    Source: <https://huggingface.co/docs/accelerate/usage_guides/gradient_accumulation>
    and <https://docs.pytorch.org/docs/stable/notes/amp_examples.html#gradient-accumulation>

    ## What happens to the numbers

    `accelerator.backward(loss)` divides the loss by `gradient_accumulation_steps` itself. Divided before, the gradients
    of a window of 4 are a quarter of what they should be. With SGD that is a learning rate of a quarter; with Adam,
    which divides by the size of the gradients, it mostly shows in a norm that is clipped too rarely. Nothing is raised.

    ## Example

    ```python
    accelerator = Accelerator(gradient_accumulation_steps=accumulate)
    for sample, target in loader:
        with accelerator.accumulate(model):
            loss = loss_fn(model(sample), target) / accumulate
            accelerator.backward(loss)
            optimizer.step()
            optimizer.zero_grad()
    ```

    ## Use instead

    ```python
    accelerator = Accelerator(gradient_accumulation_steps=accumulate)
    for sample, target in loader:
        with accelerator.accumulate(model):
            loss = loss_fn(model(sample), target)
            accelerator.backward(loss)
            optimizer.step()
            optimizer.zero_grad()
    ```

    ## When is it on purpose

    An `Accelerator` that was made without a size divides by 1, so nothing is reported of it, nor where the loss is
    divided by something else, as the number of processes or of tokens.

    ## Fix safety

    There is no fix.

    ## What it cannot see

    Accelerators that are made in another function or file, other names for the size, and numbers that are written out,
    which may happen to be the same. DeepSpeed's engine takes its size from a file that is not read.
    """

    code = "GRD504"
    category = "accumulation"
    severity = Severity.ERROR
    signs = (rb"gradient_accumulation_steps", rb"\.backward\s*\(", rb"Accelerator")
    kinds = (DividedTwice,)

    def tell(self, slip: Event) -> Finding:
        """Divided, and divided again."""
        assert isinstance(slip, DividedTwice)
        return Finding(
            event=slip,
            cause=slip,
            message=f"`{quoted(slip)}` divides by `{slip.size}` what `{slip.place.subject}` has divided by it already",
            story=((slip, "divides the loss once more"),),
        )
