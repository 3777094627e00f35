"""What a constructor was given, and by which names its object knows it."""

from __future__ import annotations

import pytest
from together import Together, call_in

from gradlint.regions import Path
from gradlint.syntax.arguments import constructed, kept
from gradlint.syntax.values import Instance


def made(text: str, call: str) -> dict[str, str]:
    """The attributes of what a call of a module makes, with what they are."""
    project = Together({"main": text + f"\nmade = {call}\n"})
    module = project.scope("main")
    instance = project.objects.value(call_in(module, call), module)
    assert isinstance(instance, Instance)
    found = list(constructed(project.objects, instance))
    assert {own.scope for own, _ in found} <= {instance.of.number}
    assert {given.scope for _, given in found} <= {module.number}
    return {str(own): str(given) for own, given in found}


PLAIN = "class T:\n    def __init__(self, a, b=None):\n        {body}\n"


@pytest.mark.parametrize(
    ("body", "call", "expected"),
    [
        pytest.param("self.net = a", "T(net)", {"self.net": "net"}, id="positional"),
        pytest.param("self.net = b", "T(b=net, a=1)", {"self.net": "net"}, id="keyword"),
        pytest.param("self.net, self.opt = a, b", "T(x, y)", {"self.net": "x", "self.opt": "y"}, id="unpacked"),
        pytest.param("self.net = a", "T(net.fc)", {"self.net": "net.fc"}, id="an-attribute"),
        pytest.param("self.net = a", "T(*nets)", {}, id="a-star"),
        pytest.param("self.net = a", "T(Net())", {}, id="what-has-no-name"),
        pytest.param(
            "self.net = a; self.net = b", "T(x, y)", {"self.__init__(a)": "x", "self.__init__(b)": "y"}, id="set-twice"
        ),
        pytest.param("a = wrap(a); self.net = a", "T(x)", {"self.__init__(a)": "x"}, id="changed-on-the-way"),
        pytest.param("use(a)", "T(net)", {"self.__init__(a)": "net"}, id="not-kept"),
    ],
)
def test_a_constructor_sets_attributes(body: str, call: str, expected: dict[str, str]) -> None:
    found = made(PLAIN.format(body=body), call)
    assert expected.items() <= found.items()
    assert {name for name in found if "__init__" not in name} == {name for name in expected if "__init__" not in name}


@pytest.mark.parametrize("head", ["@dataclass\nclass T:", "@dataclass(frozen=True)\nclass T:", "class T(NamedTuple):"])
def test_fields_of_a_data_class_are_its_constructor(head: str) -> None:
    text = (
        f"from dataclasses import dataclass\nfrom typing import NamedTuple\n{head}\n    net: Net\n    opt: Opt = None\n"
    )
    assert made(text, "T(x, opt=y)") == {"self.net": "x", "self.opt": "y"}


def test_fields_of_another_class_are_not() -> None:
    assert made("class T:\n    net: Net\n    opt: Opt\n", "T(x, y)") == {}


BASE = "class Base:\n    def __init__(self, a):\n        self.net = a\n        self.first = a\n"


def test_a_base_is_given_what_the_constructor_passes_on() -> None:
    child = "class T(Base):\n    def __init__(self, b, c):\n        super().__init__(c)\n        self.first = b\n"
    found = made(BASE + child, "T(x, y)")
    assert found["self.net"] == "y"
    assert found["self.first"] == "x"  # the class's own word, not that of its base


def test_of_two_constructors_that_keep_nothing_the_first_one_s_words_count() -> None:
    base = "class Base:\n    def __init__(self, a):\n        use(a)\n"
    child = "class T(Base):\n    def __init__(self, a, b):\n        super().__init__(b)\n"
    assert made(base + child, "T(x, y)")["self.__init__(a)"] == "x"


def test_a_base_that_is_given_something_else_knows_nothing() -> None:
    child = "class T(Base):\n    def __init__(self, b):\n        super().__init__(wrap(b))\n"
    assert "self.net" not in made(BASE + child, "T(x)")


def test_a_base_that_is_not_called_knows_nothing() -> None:
    assert "self.net" not in made(f"{BASE}class T(Base):\n    def __init__(self, a): ...\n", "T(a)")


def test_an_inherited_constructor_is_the_class_s() -> None:
    assert made(f"{BASE}class T(Base): ...\n", "T(x)")["self.net"] == "x"


def known_as(body: str, variable: str, method: str = "__init__") -> str:
    """What the object calls what its constructor calls by a variable."""
    project = Together({"main": f"class T:\n    def {method}(self, a):\n        {body}\n"})
    init = project.scope("main", f"T.{method}")
    name, *fields = variable.split(".")
    found = kept(Path(init.number, name, tuple(fields)), init)
    assert found.scope == (init.parent.number if found.name == "self" and init.parent else init.number)
    return str(found)


@pytest.mark.parametrize(
    ("body", "variable", "expected"),
    [
        pytest.param("self.net = a", "a", "self.net", id="kept-as-an-attribute"),
        pytest.param("self.net = a", "a.fc", "self.net.fc", id="a-part-of-it"),
        pytest.param("use(a)", "a", "self.__init__(a)", id="not-kept"),
        pytest.param("a = wrap(a)", "a", "a", id="another-object-by-then"),
        pytest.param("b = 1", "b", "b", id="no-parameter"),
    ],
)
def test_an_object_knows_what_it_was_given(body: str, variable: str, expected: str) -> None:
    assert known_as(body, variable) == expected


def test_what_another_method_is_given_is_not_the_object_s() -> None:
    assert known_as("self.net = a", "a", "fit") == "a"
