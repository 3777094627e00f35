"""What names mean: PyTorch and the frameworks around it, as data. A new framework is rows here and a fixture."""

from __future__ import annotations

import re

# Packages whose tensors share PyTorch's accumulating gradients count as PyTorch here; these do not.
OTHER_FRAMEWORKS = frozenset({"mxnet", "paddle", "tensorflow", "jittor", "mindspore", "jax", "tinygrad"})
TORCH_LIKE = re.compile(r"\b(torch|lightning|accelerate|transformers|deepspeed|oneflow|fastai|timm)")

OPTIMIZER_CLASSES = frozenset(
    """ASGD Adadelta Adafactor Adagrad Adam AdamW Adamax LBFGS Muon NAdam RAdam RMSprop Rprop SGD SparseAdam
    ZeroRedundancyOptimizer DistributedOptimizer PostLocalSGDOptimizer FusedAdam FusedLAMB FusedSGD FusedNovoGrad
    FusedAdagrad Adam8bit AdamW8bit SGD8bit PagedAdamW PagedAdamW8bit PagedAdam Lion8bit DeepSpeedCPUAdam
    AdamWScheduleFree SGDScheduleFree Lion GaLoreAdamW Lamb LAMB Lookahead PCGrad BertAdam OpenAIAdam Ranger AdaBound
    AdaBelief""".split()
)
OPTIMIZER_MODULES = (
    "torch.optim",
    "torch_optimizer",
    "pytorch_optimizer",
    "apex.optimizers",
    "bitsandbytes.optim",
    "timm.optim",
)
# Bases from which no object has a `step`.
PLAIN_BASES = frozenset({"", "object", "ABC", "Generic", "Protocol", "Module", "NamedTuple", "Enum", "dict", "list"})
# Words in the name of a class whose objects step something else than parameters.
NOT_OPTIMIZER_CLASS_TOKENS = frozenset(
    "ema average averager averaging averaged swa local lr warmup scheduler sched".split()
)
# What `torch.optim` and others make that is stepped, or named like an optimizer, and is none. Pyro's makes others.
_NO_OPTIMIZER = re.compile(r"^torch\.optim\.(lr_scheduler|swa_utils)\b|^(num)?pyro\.(infer\.|optim\.\w+$)|^higher\.")

# Calls that give back the object they are called on, or their first argument.
SAME_OBJECT_METHODS = frozenset(
    "to cuda cpu half float double bfloat16 train eval requires_grad_ apply share_memory type compile xpu npu".split()
)
# What every module and tensor has: it says nothing of a class of the project's own.
COMMON_METHODS = SAME_OBJECT_METHODS | frozenset(
    "forward parameters named_parameters modules state_dict load_state_dict zero_grad item backward".split()
)
SAME_OBJECT_FIELDS = frozenset({"module", "_orig_mod"})
PARAMETER_METHODS = frozenset({"parameters", "trainable_parameters", "get_parameters", "get_trainable_params"})
NAMED_PARAMETER_METHODS = frozenset({"named_parameters"})
# What these give back clears its gradients itself.
SELF_CLEARING_FACTORIES = frozenset({"deepspeed.initialize", "colossalai.initialize"})

BACKWARD_FUNCTIONS = frozenset({"torch.autograd.backward"})
# What is called `backward` and deposits nothing in `.grad`.
NO_DEPOSIT = ("torch.distributed.autograd", "torch.nn.functional", "dgl.backend")
# Calls that hand stepping or clearing to hooks: what such a file does cannot be read off its loops.
HOOK_REGISTRATIONS = (
    "register_post_accumulate_grad_hook",
    "register_optimizer_step_post_hook",
    "_apply_optimizer_in_backward",
)
STEP_HOOK = "register_step_post_hook"

GRADIENT_READERS = frozenset(
    """clip_grad_norm_ clip_grad_value_ clip_grad_norm unscale_ clip_gradients get_total_norm
    clip_grads_with_norm_ clip_master_grads unscale_gradients reduce_gradients""".split()
)
NETWORK_TOKENS = frozenset(
    """model models net nets network module backbone encoder decoder generator discriminator critic actor policy
    student teacher classifier""".split()
)
STRANGERS = frozenset(
    """env envs environment game bar pbar tqdm writer timer prof
    profiler""".split()
)
"""Words in the names of objects whose methods are no steps of a training, whatever they are called."""

SCHEDULER_TOKENS = frozenset({"scheduler", "schedulers", "sched"})
FINITENESS = frozenset({"isfinite", "isnan", "isinf"})
REDUCTIONS = frozenset("mean sum float double div mul squeeze".split())
BLANK_LIKE = frozenset({"zeros_like", "new_zeros", "empty_like", "full_like"})
"""What makes a tensor with the shape of another one, and without its values."""

WITHOUT_GRADIENTS = frozenset(
    """arange argmax argmin argsort argwhere bernoulli bincount bucketize ceil count_nonzero empty empty_like eq equal
    eye floor from_numpy full full_like ge gt isclose isfinite isinf isnan le linspace logical_and logical_not
    logical_or lt multinomial ne nonzero ones ones_like rand rand_like randint randint_like randn randn_like randperm
    round searchsorted sign tensor trunc zeros zeros_like""".split()
)
"""Functions of `torch` that no gradient flows through."""

SHAPING_METHODS = frozenset(
    """abs chunk clamp exp expand flatten log log_softmax permute pow relu repeat reshape sigmoid softmax split sqrt
    square tanh transpose unsqueeze view""".split()
)
"""Methods of tensors by which gradients flow through."""

