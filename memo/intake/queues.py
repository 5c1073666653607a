"""Which queue a job waits in: by where its recording lies, and by what it needs."""

from __future__ import annotations

from collections.abc import Collection

from memo.intake.job import Job, Needs, Worker


def queue_of(machine: str | None, needs: Needs) -> str:
    """Return the queue of jobs whose recordings lie on a machine; None: on the shelf."""
    place = f"machine-{machine}" if machine else "shelf"
    return f"{place}-{needs}" if needs else place


def queues_of(machine: str, can: Needs, *, has_shelf: bool) -> tuple[str, ...]:
    """Return the queues that a worker takes from: of its machine, and of the shelf if it has it."""
    places = [machine, None] if has_shelf else [machine]
    return tuple(queue_of(place, need) for place in places for need in sorted({"", can}))


def queue_for(job: Job, alive: Collection[Worker]) -> str:
    """Return the queue that a job is to wait in, while these workers live.

    What needs a graphics card can do without, slowly, where nobody has one.
    """
    machine = job.place.machine
    return queue_of(machine, job.needs if has_able(machine, job.needs, alive) else "")


def has_able(machine: str | None, needs: Needs, alive: Collection[Worker]) -> bool:
    """Return whether a worker that lives can do what is needed, and reaches the recording."""
    return any(
        worker.can == needs and (machine is None or worker.machine == machine) for worker in alive
    )
