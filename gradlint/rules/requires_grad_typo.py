"""GRD605: an attribute is set that PyTorch never reads."""

from __future__ import annotations

from gradlint.diagnostics import Severity
from gradlint.events import Event
from gradlint.repair import replace
from gradlint.rule import Finding, SlipRule
from gradlint.slips import Unread


class RequiresGradTypo(SlipRule):
    """`requires_grad` is misspelt, or set on a module, so nothing is frozen and nothing is thawed.

    ## What it does

    Finds assignments to attributes that look like `requires_grad` and are not (`require_grad`, `requires_grads`, and
    `requires_grad_`, which is the method), and assignments to `requires_grad` of a module.

    ## Why does PyTorch do this

    `requires_grad` is an attribute of each parameter. A module has none: it has the method `requires_grad_()`, which
    sets that of all its parameters. Both are Python objects that take any other attribute as well.
    Source: <https://docs.pytorch.org/docs/stable/notes/autograd.html#setting-requires-grad>
    and <https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.requires_grad_>

    ## What happens to the numbers

    Python makes any attribute that is assigned to; PyTorch never looks at this one. After `p.require_grad = False` or
    `encoder.requires_grad = False` every `requires_grad` of a parameter is what it was (`weight.requires_grad` is still
    `True`), so what was meant to be frozen goes on training, and what was meant to be trained stays frozen. Nothing is
    raised.

    ## Example

    ```python
    for parameter in encoder.parameters():
        parameter.require_grad = False
    decoder.requires_grad = False
    ```

    ## Use instead

    ```python
    for parameter in encoder.parameters():
        parameter.requires_grad = False
    decoder.requires_grad_(False)
    ```

    ## When is it on purpose

    Where the file, or another one that can have what it defines, reads the attribute, it has a meaning of its own, and
    nothing is reported; nor are attributes of `self`, of classes that are not PyTorch's, and of settings (`args`,
    `config`).

    ## Fix safety

    The fix is unsafe because it changes what is trained. It is not offered where the value stands on several lines.

    ## What it cannot see

    A module is only known to be one where it is made in sight, from `torch.nn`, torchvision, timm, `torch.hub` or a
    class of the project that derives from `torch.nn.Module`, is annotated as one, or comes from a loop over
    `children()` or `modules()`. Files count that import PyTorch or a framework around it.
    """

    code = "GRD605"
    category = "slips"
    severity = Severity.ERROR
    signs = (rb"\.req[a-z]*_?grads?_?\s*=(?!=)",)
    kinds = (Unread,)

    def tell(self, slip: Event) -> Finding:
        """What stays as it was."""
        assert isinstance(slip, Unread)
        subject = slip.place.subject
        if slip.of_module:
            message = f"`{subject}` is a module, so nobody reads its `requires_grad`: its parameters stay as they are"
        else:
            message = f"nobody reads `{slip.attribute}`, so `{subject}.requires_grad` stays what it is"
        return Finding(
            event=slip,
            cause=slip,
            message=message,
            story=((slip, f"`{slip.meant}` was meant"),),
            repair=replace(slip, slip.meant) if slip.fixable else None,
        )
