"""What a record costs in objects from 1 MB to 1 GB: processor time, memory and requests."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

from bench.memory import Alone, load_alone
from bench.report import Figure, write_picture
from bench.stubs import Stubs
from bench.tiles import tiled

SIZES: Final = (1_000_000, 16_000_000, 128_000_000, 1_000_000_000)
_MEASURES: Final[dict[str, tuple[str, Callable[[Alone], float]]]] = {
    "CPU a record": ("µs", lambda run: run.cpu / run.records * 1e6),
    "memory over idle": ("MiB", lambda run: run.grown_mib),
    "requests a thousand records": ("", lambda run: run.requests / run.records * 1000),
}
_PANEL, _HEIGHT, _MARGIN = 300, 220, 46
Point = tuple[float, float]


def measure(stubs: Stubs, source: Path, sizes: Sequence[int] = SIZES) -> list[Figure]:
    """Load an object of each size, each in a process of its own."""
    runs = {size: load_alone(stubs, tiled(source, size), size) for size in sizes}
    return [
        Figure(
            f"{name}, object of {_size(size)}",
            unit,
            [value(run)],
            {_size(sizes[0]): [value(runs[sizes[0]])]} if size != sizes[0] else {},
        )
        for name, (unit, value) in _MEASURES.items()
        for size, run in runs.items()
    ]


def write_plot(figures: Sequence[Figure], path: Path, sizes: Sequence[int] = SIZES) -> None:
    """The figures of `measure` as a picture, a panel a measure, sizes on a logarithmic axis."""
    panels = []
    for number, (name, (unit, _)) in enumerate(_MEASURES.items()):
        values = [figure.ours[0] for figure in figures if figure.name.startswith(f"{name},")]
        points = list(zip(sizes, values, strict=True))
        title = f"{name} ({unit})" if unit else name
        panels.append(_panel(title, points, left=number * _PANEL))
    write_picture(path, panels, width=len(panels) * _PANEL, height=_HEIGHT)


def _panel(title: str, points: Sequence[Point], *, left: int) -> str:
    top = max(value for _, value in points) * 1.25 or 1
    first, last = math.log(points[0][0]), math.log(points[-1][0])

    def place(point: Point) -> Point:
        along = (math.log(point[0]) - first) / ((last - first) or 1)
        x = left + _MARGIN + along * (_PANEL - 2 * _MARGIN)
        return x, _HEIGHT - _MARGIN - point[1] / top * (_HEIGHT - 2 * _MARGIN)

    placed = [place(point) for point in points]
    line = " ".join(f"{x:.0f},{y:.0f}" for x, y in placed)
    bottom = _HEIGHT - _MARGIN
    marks = [
        f'<circle cx="{x:.0f}" cy="{y:.0f}" r="3" fill="#1f6feb"/>'
        f'<text x="{x:.0f}" y="{y - 8:.0f}" text-anchor="middle">{value:.3g}</text>'
        f'<text x="{x:.0f}" y="{bottom + 16}" text-anchor="middle">{_size(int(size))}</text>'
        for (x, y), (size, value) in zip(placed, points, strict=True)
    ]
    return (
        f'<text x="{left + _PANEL / 2:.0f}" y="20" text-anchor="middle" font-weight="bold">'
        f"{escape(title)}</text>\n"
        f'<path d="M{left + _MARGIN},{bottom}H{left + _PANEL - _MARGIN}" stroke="#888888"/>\n'
        f'<polyline points="{line}" fill="none" stroke="#1f6feb"/>\n' + "\n".join(marks)
    )


def _size(size: int) -> str:
    return f"{size // 10**9} GB" if size >= 10**9 else f"{size // 10**6} MB"
