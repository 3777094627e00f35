"""What calls of the frameworks around PyTorch do to gradients, as rows. A new framework is rows here and a fixture."""

from __future__ import annotations

import enum
import re
from collections.abc import Collection
from dataclasses import dataclass

from gradlint.syntax.catalogue import tokens

PACKAGES = frozenset(
    """accelerate lightning lightning_fabric pytorch_lightning deepspeed colossalai timm mmengine ignite opacus apex
    pyro megatron higher""".split()
)
"""Packages whose calls are known by rows, so that their own code is not followed."""


class Does(enum.Enum):
    """One thing that a call does to gradients."""

    ADD = "add"  # runs a backward
    STEP = "step"  # applies them, and leaves them where they are
    CLEAR = "clear"
    FORGET = "forget"  # something that cannot be told, to what is on hand
    RUN = "run"  # calls the function that it is given again and again


@dataclass(frozen=True, slots=True)
class Argument:
    """Where a call takes something: its position (None: by name only) and the names it goes by."""

    position: int | None
    names: str


@dataclass(frozen=True, slots=True)
class Kind:
    """Objects of a framework: patterns for the qualified name of what makes them, and for their own name."""

    made_by: str
    named: str = r"(?!)"


@dataclass(frozen=True, slots=True)
class Row:
    """A call and what it does, in this order; nothing where `does` is empty.

    `called` are the names of what is called (`*scaler`: all that end in this word), `within` is a pattern for its
    qualified name, `on` what it is called on. `optimizer` is where it takes the optimizer that it works with;
    `on_receiver`: it is called on it instead.
    """

    called: str
    does: tuple[Does, ...] = ()
    within: str = ""
    on: Kind | None = None
    loss: Argument | None = None
    optimizer: Argument | None = None
    on_receiver: bool = False
    steps_if: Argument | None = None  # where this is true, or not given
    clears_if: Argument | None = None  # where this is true
    never_if: Argument | None = None  # where this is true, nothing happens


_ACCELERATOR = Kind(r"(^|\.)Accelerator$", r"^accelerator$")
_FABRIC = Kind(r"(^|\.)Fabric$", r"^fabric$")
_BOOSTER = Kind(r"(^|\.)Booster$", r"^booster$")
_PIPELINE = Kind(r"^torch\.distributed\.pipelining\.(\w+\.)?Schedule", r"^(pp|pipe|pipeline)_schedule$")
_OPTIM_WRAPPER = Kind(r"^mmengine\.(\w+\.)*(\w*OptimWrapper|build_optim_wrapper)$", r"optim_wrapper$")
_ELBO = Kind(r"^pyro\.infer\.", r"(^|_)elbo$")
_FUNCTIONAL = Kind(r"^higher\.")
_GRAPH = Kind(r"(^|\.)CUDAGraph$", r"(^|_)graph$")

_LOSS = Argument(0, "loss")
_SECOND = Argument(1, "optimizer")

ROWS = (
    # Lightning, by hand, with what `self.optimizers()` gives back.
    Row("manual_backward", (Does.ADD,), loss=_LOSS),
    Row("toggle_optimizer untoggle_optimizer"),
    # accelerate and Fabric: `step` and `zero_grad` stay those of the optimizer that they wrap.
    Row("backward", (Does.ADD,), on=_ACCELERATOR, loss=_LOSS),
    Row("backward", (Does.ADD,), on=_FABRIC, loss=_LOSS),
    # ColossalAI.
    Row("backward", (Does.ADD,), on=_BOOSTER, loss=_LOSS, optimizer=_SECOND),
    Row("execute_pipeline", (Does.ADD,), on=_BOOSTER, optimizer=Argument(3, "optimizer")),
    # Megatron: forward and backward of all micro-batches.
    Row(
        """forward_backward_func forward_backward_no_pipelining forward_backward_pipelining_with_interleaving
        forward_backward_pipelining_without_interleaving""",
        (Does.ADD,),
        never_if=Argument(None, "forward_only"),
    ),
    # torch.distributed.pipelining: its step is a forward and a backward.
    Row("step", (Does.ADD,), on=_PIPELINE),
    # torch/xla.
    Row("optimizer_step", (Does.STEP,), within=r"xla|^xm\.", optimizer=Argument(0, "optimizer")),
    # timm, MAE, DeiT, Swin: a scaler that is called with the loss and the optimizer.
    Row(
        "*scaler",
        (Does.ADD, Does.STEP),
        loss=_LOSS,
        optimizer=_SECOND,
        steps_if=Argument(None, "need_update update_grad"),
    ),
    # mmengine: it counts its own window, and clears at its end.
    Row("update_params", (Does.FORGET,), on=_OPTIM_WRAPPER, on_receiver=True),
    # ignite.
    Row("Engine", (Does.RUN,), within=r"^ignite\."),
    # SAM: each half of the step clears on request only.
    Row("first_step second_step", (Does.STEP, Does.CLEAR), on_receiver=True, clears_if=Argument(0, "zero_grad")),
    # Pyro, without `SVI`, which clears.
    Row("loss_and_grads", (Does.ADD,), on=_ELBO),
    # higher: steps of copies, which leave `.grad` alone.
    Row("step", on=_FUNCTIONAL),
    # CUDA graphs: what was captured happens again, into the same gradients.
    Row("replay", (Does.FORGET,), on=_GRAPH),
)

