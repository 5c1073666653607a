"""Settings become what watches folders, and what works on recordings."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from memo.app.wiring import work_folder
from memo.config import Settings
from memo.intake.job import SCHEMA, Place, State
from memo.intake.machine import machine_id
from memo.intake.shelf import Shelf, open_shelf

if TYPE_CHECKING:
    from memo.intake.book import Book

_BEGUN = (State.QUEUED, State.RUNNING)


def open_book(settings: Settings) -> Book:
    """Open the book of jobs.

    Raises:
        DecisionLogError: The database cannot be opened.
    """
    from memo.intake.book import Book

    return Book(settings.database_url)


def shelf_of(settings: Settings) -> Shelf:
    """Return the disks of this machine, and what it shares with others.

    Raises:
        ConfigError: The shelf cannot be used.
        MissingDependencyError: What buckets need is not installed.
    """
    return open_shelf(
        settings.shelf, machine=machine_id(), work=work_folder(settings), offline=settings.offline
    )


def place_of(settings: Settings, path: Path) -> Place:
    """Return the place of a path of this machine."""
    shelf = shelf_of(settings)
    return shelf.place_of(shelf.named(str(path)))


class Backlog:
    """Says whether anything is left to do that this machine can do.

    Args:
        settings: The settings.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def is_done(self, counts: Mapping[State, int]) -> bool:
        """Return whether nothing stands in the queue or is being worked on.

        Args:
            counts: How many jobs are in each state; most of the time these tell.
        """
        begun = sum(counts.get(state, 0) for state in _BEGUN)
        if not counts or begun > 100:
            return False
        if not begun:
            return True
        with open_book(self._settings) as book:
            jobs = book.jobs(states=_BEGUN)
        machines = {machine_id(), *([None] if self._settings.shelf else [])}
        return not any(
            job.place.machine in machines and job.request.schema_version <= SCHEMA for job in jobs
        )
