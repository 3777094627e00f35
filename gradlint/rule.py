"""What a rule is, and how the rules of the package are found."""

from __future__ import annotations

import abc
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, ClassVar, TypeAlias

from gradlint.diagnostics import Severity

if TYPE_CHECKING:
    from gradlint.events import Call, Event
    from gradlint.flow.facts import Report, Typestate
    from gradlint.flow.graph import Graph
    from gradlint.flow.trials import Trial
    from gradlint.repair import Repair

MAX_TEXT = 60  # characters of code quoted in a message


class Rule:
    """One thing gradlint can say. The class docstring is its documentation.

    `name` is the kebab-case class name, so that a rule cannot be called one thing here and another there.
    """

    code: ClassVar[str]
    category: ClassVar[str]
    severity: ClassVar[Severity]
    preview: ClassVar[bool] = False
    # Regular expressions that all match somewhere in the bytes of every file that can break the rule.
    signs: ClassVar[tuple[bytes, ...]] = ()
    # Whether all of these must be in the file itself: what it breaks never lies in two files. They are tried in order.
    is_local: ClassVar[bool] = False

    @property
    def name(self) -> str:
        """The readable name, `missing-zero-grad` for class `MissingZeroGrad`."""
        return "".join("-" * (i > 0 and c.isupper()) + c.lower() for i, c in enumerate(type(self).__name__))


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule of the package `gradlint.rules`, by code. A module there holds one rule."""
    package = importlib.import_module("gradlint.rules")
    found = [
        member()
        for info in pkgutil.iter_modules(package.__path__)
        for member in vars(importlib.import_module(f"gradlint.rules.{info.name}")).values()
        if inspect.isclass(member) and issubclass(member, Rule) and "code" in vars(member)
    ]
    return tuple(sorted(found, key=lambda rule: rule.code))


def quoted(event: Event) -> str:
    """An event's code, short enough for a message."""
    text = event.place.text
    return text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 4].rstrip()} ..."


@dataclass(frozen=True, slots=True)
class Finding:
    """What a flow rule has to say, in terms of events.

    `event` is where it is reported, `cause` what it comes from: two findings of one cause are one.
    `story` has every place with its label, that of `event` among them, in the order in which they happen. `asides` are
    places that are no part of it, and worth a look.
    """

    event: Event
    cause: Event
    message: str
    story: tuple[tuple[Event, str], ...]
    repair: Repair | None = None
    asides: tuple[tuple[Event, str], ...] = ()


Acts: TypeAlias = "Callable[[Call], bool]"
"""Whether what a call runs may step or clear."""


class ScopeRule(Rule, abc.ABC):
    """A rule about the events of one scope, whatever its callers do."""

    @abc.abstractmethod
    def findings(self, graph: Graph, acts: Acts) -> Iterable[Finding]:
        """What it has to say about a scope."""


class SlipRule(ScopeRule):
    """A rule about code that does nothing, each by itself: what it says needs no path."""

    kinds: ClassVar[tuple[type[Event], ...]]

    @abc.abstractmethod
    def tell(self, slip: Event) -> Finding:
        """The finding for an event of these kinds."""

    def findings(self, graph: Graph, acts: Acts) -> Iterable[Finding]:
        """One for each event of these kinds."""
        return (self.tell(event) for event in graph.events() if isinstance(event, self.kinds))


class FlowRule(Rule, abc.ABC):
    """A rule about the order of events along paths.

    Several rules may tell of the reports of one typestate; `gradlint.precedence` says which one tells of which.
    """

    typestate: ClassVar[Typestate]
    # Whether what it says would be wrong of an optimizer whose step clears by itself.
    rests_on_steps: ClassVar[bool] = True

    @abc.abstractmethod
    def tell(self, report: Report) -> Finding | None:
        """The finding for a report; None where its path shows that there is nothing to say."""


class WindowRule(Rule, abc.ABC):
    """A rule about what the updates of an accumulation window are made of."""

    @abc.abstractmethod
    def findings(self, trial: Trial) -> Iterable[Finding]:
        """What it has to say about the runs of a scope on small numbers."""

    def apart(self, graph: Graph) -> Iterable[Finding]:
        """What it has to say about a scope that needs no run."""
        return ()
