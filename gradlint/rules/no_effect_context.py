"""GRD603: something is made that does nothing by itself, and nobody uses it."""

from __future__ import annotations

from gradlint.diagnostics import Severity
from gradlint.events import Event
from gradlint.repair import keep
from gradlint.rule import Finding, SlipRule, quoted
from gradlint.slips import Discarded, Waste

_UNENTERED = {
    "no_grad": "what follows goes on recording its graph",
    "inference_mode": "what follows goes on recording its graph",
    "enable_grad": "what follows records no more than before",
    "autocast": "what follows is computed in the precision that it had before",
}


class NoEffectContext(SlipRule):
    """A context is never entered, or a result that nobody takes was meant to change something.

    ## What it does

    Finds statements that make something and drop it: `torch.no_grad()` without `with`, `fake.detach()`, `loss / steps`,
    and a `map(...)` or generator over gradients that nobody runs through.

    ## Why does PyTorch do this

    Most of PyTorch gives back something new and leaves what it was given as it is: a method without an underscore at
    the end of its name changes nothing in place. `torch.no_grad()` makes a context, which acts between `with` and the
    end of its block.
    Source: <https://docs.pytorch.org/docs/stable/generated/torch.Tensor.detach.html>
    and <https://docs.pytorch.org/docs/stable/generated/torch.no_grad.html>

    ## What happens to the numbers

    `torch.no_grad()` only makes a context: gradients are recorded until it is entered. `fake.detach()` gives back a new
    tensor and leaves `fake` in its graph, so that the loss of a discriminator reaches the generator as well.
    `loss / steps` leaves `loss` as it is, so that the sum of a window is `steps` times as large: the learning rate of
    plain SGD is, too. `map(lambda p: p.grad.zero_(), ps)` clears nothing. Nothing is raised.

    ## Example

    ```python
    fake = generator(noise)
    fake.detach()
    discriminator(fake).mean().backward()
    ```

    ## Use instead

    ```python
    fake = generator(noise)
    fake = fake.detach()
    discriminator(fake).mean().backward()
    ```

    ## When is it on purpose

    Never, but as the last line of a notebook's cell it shows a value. Notebooks are not read yet.

    ## Fix safety

    The fix gives the result to the variable it was made from. It is unsafe because it changes what is trained. It is
    not offered where that would be another variable, as in a closure, or where a detached tensor is used twice, for one
    use may need the gradients; nor for a context: nobody can tell how far it was meant to reach.

    ## What it cannot see

    But for contexts, only functions that call `backward()` are looked at. `detach()` counts of plain variables that a
    module or a parameter of the function computed, and that a call further down is given; products and quotients count
    of what is called a loss. Nothing is said under `no_grad`. Files count that import PyTorch or a framework around it.
    """

    code = "GRD603"
    category = "slips"
    severity = Severity.ERROR
    signs = (
        # A context that is the whole end of a statement, and no decorator.
        rb"backward\w*\s*\(|_(?:grad|mode)\((?:(?<=no_grad\()|(?<=enable_grad\()|(?<=inference_mode\())"
        rb"(?<!@no_grad\()(?<!@torch\.no_grad\()(?<!@inference_mode\()(?<!@torch\.inference_mode\()"
        rb"[^)\n]*\)[ \t]*(?:[\r\n#;]|\Z)",
        rb"torch|lightning|accelerate|transformers|deepspeed|oneflow|fastai|timm",
    )
    kinds = (Discarded,)

    def tell(self, slip: Event) -> Finding:
        """What does not happen."""
        assert isinstance(slip, Discarded)
        code, subject = quoted(slip), slip.place.subject
        match slip.waste:
            case Waste.CONTEXT:
                consequence = _UNENTERED[subject.rpartition(".")[2]]
                message, label = f"`{code}` is made and not entered, so {consequence}", "there is no `with`"
            case Waste.COPY:
                message = f"nobody takes the result of `{code}`, so gradients go on flowing through `{subject}`"
                label = "gives a new tensor"
            case Waste.NUMBER:
                message, label = (
                    f"nobody takes the result of `{code}`, so `{subject}` stays what it is",
                    "gives a number",
                )
            case Waste.LAZY:
                message, label = f"nobody runs through `{code}`, so nothing in it happens", "waits to be run through"
        repair = keep(slip) if slip.fixable else None
        return Finding(event=slip, cause=slip, message=message, story=((slip, label),), repair=repair)
