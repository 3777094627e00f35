"""Which files are worth reading for iterators over parameters: those that keep one, not those that take an element."""

from __future__ import annotations

import re

import pytest

from gradlint.rules.exhausted_parameter_generator import ExhaustedParameterGenerator

KEPT = (
    "params = net.parameters()",
    "params: Iterator = self.nets[0].named_parameters()",
    "params = getattr(self, name).parameters()",
    "params = self.net(x).module.parameters( )",
    "if (ps := net.parameters()):",
    "params = (\n    net.parameters()\n)",
    "params = filter(lambda p: p.requires_grad, net.parameters())",
    "params = map(\n    move,\n    net.parameters(),\n)",
    "params = itertools.chain(\n    a.parameters(),\n    b.parameters(),\n)",
    "params = itertools.chain.from_iterable(\n    [n.parameters() for n in nets])",
    "params = (p for p in net.parameters() if p.requires_grad)",
    "params = (\n    p.data\n    for name, p in net.named_parameters()\n)",
)
PASSED_BY = (
    "for p in net.parameters():",
    "dtype = next(net.parameters()).dtype",
    "count = sum(p.numel() for p in net.parameters())",
    "params = list(net.parameters())",
    "params = [p for p in net.parameters()]",
    "count = net.num_parameters()",
    "x = 1  # not net.parameters()",
    "assert a == b\nf(net.parameters())",
)


def is_kept(text: str) -> bool:
    return all(re.search(sign, text.encode()) for sign in ExhaustedParameterGenerator.signs[:-1])


@pytest.mark.parametrize("text", KEPT)
def test_an_iterator_is_kept(text: str) -> None:
    assert is_kept(text)


@pytest.mark.parametrize("text", PASSED_BY)
def test_none_is_kept(text: str) -> None:
    assert not is_kept(text)
