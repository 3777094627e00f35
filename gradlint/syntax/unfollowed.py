"""Calls that nobody can follow: which of them may add gradients, and which compute a loss."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Iterator

import libcst as cst

from gradlint.events import ComputeLoss, Event, MayAdd, Place
from gradlint.syntax import catalogue
from gradlint.syntax.losses import back_propagated_in
from gradlint.syntax.networks import is_network
from gradlint.syntax.objects import Objects
from gradlint.syntax.scopes import Scope, names_in
from gradlint.syntax.tree import elements_of, is_alone, last_name, walk
from gradlint.syntax.values import Function, Made

_PACKAGES = sys.stdlib_module_names | frozenset(
    """torch torchvision torchaudio torchmetrics torchinfo numpy scipy pandas sklearn matplotlib seaborn PIL cv2 skimage
    imageio tqdm wandb tensorboardX tensorboard einops absl omegaconf hydra yaml termcolor colorama rich loguru psutil
    horovod apex h5py nvtx""".split()
)
"""Packages that compute, read, draw or count. Of PyTorch's own, what adds gradients elsewhere is not meant."""

_ELSEWHERE = ("torch.distributed.autograd", "torch.distributed.rpc", "torch.distributed.pipelining", "torch.jit")
_TENSOR_METHODS = frozenset(
    """abs add all any amax amin argmax argmin argsort astype baddbmm bfloat16 bmm bool bernoulli
    bernoulli_ broadcast_to byte cat chunk clamp clamp_ clamp_min clone contiguous copy copy_ cos cpu cuda cumsum data
    detach detach_ device diag dim div div_ dot double dtype element_size eq erf exp expand expand_as fill_ flatten flip
    float floor gather ge grad_fn gt half index_add index_select int item isfinite isinf isnan le lerp log log_softmax
    logical_and logical_not long lt masked_fill masked_fill_ masked_select matmul max mean median min mm mul mul_
    multinomial narrow ne neg new_full new_ones new_tensor new_zeros nonzero norm normal_ numel numpy permute pow
    prod random_ relu repeat repeat_interleave reshape resize_ roll round rsqrt scatter scatter_ select shape sigmoid
    sign sin size softmax sort split sqrt square squeeze squeeze_ stack std sub sub_ sum t tanh tensor to tolist topk
    transpose transpose_ tril triu type type_as unbind unfold unique unsqueeze unsqueeze_ uniform_ var view
    view_as where zero_ cosine_similarity retain_grad requires_grad_ pin_memory share_memory_""".split()
)
_CONTAINER_METHODS = frozenset(
    """append extend insert pop popleft appendleft clear_cache copy count index items keys values get setdefault join
    split strip format startswith endswith lower upper replace encode decode tell seek write writelines flush close
    read readline parameters named_parameters modules named_modules children buffers state_dict load_state_dict
    eval train set_postfix set_description set_postfix_str add_scalar add_scalars add_image add_histogram info debug
    warning error get_last_lr get_lr scale get_scale""".split()
)
_MAY_ADD = frozenset(
    """backward backwards backprop backpropagate back bwd train training learn optimize optimise optimization step fit
    grad grads gradient gradients accumulate run process closure do apply""".split()
)
_GOES_BACK = frozenset("backward backwards backprop backpropagate back bwd closure".split())
_LOSS_TOKENS = frozenset("loss losses criterion criterions criteria entropy mse bce nll".split())