# Contexts that record what is done in them, to do it later.
CAPTURES = frozenset({"torch.cuda.graph"})
# Lightning's base class, its methods that give back the same objects each time.
MODULE = "LightningModule"
LASTING = frozenset({"optimizers"})
# Its method that the framework calls once a batch.
TRAINING_STEP = "training_step"

# What a call gives back is what it was given: by name in the order of the results, or all as they are written.
_GIVES_BACK = (
    (r"(^|\.)(prepare|setup|setup_optimizers)$", ""),
    (r"(^|\.)boost$", "model optimizer criterion dataloader lr_scheduler"),
    (r"(^|\.)make_private(_with_epsilon)?$", "module optimizer data_loader"),
    (r"(^|\.)amp\.initialize$", "models optimizers"),
    (r"^(ipex|intel_extension_for_pytorch)\.optimize$", "model optimizer"),
)

# Methods that are given an optimizer to wrap, or one that they have wrapped.
WRAPPING = ("prepare", "boost", "backward", "execute_pipeline")

# Contexts whose framework counts batches, and lets the optimizers that it has prepared act in the last one of a window;
# what makes their framework, and what it calls the size of a window, which is 1 where nobody says it.
WINDOWED = "accumulate"
WINDOWING = "Accelerator"
WINDOW_SIZE = "gradient_accumulation_steps"
_WINDOW_SIZES = re.compile(r"gradient_accumulation_(?:steps(?!\s*=\s*1\b)|plugin)")

# Optimizers that back-propagate the loss themselves, as engines do, and do not clear as engines do.
_TAKES_LOSS = r"(^|\.)boost$|^apex\.(\w+\.)*FP16_Optimizer$|^mmengine\.(\w+\.)*\w*OptimWrapper$"

# Plugins with which the step of a wrapped optimizer clears, and those with which it does not. ColossalAI's base class
# leaves it to them; its code is often given a plugin by another file.
_CLEARING_PLUGINS = r"\b(DeepSpeedPlugin|MegatronLMPlugin|(Gemini|HybridParallel|Moe)\w*Plugin)$"
ATTACH = "attach"
"""Opacus before 1.0: `privacy_engine.attach(optimizer)`, whose step then overwrites the gradients that it applies."""

PLAIN_PLUGINS = ("TorchDDPPlugin", "TorchFSDPPlugin", "LowLevelZeroPlugin")


def rows(name: str) -> tuple[Row, ...]:
    """The rows of what has this name."""
    words = tokens(name)
    return _ROWS.get(name) or (_ROWS.get(f"*{words[-1]}", ()) if words else ())


def gives_back(qualified: str) -> tuple[str, ...] | None:
    """The names of the parameters that a call gives back, in this order; empty for all; None for other calls."""
    return next((tuple(names.split()) for pattern, names in _GIVES_BACK if re.search(pattern, qualified)), None)


def takes_loss(makers: Collection[str]) -> bool:
    """Whether what these calls made is an optimizer that runs the backward, and leaves the clearing to others."""
    return any(re.search(_TAKES_LOSS, maker) for maker in makers)


def has_plugins(imports: Collection[str]) -> bool:
    """Whether a file with these imports may wrap its optimizers in something that clears after a step."""
    return any(name.startswith("colossalai") or re.search(_CLEARING_PLUGINS, name) for name in imports)


def has_windows(text: str) -> bool:
    """Whether a file that uses such contexts may have windows of more than one batch: it does not make the framework
    without saying so.
    """
    return re.search(rf"\b{WINDOWING}\s*\(", text) is None or _WINDOW_SIZES.search(text) is not None


def is_kind(kind: Kind, name: str, makers: Collection[str]) -> bool:
    """Whether an object of this name, made by these calls, is of a kind."""
    return any(re.search(kind.made_by, maker) for maker in makers) or bool(
        re.search(kind.named, "_".join(tokens(name)))
    )


def _by_name() -> dict[str, tuple[Row, ...]]:
    found: dict[str, tuple[Row, ...]] = {}
    for row in ROWS:
        for name in row.called.split():
            found[name] = (*found.get(name, ()), row)
    return found


_ROWS = _by_name()
