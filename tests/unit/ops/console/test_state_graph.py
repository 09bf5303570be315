"""The state graph draws whatever the definition says, and escapes what it is told."""

import itertools
import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from ops.console.state_graph import Mark, state_graph

DEFINITION = json.loads(Path("statemachine/ingest.asl.json").read_text())
STATES = DEFINITION["States"]


def _parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314  our own


def _ids(svg: str, prefix: str) -> list[str]:
    found = [element.get("id", "") for element in _parsed(svg).iter()]
    return sorted(each.removeprefix(prefix) for each in found if each.startswith(prefix))


def test_every_state_and_every_way_is_drawn_once() -> None:
    ways = {("start", DEFINITION["StartAt"])}
    for name, state in STATES.items():
        onward = [state, *state.get("Choices", ()), *state.get("Catch", ())]
        ways |= {(name, each["Next"]) for each in onward if "Next" in each}
        ways |= {(name, state["Default"])} if "Default" in state else set()

    svg = state_graph(DEFINITION, {})

    assert _ids(svg, "state-") == sorted(name.rstrip("?") for name in STATES)
    assert _ids(svg, "edge-") == sorted(f"{a}-{b}".replace("?", "") for a, b in ways)


def test_no_box_covers_another_and_all_lie_in_the_picture() -> None:
    picture = _parsed(state_graph(DEFINITION, {}))
    left, top, width, height = map(int, picture.attrib["viewBox"].split())
    texts = [(int(each.attrib["x"]), int(each.attrib["y"])) for each in picture.iter("text")]

    assert len(texts) == len(STATES)
    for one, other in itertools.combinations(texts, 2):
        assert abs(one[0] - other[0]) >= 2 * 57 or abs(one[1] - other[1]) >= 2 * 13
    for x, y in texts:
        assert left + 57 <= x <= left + width - 57
        assert top + 13 <= y <= top + height - 13


def test_a_new_state_needs_no_new_drawing() -> None:
    states = dict(STATES)
    states["SettleJob"] = {**STATES["SettleJob"], "Next": "Rest"}
    states["Rest"] = {"Type": "Wait", "Seconds": 1, "Next": "StillOwner?"}

    svg = state_graph({**DEFINITION, "States": states}, {})

    assert "Rest" in _ids(svg, "state-")
    assert "Rest-StillOwner" in _ids(svg, "edge-")


@pytest.mark.parametrize("name", ["LoadRanges", "AnythingToLoad?", "ReadClaim"])
def test_a_mark_is_a_shape_a_word_and_a_colour(name: str) -> None:
    marked = {name: Mark("failed", "failed", "7 of 12 ranges")}
    picture = _parsed(state_graph(DEFINITION, marked))
    plain = name.rstrip("?")

    (state,) = (each for each in picture.iter() if each.get("id") == f"state-{plain}")

    assert state.attrib["data-s"] == "failed"
    assert (state.findtext("title") or "").startswith(f"{name}: failed. ")
    assert [each.text for each in state.iter("text")] == [name, "7 of 12 ranges"]
    assert [each.attrib["href"] for each in state.iter("use")] == ["#i-failed"]


def test_the_way_that_was_taken_is_told_from_the_others() -> None:
    picture = _parsed(state_graph(DEFINITION, {}, taken=[("ResolveJob", "WhatArrived?")]))

    taken = [each.get("id") for each in picture.iter() if "taken" in each.get("class", "").split()]

    assert taken == ["edge-ResolveJob-WhatArrived"]


def test_a_hostile_note_is_shown_and_has_no_effect() -> None:
    hostile = '<script>"\u202e'

    svg = state_graph(DEFINITION, {"LoadRanges": Mark("failed", "failed", hostile)})

    assert "<script" not in svg
    assert "\u202e" not in svg
    assert "style=" not in svg
