"""What was counted over the log, as a picture.

Drawn with matplotlib, which is an extra: import this module late. It is 800 pixels wide and uses
colours that people who do not see all of them can tell apart (Okabe and Ito, 2008). Names from
outside are never read as mathematics (`$x$`).
"""

from __future__ import annotations

import datetime as dt
import io
import warnings
from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from memo.export.untrusted import one_line, shortened
from memo.tallies import Grouping, Stats, Tally

_BLUE, _ORANGE, _GREEN, _GREY = "#0072B2", "#D55E00", "#009E73", "#595959"
_DOTS = 100
_WIDTH = 8.0
"""Inches, of so many dots each."""
_MOST_SERIES = 20
_MOST_NAMES = 14
"""Weeks or months that are each named below the bars; of more only dates are."""
_FEW = 6
"""Bars that fill the width; fewer are no wider."""
_LABEL = 34
_NONE = float("nan")

Bars = tuple[tuple[str, str, Sequence[float]], ...]
"""What stands side by side: label, colour, values."""


def render_plot(stats: Stats, form: Literal["png", "svg"]) -> bytes:
    """Return a picture of what was counted; the same counts give the same bytes.

    Args:
        stats: What was counted.
        form: PNG, or SVG with text as shapes, which looks the same everywhere.
    """
    with mpl.rc_context({"svg.hashsalt": "memo", "svg.fonttype": "path", "font.size": 10}):
        figure = _figure(stats)
        out = io.BytesIO()
        with warnings.catch_warnings():  # letters that the font does not have are shown as boxes
            warnings.simplefilter("ignore")
            facts = {"Date": None, "Creator": "memo"} if form == "svg" else {"Software": "memo"}
            figure.savefig(out, format=form, metadata=facts)
    return out.getvalue()


def _figure(stats: Stats) -> Figure:
    tallies = _shown(stats)
    lying = stats.by is Grouping.SERIES
    panel = max(1.6, 0.5 + 0.42 * len(tallies)) if lying else 2.1
    panels = _panels(tallies)
    figure = Figure(figsize=(_WIDTH, 0.9 + panel * len(panels)), dpi=_DOTS, layout="constrained")
    figure.suptitle(_title(stats), fontsize=13, parse_math=False)
    axes = figure.subplots(len(panels), 1, squeeze=False)[:, 0]
    for (title, bars), place in zip(panels, axes, strict=True):
        place.set_title(title, loc="left", fontsize=11)
        if not tallies:
            place.text(0.5, 0.5, "nothing was counted", ha="center", transform=place.transAxes)
            place.set_axis_off()
        elif lying:
            _draw_lying(place, tallies, bars)
        else:
            _draw_standing(place, tallies, bars, stats.by)
    return figure


def _title(stats: Stats) -> str:
    first = min((tally.starts_on for tally in stats.tallies if tally.starts_on), default=None)
    since = stats.since.date() if stats.since else first
    span = f"{since.isoformat()} to " if since else "until "
    whose = f", {one_line(', '.join(stats.people))}" if stats.people else ""
    return shortened(f"Meetings, {span}{stats.at.date().isoformat()}{whose}", 80)


def _shown(stats: Stats) -> list[Tally]:
    """Return what is drawn: of many series those that take longest, the longest at the top."""
    if stats.by is not Grouping.SERIES:
        return list(stats.tallies)
    longest = sorted(stats.tallies, key=lambda tally: (-tally.seconds, tally.name))
    return longest[:_MOST_SERIES]


def _panels(tallies: Sequence[Tally]) -> list[tuple[str, Bars]]:
    def of(name: str) -> list[float]:
        return [float(getattr(tally, name) or 0) for tally in tallies]

    days = [_NONE if tally.days_to_done is None else tally.days_to_done for tally in tallies]
    return [
        ("Hours of meetings", (("hours", _BLUE, of("hours")),)),
        (
            "Decisions",
            (
                ("made", _GREEN, of("decisions")),
                ("taken back or amended", _ORANGE, of("reversals")),
            ),
        ),
        ("Actions", (("taken on", _BLUE, of("actions")), ("done", _GREEN, of("done")))),
        ("Days from action to done (median)", (("days", _GREY, days),)),
    ]


def _draw_standing(axes: Axes, tallies: Sequence[Tally], bars: Bars, by: Grouping) -> None:
    """Draw bars along time, each week or month as wide as it is long."""
    length = 7.0 if by is Grouping.WEEK else 30.0
    starts = [(tally.starts_on or dt.date.min).toordinal() for tally in tallies]
    epoch = dt.date(1970, 1, 1).toordinal()  # matplotlib counts days from here
    width = length * 0.8 / len(bars)
    for place, (label, colour, values) in enumerate(bars):
        lefts = [start - epoch + length * 0.1 + place * width for start in starts]
        axes.bar(lefts, values, width, align="edge", color=colour, label=label)
    middles = [start - epoch + length / 2 for start in starts]
    margin = max(0.6, (_FEW - len(tallies)) / 2) * length
    axes.set_xlim(middles[0] - margin, middles[-1] + margin)
    if len(tallies) <= _MOST_NAMES and not _crowded(starts, length):
        axes.set_xticks(middles, labels=_names(tallies))
    else:
        locator = AutoDateLocator(maxticks=10)  # type: ignore[no-untyped-call]
        axes.xaxis.set_major_locator(locator)
        formatter = ConciseDateFormatter(locator)  # type: ignore[no-untyped-call]
        axes.xaxis.set_major_formatter(formatter)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=len(bars) > 1))
    axes.set_ylim(0, max(1.0, axes.get_ylim()[1]))
    _finish(axes, bars)
    axes.grid(axis="y", color="#dddddd", linewidth=0.8)


def _names(tallies: Sequence[Tally]) -> list[str]:
    """Return what stands below the bars: `W10`, with the year where it begins."""
    parted = [tally.name.partition("-") for tally in tallies]
    years = ["", *(year for year, _, _ in parted)]
    return [
        rest if year == before else f"{rest}\n{year}"
        for (year, _, rest), before in zip(parted, years, strict=False)
    ]


def _crowded(starts: Sequence[int], length: float) -> bool:
    """Tell whether names below the bars would run into each other."""
    span = starts[-1] - starts[0] + 2 * length
    nearest = min((b - a for a, b in pairwise(starts)), default=span)
    return nearest / span < 0.05


def _draw_lying(axes: Axes, tallies: Sequence[Tally], bars: Bars) -> None:
    """Draw bars from the left, one group for each series, whose names need room."""
    height = 0.8 / len(bars)
    for place, (label, colour, values) in enumerate(bars):
        tops = [row - 0.4 + place * height for row in range(len(tallies))]
        axes.barh(tops, values, height, align="edge", color=colour, label=label)
    names = [shortened(one_line(tally.name), _LABEL) for tally in tallies]
    axes.set_yticks(range(len(names)), labels=names, parse_math=False)
    axes.set_ylim(len(tallies) - 0.4, -0.6)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=len(bars) > 1))
    axes.set_xlim(0, max(1.0, axes.get_xlim()[1]))
    _finish(axes, bars)
    axes.grid(axis="x", color="#dddddd", linewidth=0.8)


def _finish(axes: Axes, bars: Bars) -> None:
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    if len(bars) > 1:
        axes.legend(loc="lower right", bbox_to_anchor=(1, 0.98), ncols=len(bars), frameon=False)
