"""The state graph: a state machine's definition as a picture, coloured by what happened.

The longest way through the definition is the spine, drawn from top to bottom. A state that one
state of the spine leads to lies left of it, a state that several lead to lies right of them. So a
definition with a new state needs no new drawing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from markupsafe import Markup, escape

from functions.domain.plain_text import visible

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

_ROW: Final = 40
_LEFT, _SPINE, _RIGHT = 62, 196, 324
_HALF_WIDTH: Final = 57
_HALF_HEIGHT: Final = 13
_TOP: Final = 38
_OUTER_LANE, _INNER_LANE, _BACK_LANE = -5, 127, 272
_SHORT_WAY_ROWS: Final = 2
_LETTERS_A_LINE: Final = 16
_ENDS: Final = ("Succeed", "Fail")


@dataclass(frozen=True)
class Mark:
    """The look of a state: what happened in it.

    Attributes:
        look: Shape and colour: done, failed, running, pending, warn or stopped.
        word: What it is called.
        note: A second line in the state's box: `7 of 12 ranges`.
    """

    look: str
    word: str
    note: str = ""


_Way = tuple[str, ...]


class _Edge(NamedTuple):
    begins: str
    ends: str


class _Place(NamedTuple):
    """Where a state lies: its column's middle, and its row."""

    x: int
    row: int

    @property
    def y(self) -> int:
        return _TOP + self.row * _ROW


def state_graph(
    definition: Mapping[str, Any],
    marks: Mapping[str, Mark],
    *,
    taken: Collection[tuple[str, str]] = (),
) -> Markup:
    """Draw the states and the ways between them as an SVG.

    Args:
        definition: In Amazon States Language.
        marks: Of the states that were reached, by name.
        taken: The ways that the execution went, as pairs of names.

    Returns:
        It has no `style` attribute, and the `id`s `state-NAME` and `edge-FROM-TO`, with names
        without their question mark.
    """
    states: Mapping[str, Any] = definition["States"]
    edges = [_Edge(name, to) for name, state in states.items() for to in _ways(state)]
    places = _laid_out(definition["StartAt"], states, edges)
    bottom = max(place.y for place in places.values()) + _HALF_HEIGHT + 4
    drawn = [
        _edge(edge, places, taken=edge in taken) for edge in sorted(edges, key=lambda e: e in taken)
    ]
    boxes = [_state(name, state, places[name], marks.get(name)) for name, state in states.items()]
    return Markup(
        '<svg class="graph" viewBox="-12 0 400 {}" role="group" aria-label="State graph">'
        '<circle class="start" cx="{}" cy="9" r="5"/>{}{}{}</svg>'
    ).format(
        bottom,
        _SPINE,
        _way("start", definition["StartAt"], f"M{_SPINE} 14V{_TOP - _HALF_HEIGHT}", bool(marks)),
        Markup().join(drawn),
        Markup().join(boxes),
    )


def _ways(state: Mapping[str, Any], *, with_catches: bool = True) -> list[str]:
    """The states that one leads to, each once."""
    found = [state["Next"]] if "Next" in state else []
    found += [choice["Next"] for choice in state.get("Choices", ())]
    found += [state["Default"]] if "Default" in state else []
    if with_catches:
        found += [catch["Next"] for catch in state.get("Catch", ())]
    return list(dict.fromkeys(found))


def _all_ways(start: str, states: Mapping[str, Any], before: tuple[str, ...]) -> Iterator[_Way]:
    """Every way from a state to an end, without those that an error takes."""
    here = (*before, start)
    onward = [to for to in _ways(states[start], with_catches=False) if to not in here]
    if not onward:
        yield here
    for to in onward:
        yield from _all_ways(to, states, here)


def _laid_out(start: str, states: Mapping[str, Any], edges: Sequence[_Edge]) -> dict[str, _Place]:
    def length(way: _Way) -> tuple[int, int]:
        return len(way), -sum(edge.ends == way[-1] for edge in edges)

    spine = max(_all_ways(start, states, ()), key=length)
    places = {name: _Place(_SPINE, row) for row, name in enumerate(spine)}
    waiting = [name for name in states if name not in places]
    while waiting:
        for name in list(waiting):
            leading = [edge.begins for edge in edges if edge.ends == name]
            placed = [places[each] for each in leading if each in places]
            if not placed and any(each in states for each in leading):
                continue
            waiting.remove(name)
            places[name] = _beside(placed, places.values())
    return places


def _beside(leading: Sequence[_Place], occupied: Collection[_Place]) -> _Place:
    """The place of a state that is not of the spine: the first free one in its column."""
    column = _RIGHT if len(leading) > 1 else _LEFT
    row = max((each.row for each in leading), default=0)
    if leading and leading[-1].x == column:
        row += 1
    while (column, row) in occupied:
        row += 1
    return _Place(column, row)


