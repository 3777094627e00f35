"""Which objects lie inside which."""

from __future__ import annotations

import pytest

from gradlint.events import Clear, Place
from gradlint.regions import ELEMENT, GROUPS, UNSEEN, Path, Region

MODEL = Path(1, "model")
HEAD = MODEL.field("head")
OPT = Path(1, "opt")


@pytest.mark.parametrize(
    ("outer", "inner", "holds"),
    [
        pytest.param(MODEL, MODEL, True, id="itself"),
        pytest.param(MODEL, HEAD, True, id="a-part"),
        pytest.param(HEAD, MODEL, False, id="not-the-whole"),
        pytest.param(MODEL, Path(2, "model"), False, id="not-another-function's"),
        pytest.param(OPT.field(ELEMENT), OPT.field("['g']"), True, id="a-computed-index-may-be-any-key"),
        pytest.param(OPT.field("['g']"), OPT.field("['d']"), False, id="two-keys-are-two-objects"),
    ],
)
def test_holds(outer: Path, inner: Path, holds: bool) -> None:
    assert outer.holds(inner) is holds


def test_rebase_renames_parameters_and_owner_where_they_are_given() -> None:
    region = Region(Path(2, "self", ("model",)), Path(2, "self", ("opt",)))
    trainer = Path(1, "trainer")
    renamed = region.rebase(Path(2, "self"), trainer)
    assert renamed == Region(trainer.field("model"), trainer.field("opt"))


@pytest.mark.parametrize(
    ("clear", "region", "reaches"),
    [
        pytest.param(((MODEL,), False, None), Region(MODEL, OPT), True, id="model-clears-what-it-holds"),
        pytest.param(((MODEL,), False, None), Region(HEAD, OPT), True, id="and-its-parts"),
        pytest.param(((Path(1, "other"),), False, None), Region(MODEL, OPT), False, id="another-model-does-not"),
        pytest.param(
            ((Path(1, "other"),), False, None),
            Region(OPT.field(GROUPS), OPT),
            True,
            id="a-model-may-hold-what-nobody-saw-an-optimizer-given",
        ),
        pytest.param(
            ((Path(1, "b", (GROUPS,)),), False, Path(1, "b")),
            Region(OPT.field(GROUPS), OPT),
            False,
            id="another-optimizer-clears-its-own",
        ),
        pytest.param(((), True, None), Region(MODEL, OPT), True, id="what-cannot-be-told-may-be-anything"),
    ],
)
def test_clear_reaches(clear: tuple[tuple[Path, ...], bool, Path | None], region: Region, reaches: bool) -> None:
    assert Clear(Place(None, None), *clear).reaches(region) is reaches


def test_what_is_stepped_behind_an_object_is_not_known() -> None:
    trainer = Path(0, "trainer")
    unseen = Region(trainer.field(UNSEEN), trainer)
    assert unseen.unseen and not unseen.known
    assert not Region(trainer.field(GROUPS), trainer).unseen
