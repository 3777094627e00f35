"""Which objects are networks, by how they are made."""

from __future__ import annotations

import re

from gradlint.regions import Path
from gradlint.syntax.objects import Objects
from gradlint.syntax.values import Instance, Made


def has_no_parameters(objects: Objects, path: Path) -> bool:
    """Whether an object is a module of PyTorch that only computes, as a loss function does."""
    made = objects.at(path, 0)
    return isinstance(made, Made) and _WITHOUT_PARAMETERS.fullmatch(made.by) is not None


def is_network(objects: Objects, path: Path) -> bool:
    """Whether an object is a module that was made in sight, by the name of its class."""
    if any(field.startswith("[") for field in path.fields):
        return False
    match objects.at(path, 0):
        case Made(by=name, part=False):
            return (
                name.startswith("torch.nn.") and name.rpartition(".")[2][:1].isupper() and not name.endswith(_TENSORS)
            )
        case Instance(of=class_):
            bases = [base for each in objects.lineage(class_) for base in each.bases]
            return any(objects.qualified(base, class_) == "torch.nn.Module" for base in bases)
        case _:
            return False


_WITHOUT_PARAMETERS = re.compile(
    r"torch\.nn\.(?:(?!Adaptive)\w*Loss|\w*(?:Sigmoid|Softmax|Tanh|Dropout\w*)|(?!P)\w*ReLU6?|GELU|Softplus|Identity|Flatten)"
)
_TENSORS = ("Parameter", "Buffer")  # of `torch.nn`, with and without `Uninitialized`