def _edge(edge: _Edge, places: Mapping[str, _Place], *, taken: bool) -> Markup:
    begins, ends = places[edge.begins], places[edge.ends]
    down = ends.row - begins.row
    turns = down != 0 and not (down == 1 and begins.x == ends.x)
    path = _turning(begins, ends) if turns else _straight(begins, ends)
    return _way(edge.begins, edge.ends, path, taken, turns=turns)


def _straight(begins: _Place, ends: _Place) -> str:
    if begins.x == ends.x:
        return f"M{begins.x} {begins.y + _HALF_HEIGHT}V{ends.y - _HALF_HEIGHT}"
    side = _HALF_WIDTH if ends.x > begins.x else -_HALF_WIDTH
    return f"M{begins.x + side} {begins.y}H{ends.x - side}"


def _turning(begins: _Place, ends: _Place) -> str:
    if ends.x == _RIGHT:
        return (
            f"M{begins.x + _HALF_WIDTH} {begins.y}H{ends.x - 8}"
            f"Q{ends.x} {begins.y} {ends.x} {begins.y + 8}V{ends.y - _HALF_HEIGHT}"
        )
    if ends.y < begins.y:
        return _by_lane(_BACK_LANE, begins.x, begins.y - 4, ends.y + 4, side=1)
    if ends.row - begins.row <= _SHORT_WAY_ROWS:
        return _by_lane(_INNER_LANE, begins.x, begins.y, ends.y, side=-1)
    # It goes below the states at the left of where it begins.
    below = begins.y + _ROW // 2
    return (
        f"M{begins.x - _HALF_WIDTH + 8} {begins.y + _HALF_HEIGHT}V{below - 5}"
        f"q0 5 -5 5H{_OUTER_LANE + 7}q-7 0 -7 7V{ends.y - 7}q0 7 7 7H{ends.x - _HALF_WIDTH}"
    )


def _by_lane(lane: int, x: int, begins_y: int, ends_y: int, *, side: int) -> str:
    """A way that leaves a box at one side and comes back to that side of another one."""
    edge, turn = x + side * _HALF_WIDTH, 5 if ends_y > begins_y else -5
    corner = lane - side * 5
    return (
        f"M{edge} {begins_y}H{corner}Q{lane} {begins_y} {lane} {begins_y + turn}"
        f"V{ends_y - turn}Q{lane} {ends_y} {corner} {ends_y}H{edge}"
    )


def _way(begins: str, ends: str, path: str, taken: bool, *, turns: bool = False) -> Markup:
    classes = "e" + (" turn" if turns else "") + (" taken" if taken else "")
    return Markup('<path class="{}" id="edge-{}-{}" d="{}"/>').format(
        classes, _plain(begins), _plain(ends), path
    )


def _state(name: str, state: Mapping[str, Any], place: _Place, mark: Mark | None) -> Markup:
    kind = "end" if state["Type"] in _ENDS else state["Type"].lower()
    word = mark.word if mark else "not reached"
    title = Markup("<title>{}: {}. {}</title>").format(name, word, state.get("Comment", ""))
    inside = Markup().join(_inside(name, kind, place.x, place.y, mark))
    look = Markup(' data-s="{}"').format(mark.look) if mark else Markup()
    return Markup('<g class="st {}" id="state-{}"{}>{}{}</g>').format(
        kind, _plain(name), look, title, inside
    )


def _inside(name: str, kind: str, x: int, y: int, mark: Mark | None) -> Iterator[Markup]:
    if kind == "map":
        yield _box(x + 3, y + 3, kind)
    yield _box(x, y, kind)
    note = visible(mark.note) if mark else ""
    small = Markup(' class="long"') if len(name) > _LETTERS_A_LINE else Markup()
    yield Markup('<text x="{}" y="{}"{}>{}</text>').format(x, y - 1 if note else y + 4, small, name)
    if note:
        yield Markup('<text class="sub" x="{}" y="{}">{}</text>').format(x, y + 9, note)
    if mark:
        yield Markup(
            '<circle cx="{}" cy="{}" r="8"/>'
            '<use href="#i-{}" x="{}" y="{}" width="14" height="14"/>'
        ).format(x + 55, y - 11, mark.look, x + 48, y - 18)


def _box(x: int, y: int, kind: str) -> Markup:
    left, right = x - _HALF_WIDTH, x + _HALF_WIDTH
    if kind == "choice":
        return Markup('<path d="M{} {}l8 -{h}H{}l8 {h}l-8 {h}H{}z"/>').format(
            left, y, right - 8, left + 8, h=_HALF_HEIGHT
        )
    return Markup('<rect x="{}" y="{}" width="{}" height="{}" rx="{}"/>').format(
        left,
        y - _HALF_HEIGHT,
        2 * _HALF_WIDTH,
        2 * _HALF_HEIGHT,
        _HALF_HEIGHT if kind == "end" else 6,
    )


def _plain(name: str) -> Markup:
    return escape(name.rstrip("?"))