SETTINGS = frozenset({"device", "dtype", "dim", "axis", "keepdim", "reduction", "size_average", "inplace"})
"""Keywords that say how something is computed, and not of what."""

COPYING_METHODS = frozenset({"clone", "detach", "to", "float", "double", "half", "cpu", "cuda", "contiguous"})
"""What gives a tensor with the same values."""

OVERWRITING_METHODS = frozenset({"zero_", "fill_", "copy_", "normal_", "uniform_", "set_"})
RESCALING_METHODS = frozenset({"mul_", "div_", "clamp_", "masked_fill_"})
UPDATING_METHODS = frozenset({"add_", "sub_", "addcdiv_", "addcmul_", "copy_", "sub", "add", "lerp_"})

_TOKEN = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_OPTIMIZER_TOKENS = frozenset(
    """opt optim optimizer optimiser opts optims optimizers optimisers adam adamw sgd rmsprop adagrad adadelta lbfgs
    lamb lion muon""".split()
)
_NOT_OPTIMIZER_TOKENS = frozenset(
    """level params config cfg state name names type cls args fn factory step steps lr kwargs dict path groups group
    scheduler sched idx hook index wrapper_cls class builder func method key keys history result results""".split()
)
_NOT_SOLVER_TOKENS = frozenset("ode sde ksp linear sat ivp lp qp".split())
_MAY_CLEAR = frozenset(
    """zero reset clear step steps update updates optimize optimise optimization train training backward backprop fit
    gradient gradients grads closure learn hook hooks callback callbacks cb cbs before after on notify trigger dispatch
    emit""".split()
)
_HARMLESS = frozenset(
    """clip warmup adjust num count show repr str len id isinstance type state dict param params group groups lr rate
    metric metrics ema log logger logging logs stat stats meter meters scheduler sched schedule bar progress
    loss losses save load checkpoint print eval evaluate validate test buffer target targets momentum weight decay
    is get set has should found find inf nan norm memory""".split()
)
_CLEARS_GRADIENTS = re.compile(
    r"foreach_zero_|(zero|reset|clear)_*(all_*)?(the_*)?(model_*|param_*|optim\w*_*)?(grad|gradient)s?_?|grads?_?(zero|reset|clear)",
    re.IGNORECASE,
)


def tokens(name: str) -> list[str]:
    """The words of an identifier, in lower case, without digits."""
    return [part.lower() for part in _TOKEN.findall(name) if not part.isdigit()]


def named_like_optimizer(name: str) -> bool:
    """Whether an object of this name is an optimizer, as far as a name can tell."""
    words = set(tokens(name))
    if words & _NOT_OPTIMIZER_TOKENS:
        return False
    return bool(words & _OPTIMIZER_TOKENS) or ("solver" in words and not words & _NOT_SOLVER_TOKENS)


def names_other_class(name: str) -> bool:
    """Whether a class or factory of this name makes something that is stepped and is no optimizer."""
    return bool(set(tokens(name)) & NOT_OPTIMIZER_CLASS_TOKENS)


def speaks_of_training(name: str) -> bool:
    """Whether a word in a function's name says that it may have to do with gradients, whatever the others say."""
    return not _MAY_CLEAR.isdisjoint(tokens(name))


def may_clear_or_step(name: str) -> bool:
    """Whether a function of this name, given an optimizer, could clear or apply its gradients."""
    words = set(tokens(name))
    return bool(words & _MAY_CLEAR) and not words & _HARMLESS


_CONTAINER_CALLS = frozenset(
    """zip enumerate list tuple set iter next reversed sorted map filter any all sum max min range items values keys
    append extend insert add pop copy deepcopy getattr setattr hasattr vars super tqdm isfinite""".split()
)


CALLING = frozenset({"map", "filter", "append", "add", "insert", "Thread", "Timer"})
"""Calls without a telling name that keep or run a function that they are given."""


def cannot_clear(name: str) -> bool:
    """Whether a function of this name leaves the gradients of an optimizer that it is given alone; a class does."""
    return name[:1].isupper() or name in _CONTAINER_CALLS or bool(set(tokens(name)) & _HARMLESS)


_WORK = frozenset(
    """forward parse data compute predict encode decode sample input inputs output outputs preprocess postprocess
    transform collate fetch make build create""".split()
)


def only_computes(name: str) -> bool:
    """Whether a method that others define computes something, by its name, and leaves gradients alone."""
    words = set(tokens(name))
    return bool(words & (_WORK | _HARMLESS)) and not words & _MAY_CLEAR


def clears_gradients(name: str) -> bool:
    """Whether a function's name says that it clears gradients."""
    return _CLEARS_GRADIENTS.search(name) is not None


def makes_no_optimizer(qualified: str) -> bool:
    """Whether what a call of this qualified name gives back is no optimizer, whatever its name."""
    return _NO_OPTIMIZER.search(qualified) is not None


def is_optimizer_class(qualified: str) -> bool:
    """Whether a qualified name is that of an optimizer class or factory."""
    last = qualified.rpartition(".")[2]
    if makes_no_optimizer(qualified):
        return False
    return last in OPTIMIZER_CLASSES or (qualified.startswith(OPTIMIZER_MODULES) and last[:1].isupper())


def says_optimizer(annotation: str) -> bool:
    """Whether an annotation names an optimizer."""
    words = annotation.replace("|", " ").replace(".", " ").split()
    return any(word.endswith("Optimizer") or word in OPTIMIZER_CLASSES for word in words)
