"""Which rules run: codes, prefixes, names, categories and ALL, layer upon layer."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gradlint.errors import GradlintError
from gradlint.rule import Rule

ALWAYS_ON = "GRD000"
"""The rule that every selection holds: only its own code, name or category, or a longer prefix, takes it out."""

ABOUT_COMMENTS = "GRD001"
"""The rule about comments that silence nothing. Its findings come of what the others have said, and of their fixes."""

ALL = "ALL"
_CODE = re.compile(r"G|GR|GRD[0-9]*")
_LIKE_A_CODE = re.compile(r"[A-Za-z]{1,4}[0-9]\w*")  # `E501`, `GRD1x`
_PREFIX = re.compile(r"GRD[0-9]{0,2}")
# How narrowly a selector speaks. The narrower one wins, so `select = ["GRD101"]` with `ignore = ["GRD1"]` runs GRD101.
_EVERYTHING, _WHOLE_PREFIX, _ALWAYS_ON, _CATEGORY, _EXACT = 0, 1, 2, 3, 9
# Low enough that `zero-grad` is shown `missing-zero-grad`, high enough that `E501` is shown nothing.
_ALIKE = 0.5
# So many codes are named of those that begin alike; more would not be read.
_SHOWN = 4


class UnknownSelector(GradlintError):
    """A selector that stands for no rule."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What one layer (a configuration file, or the command line with the environment) says about rules.

    A layer with `select` starts anew, any other changes what the layers below it chose, as in ruff.
    """

    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    extend_ignore: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Selector:
    """The codes that a selector stands for, and how narrowly it speaks."""

    codes: frozenset[str]
    narrowness: int


def choose(layers: Iterable[Choice], rules: Sequence[Rule], *, preview: bool = False) -> tuple[Rule, ...]:
    """The rules that run, by code; by default all that are not in preview.

    A preview rule runs with `preview`, or where its own code or name was selected. Raises UnknownSelector.
    """
    # How narrowly each chosen rule was asked for.
    chosen = {rule.code: _EVERYTHING for rule in rules}
    for layer in layers:
        chosen = _apply(layer, chosen, rules)
    return tuple(
        rule for rule in rules if rule.code in chosen and (preview or not rule.preview or chosen[rule.code] == _EXACT)
    )


def named(text: str, rules: Sequence[Rule]) -> Rule:
    """The one rule of that code or name. Raises UnknownSelector."""
    for rule in rules:
        if text.upper() == rule.code or text.lower() == rule.name:
            return rule
    if text.upper() == ALL or text.lower() in {rule.category for rule in rules}:
        raise UnknownSelector(f"'{text}' stands for several rules: name one by its code or name")
    if begun := [rule.code for rule in rules if _PREFIX.fullmatch(text.upper()) and rule.code.startswith(text.upper())]:
        codes = ", ".join((*begun[:_SHOWN], *(["..."] if len(begun) > _SHOWN else [])))
        raise UnknownSelector(f"'{text}' is the beginning of {codes}")
    raise UnknownSelector(f"unknown rule '{text}'{suggestion(text, _exact_words(rules))}")


def meant(text: str, rules: Sequence[Rule]) -> Selector:
    """The rules that a selector stands for. Raises UnknownSelector."""
    word = text.upper()
    if word == ALL:
        return Selector(frozenset(rule.code for rule in rules), _EVERYTHING)
    if exact := frozenset(rule.code for rule in rules if word in (rule.code, rule.name.upper())):
        return Selector(exact, _EXACT)
    if category := frozenset(rule.code for rule in rules if word == rule.category.upper()):
        return Selector(category, _CATEGORY)
    prefixed = frozenset(rule.code for rule in rules if rule.code.startswith(word))
    if _PREFIX.fullmatch(word) and prefixed:
        digits = len(word) - len("GRD")
        return Selector(prefixed, _CATEGORY + digits if digits else _WHOLE_PREFIX)
    known = (*_exact_words(rules), *sorted({rule.category for rule in rules}), ALL)
    raise UnknownSelector(f"unknown rule, prefix or category '{text}'{suggestion(text, known)}")


def codes_of(selectors: Iterable[str], rules: Sequence[Rule], place: str) -> frozenset[str]:
    """The codes of all rules that some selectors stand for. Raises UnknownSelector that names their place."""
    try:
        return frozenset().union(*(meant(selector, rules).codes for selector in selectors))
    except UnknownSelector as error:
        raise UnknownSelector(f"{place}: {error}") from error


def suggestion(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?` with the known word nearest to `word`, or nothing where none is near.

    Codes are all alike, so of a code the only near one is that of one slip: two neighbouring digits swapped, else one
    digit wrong, else one too many. Where several are so near, nobody can tell which was meant.
    """
    if _CODE.fullmatch(word.upper()) or _LIKE_A_CODE.fullmatch(word):
        near = _one_slip_away(word.upper(), known)
        return f"; did you mean '{near[0]}'?" if len(near) == 1 else ""
    spellings = {each.lower(): each for each in known}
    close = difflib.get_close_matches(word.lower(), spellings, n=1, cutoff=_ALIKE)
    return f"; did you mean '{spellings[close[0]]}'?" if close else ""


def _one_slip_away(code: str, known: Iterable[str]) -> list[str]:
    swapped = {f"{code[:i]}{code[i + 1]}{code[i]}{code[i + 2 :]}" for i in range(len("GRD"), len(code) - 1)}
    longer = [each for each in known if each in {code[:i] + code[i + 1 :] for i in range(len(code))}]
    codes = [each for each in known if len(each) == len(code) and _CODE.fullmatch(each)]
    mistyped = [each for each in codes if sum(a != b for a, b in zip(each, code, strict=True)) == 1]
    return [each for each in codes if each in swapped] or mistyped or longer


def _apply(layer: Choice, below: dict[str, int], rules: Sequence[Rule]) -> dict[str, int]:
    chosen = dict(below) if layer.select is None else {}
    wanted = [meant(each, rules) for each in (*(layer.select or ()), *layer.extend_select)]
    unwanted = [meant(each, rules) for each in (*layer.ignore, *layer.extend_ignore)]
    if layer.select is not None or ALWAYS_ON in below:
        wanted.append(Selector(frozenset({ALWAYS_ON}) & {rule.code for rule in rules}, _ALWAYS_ON))
    for narrowness in sorted({each.narrowness for each in (*wanted, *unwanted)}):
        for selector in wanted:
            if selector.narrowness == narrowness:
                chosen |= {code: max(narrowness, chosen.get(code, narrowness)) for code in selector.codes}
        for selector in unwanted:
            if selector.narrowness == narrowness:
                chosen = {code: how for code, how in chosen.items() if code not in selector.codes}
    return chosen


def _exact_words(rules: Sequence[Rule]) -> tuple[str, ...]:
    return (*(rule.code for rule in rules), *(rule.name for rule in rules))