class Unfollowed:
    """Answers for the calls of one scope whose code is not in sight."""

    def __init__(self, objects: Objects, scope: Scope) -> None:
        self._objects = objects
        self._scope = scope
        # Elsewhere nobody steps or clears, so that only what is called by a telling name is suspected.
        names = names_in(scope)
        self._strict = "step" in names or any("zero_grad" in name for name in names)

    def read(self, call: cst.Call, name: str, statement: cst.CSTNode, place: Place) -> Iterator[Event]:
        """What such a call may do besides stepping and clearing."""
        used = not is_alone(call, statement)
        if self._may_add(call, name, statement, used=used):
            yield MayAdd(place)
        if (
            _computes_loss(name, used=used)
            or self._is_loss_module(call.func)
            or _is_kept_as_loss(call, name, statement)
        ):
            yield ComputeLoss(place)

    def only_computes(self, call: cst.Call) -> bool:
        """Whether a call is of a package that is known to compute, and may run no function of the project."""
        return self._is_of_a_known_package(call.func) and not any(map(self._is_function, call.args))

    def _may_add(self, call: cst.Call, name: str, statement: cst.CSTNode, *, used: bool) -> bool:
        """Whether a call may add gradients; `used` says that somebody takes what it gives back.

        What is not known to do no such thing may do it, but for what networks compute.
        """
        if name in ("map", "filter") and isinstance(call.func, cst.Name) and not used:
            return False  # nobody runs through it
        if any(map(self._is_function, call.args)):
            return True  # it may run the function
        if isinstance(call.func, cst.Attribute) and name in (_TENSOR_METHODS | _CONTAINER_METHODS):
            return False
        words = set(catalogue.tokens(name))
        if self._is_of_a_known_package(call.func) or self._is_of_a_stranger(call.func):
            return False
        if words.isdisjoint(_GOES_BACK) and self._is_back_propagated(call, statement):
            return False
        if words & _MAY_ADD and not words & {"clip", "scheduler", "sched", "ema", "log", "logger"}:
            return True
        if call.args and all(_is_plain_number(argument.value) for argument in call.args):
            return False
        if not self._strict or self._scope.name == "forward" or name == "forward":
            return False
        return not (self._computes(call.func, used=used) or _is_harmless(name, words))

    def _is_back_propagated(self, call: cst.Call, statement: cst.CSTNode) -> bool:
        """Whether something is back-propagated later that is made of the result of a call, which so has not done it."""
        match statement:
            case cst.SimpleStatementLine(body=[cst.Assign(targets=[cst.AssignTarget(target=target)], value=value)]):
                kept = {part.value for part in elements_of(target) or [target] if isinstance(part, cst.Name)}
                return not kept.isdisjoint(back_propagated_in(self._scope)) and any(
                    part is call for part in walk(value)
                )
            case _:
                return False

    def _is_loss_module(self, func: cst.BaseExpression) -> bool:
        """Whether what is called is a loss of `torch.nn`, made in sight."""
        made = self._objects.value(func, self._scope)
        return isinstance(made, Made) and made.by.startswith("torch.nn.") and made.by.endswith("Loss")

    def _is_function(self, argument: cst.Arg) -> bool:
        value = argument.value
        named = isinstance(value, (cst.Name, cst.Attribute, cst.Lambda))
        return named and isinstance(self._objects.value(value, self._scope), Function)

    def _computes(self, func: cst.BaseExpression, *, used: bool) -> bool:
        """Whether a network is called, or a method of one whose result is used.

        What only looks like a loss may back-propagate by itself: it has to be made in sight.
        """
        if self._is_network(func):
            return True
        return used and isinstance(func, cst.Attribute) and self._is_network(func.value)

    def _is_network(self, node: cst.BaseExpression) -> bool:
        path = self._objects.path(node, self._scope)
        if path is not None and is_network(self._objects, path):
            return True
        words = set(catalogue.tokens(last_name(node)))
        return bool(words & catalogue.NETWORK_TOKENS) and words.isdisjoint(_MAY_ADD | _LOSS_TOKENS)

    @staticmethod
    def _is_of_a_stranger(func: cst.BaseExpression) -> bool:
        """Whether a method is one of an environment, a profiler, a scheduler."""
        words = catalogue.tokens(last_name(func.value)) if isinstance(func, cst.Attribute) else ()
        return not (catalogue.STRANGERS | catalogue.SCHEDULER_TOKENS).isdisjoint(words)

    def _is_of_a_known_package(self, func: cst.BaseExpression) -> bool:
        qualified = self._objects.qualified(func, self._scope)
        root = qualified.partition(".")[0]
        if isinstance(func, cst.Name) and self._scope.owner(func.value) is None:
            return hasattr(builtins, func.value)
        return root in _PACKAGES and self._is_imported(func) and not qualified.startswith(_ELSEWHERE)

    def _is_imported(self, node: cst.BaseExpression) -> bool:
        while isinstance(node, cst.Attribute):
            node = node.value
        owner = self._scope.owner(node.value) if isinstance(node, cst.Name) else None
        bindings = owner.bindings[node.value] if owner is not None and isinstance(node, cst.Name) else []
        return bool(bindings) and all(each.imported for each in bindings)


def _is_kept_as_loss(call: cst.Call, name: str, statement: cst.CSTNode) -> bool:
    """Whether a statement reduces something to a variable that is called a loss."""
    match statement:
        case cst.SimpleStatementLine(
            body=[cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=kept))], value=value)]
        ) if value is call:
            return name in catalogue.REDUCTIONS and not _LOSS_TOKENS.isdisjoint(catalogue.tokens(kept))
        case _:
            return False


def _is_plain_number(node: cst.BaseExpression) -> bool:
    """Whether an expression is what a tensor was read out to, through which nothing is back-propagated."""
    return isinstance(node, cst.Call) and last_name(node.func) in ("item", "float", "int")


def _is_harmless(name: str, words: set[str]) -> bool:
    """Whether a function leaves gradients alone, by its name."""
    return words.isdisjoint(_LOSS_TOKENS) and (catalogue.cannot_clear(name) or catalogue.only_computes(name))


def _computes_loss(name: str, *, used: bool) -> bool:
    """Whether what a call gives back, and somebody takes, is a loss, by its name."""
    words = set(catalogue.tokens(name))
    return used and bool(words & _LOSS_TOKENS) and not words & (_MAY_ADD | {"log", "print", "item", "update", "scale"})
