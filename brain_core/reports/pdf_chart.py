"""The drawings of PDF reports: the probability along the slices, and a probability on its scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportlab.graphics.shapes import Circle, Drawing, Line, PolyLine, Rect, String
from reportlab.lib import colors

from brain_core.models import MODELS
from brain_core.palette import LABEL_COLORS, MODEL_COLORS, NEUTRAL
from brain_core.reports.pdf_layout import BOLD, INK, PAPER, QUIET, REGULAR, RULE, WIDTH, register

if TYPE_CHECKING:
    from brain_core.study.result import SeriesResult

HEIGHT = 138
LEFT, RIGHT, TOP, BOTTOM = 30, 4, 20, 33  # points around the axes
DASHES = {"custom_cnn": None, "resnet50": [5, 2]}  # colour is never the only sign
MOST_DOTS = 60  # slices; more of them run into one another
TICKS = 10
SMALL = 6.6


def along_slices(result: SeriesResult) -> Drawing:
    """Every model's probability by slice, its operating point, what the summary is of, and what does not count."""
    register()
    drawing = Drawing(WIDTH, HEIGHT)
    axes = _Axes(len(result.series))
    _frame(drawing, axes)
    for index in (*result.flagged, *result.errors):
        x, half = axes.x(index), max(0.4, axes.step / 2)
        drawing.add(Rect(x - half, BOTTOM, 2 * half, axes.height, fillColor=RULE, fillOpacity=0.55, strokeColor=None))
    for position in range(len(result.summaries)):
        _model(drawing, axes, result, position)
    _legend(drawing, result)
    return drawing


class _Axes:
    """Where slices and probabilities are on the drawing, in points."""

    def __init__(self, n: int):
        self.n = n
        self.width, self.height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
        self.step = self.width / n

    def x(self, index: float) -> float:
        return LEFT + (index + 0.5) * self.step

    def y(self, probability: float) -> float:
        return BOTTOM + probability * self.height


def _frame(drawing: Drawing, axes: _Axes) -> None:
    for value in (0, 0.25, 0.5, 0.75, 1):
        drawing.add(Line(LEFT, axes.y(value), LEFT + axes.width, axes.y(value), strokeColor=RULE, strokeWidth=0.4))
        drawing.add(_text(LEFT - 4, axes.y(value) - 2.3, f"{value:g}", anchor="end"))
    every = next(each for each in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 10**9) if axes.n <= each * 2 * TICKS)
    numbers = {1, *(each for each in range(every, axes.n + 1, every) if each - 1 > every / 2)}
    for number in sorted(numbers):
        drawing.add(_text(axes.x(number - 1), BOTTOM - 14, str(number), anchor="middle"))
    drawing.add(_text(LEFT + axes.width / 2, 5, f"Slice, n = {axes.n}", anchor="middle"))
    drawing.add(_text(0, HEIGHT - 9, "Probability of a tumour", font=BOLD, color=INK))


def _model(drawing: Drawing, axes: _Axes, result: SeriesResult, position: int) -> None:
    summary = result.summaries[position]
    color = colors.HexColor(MODEL_COLORS[summary.model])
    dash = DASHES.get(summary.model)
    level = axes.y(summary.operating_point.threshold)
    line = Line(LEFT, level, LEFT + axes.width, level, strokeColor=color, strokeWidth=0.7)
    line.strokeDashArray = [1, 2]
    drawing.add(line)
    for run in _runs(result.predictions[summary.model]):
        points = [(axes.x(index), axes.y(probability)) for index, probability in run]
        if len(points) > 1:
            drawing.add(
                PolyLine(
                    [each for point in points for each in point],
                    strokeColor=color,
                    strokeWidth=1.3,
                    strokeDashArray=dash,
                    strokeLineJoin=1,
                )
            )
        if len(points) == 1 or axes.n <= MOST_DOTS:
            for x, y in points:
                drawing.add(Circle(x, y, 1.7, fillColor=color, strokeColor=None))
    if summary.slices:  # what the summary is of, on the axis
        y = BOTTOM - 2.5 - 2.2 * position
        start, end = axes.x(summary.slices[0] - 0.5), axes.x(summary.slices[-1] + 0.5)
        drawing.add(Line(start, y, end, y, strokeColor=color, strokeWidth=1.6))


def _runs(predictions) -> list[list[tuple[int, float]]]:
    """(index, probability) of adjacent slices that were read: a line is not drawn over a gap."""
    runs: list[list[tuple[int, float]]] = [[]]
    for index, prediction in enumerate(predictions):
        if prediction is None:
            runs.append([])
        else:
            runs[-1].append((index, prediction.probability))
    return [run for run in runs if run]


def _legend(drawing: Drawing, result: SeriesResult) -> None:
    x, y = LEFT + 92, HEIGHT - 9
    for summary in result.summaries:
        color = colors.HexColor(MODEL_COLORS[summary.model])
        drawing.add(
            Line(x, y + 2.4, x + 18, y + 2.4, strokeColor=color, strokeWidth=1.3, strokeDashArray=DASHES[summary.model])
        )
        text = f"{MODELS[summary.model].title} (dotted: operating point {summary.operating_point.threshold:.3f})"
        drawing.add(_text(x + 22, y, text))
        x += 192
    drawing.add(Rect(LEFT, 5, 8, 6, fillColor=RULE, strokeColor=None))
    drawing.add(_text(LEFT + 11, 5, "not counted: flagged or not read"))
    drawing.add(_text(WIDTH - RIGHT, 5, "bars under the axis: slices of the result", anchor="end"))


def scale(probability: float | None, threshold: float, label: str | None, width: float) -> Drawing:
    """A probability on the scale from 0 to 1, with a line at the threshold; the scale alone where it is None."""
    register()
    drawing = Drawing(width, 20)
    drawing.add(Rect(0, 7, width, 7, fillColor=PAPER, strokeColor=RULE, strokeWidth=0.5))
    if probability is not None:
        color = colors.HexColor(LABEL_COLORS.get(label, NEUTRAL))
        drawing.add(Rect(0, 7, width * probability, 7, fillColor=color, strokeColor=None))
    at = width * threshold
    drawing.add(Line(at, 5, at, 16, strokeColor=INK, strokeWidth=1.2))
    anchor = "start" if threshold < 0.15 else "end" if threshold > 0.85 else "middle"
    drawing.add(_text(at, 0, f"{threshold:.3f}", anchor=anchor, size=5.6))
    return drawing


def _text(x: float, y: float, text: str, *, anchor="start", font=REGULAR, color=QUIET, size=SMALL) -> String:
    return String(x, y, text, textAnchor=anchor, fontName=font, fontSize=size, fillColor=color)
