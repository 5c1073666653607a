"""The book of jobs: each of its doors, on both databases."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from memo.decision_log.schema import job_events, job_files, jobs, workers
from memo.errors import DecisionLogError
from memo.intake.book import Book
from memo.intake.job import SCHEMA, Arrival, Ending, Job, Place, Request, State, Worker, key_of

HERE, THERE = "aaaa", "bbbb"
LONG = dt.timedelta(hours=2)
START = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)


class Clock:
    """A clock that stands until it is told to go on."""

    def __init__(self) -> None:
        self.time = START

    def __call__(self) -> dt.datetime:
        return self.time

    def go_on(self, seconds: float) -> None:
        self.time += dt.timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]
)
def database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[sa.Engine]:
    """A database for all tests here, each of which finds it empty: to make one takes long."""
    url = f"sqlite:///{tmp_path_factory.mktemp('book')}/decisions.db"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql").emptied()
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    Book(url).close()
    yield engine
    engine.dispose()


@pytest.fixture
def book(database: sa.Engine, clock: Clock) -> Iterator[Book]:
    with database.begin() as connection:
        for table in (job_events, job_files, jobs, workers):
            connection.execute(table.delete())
        if database.dialect.name == "postgresql":
            connection.exec_driver_sql("ALTER SEQUENCE jobs_id_seq RESTART")
    with Book(database.url.render_as_string(hide_password=False), now=clock) as book:
        yield book


def arrived(
    name: str | bytes,
    content: str = "",
    machine: str | None = HERE,
    **extra: Any,  # noqa: ANN401
) -> Arrival:
    """Return a whole file: what it holds is its name unless said otherwise."""
    path = Path("/calls") / (
        name if isinstance(name, str) else name.decode("utf-8", "surrogateescape")
    )
    content = content or str(path.relative_to("/calls"))
    sha256 = hashlib.sha256(os.fsencode(content)).hexdigest()
    request = Request(settings={"language": "en"}, **extra)
    return Arrival(
        place=Place.on(machine, path),
        signature=content.encode("ascii", "backslashreplace").decode(),
        filename=path.name,
        recording_sha256=sha256,
        key=key_of(sha256, request, {}),
        request=request,
    )


def taken(book: Book, *arrivals: Arrival) -> list[str]:
    return [taken.outcome for taken in book.take_in(arrivals)]


def only(book: Book) -> Job:
    (job,) = book.jobs()
    return job


def due(book: Book, machine: str = HERE, **extra: Any) -> list[Job]:  # noqa: ANN401
    return list(book.due(machine, longest_wait=LONG, **extra))


def worker(name: str, machine: str = HERE) -> Worker:
    return Worker(
        name=name, machine=machine, host="here", pid=1, boot="x", version="1", started_at=START
    )


def told(book: Book, job_id: int = 1) -> list[str]:
    return [event.what for event in book.events(job_id)]


@pytest.fixture
def running(book: Book) -> Job:
    """A job in the hands of `w`, a worker that lives."""
    book.beat(worker("w"))
    (new,) = book.take_in([arrived("a.m4a")])
    book.mark_put(due(book))
    job = book.begin(new.job_id, 1, "w")
    assert job is not None
    return job


# --- What is taken in -----------------------------------------------------------------------------


def test_a_file_becomes_a_job_that_is_due_once(book: Book) -> None:
    arrival = arrived("a.m4a")
    (new,) = book.take_in([arrival])
    assert new.outcome == "new"
    (job,) = due(book)
    assert (job.id, job.key, job.place, job.filename) == (
        new.job_id,
        arrival.key,
        arrival.place,
        "a.m4a",
    )
    assert (job.state, job.attempt, job.request) == (State.QUEUED, 1, arrival.request)
    assert (job.created_at, job.changed_at) == (START, START)
    book.mark_put([job])
    assert due(book) == []
    assert told(book) == ["taken in"]


def test_the_same_file_again_is_known(book: Book) -> None:
    assert taken(book, arrived("a.m4a"), arrived("a.m4a")) == ["new", "known"]
    assert len(book.jobs()) == 1


def test_the_same_content_under_another_name_is_one_job(book: Book) -> None:
    assert taken(book, arrived("a.m4a", "x"), arrived("b.m4a", "x")) == ["new", "duplicate"]
    job = book.job(only(book).id)
    assert job is not None
    assert [place.as_path().name for place in (job.place, *job.duplicates)] == ["a.m4a", "b.m4a"]


def test_another_wish_for_the_same_content_is_another_job(book: Book) -> None:
    other = arrived("a.m4a", "x", logs=False)
    assert taken(book, arrived("a.m4a", "x"), other) == ["new", "new"]
    assert [job.state for job in book.jobs(states=[State.GONE])] == [State.GONE]
    assert [job.request.logs for job in due(book)] == [False]


def test_a_failed_arrival_takes_none_in(book: Book) -> None:
    too_large = arrived("b.m4a").model_copy(
        update={"request": Request(settings={}, schema_version=10**30)}
    )
    with pytest.raises(DecisionLogError):
        book.take_in([arrived("a.m4a"), too_large])
    assert book.jobs() == ()


@pytest.mark.parametrize("state", [State.FAILED, State.GONE, State.CANCELLED])
def test_content_that_came_to_nothing_is_tried_again_when_it_is_seen_anew(
    book: Book, running: Job, state: State
) -> None:
    book.end(running.id, 1, "w", Ending(state=state, reason="so", exit_code=4))
    assert taken(book, arrived("b.m4a", "a.m4a")) == ["again"]
    (job,) = due(book)
    assert (job.id, job.attempt, job.filename, job.reason) == (running.id, 2, "b.m4a", "")
    assert (job.crashes, job.waits, job.exit_code) == (0, 0, 0)


def test_content_that_is_done_is_not_done_again(book: Book, running: Job) -> None:
    book.end(running.id, 1, "w", Ending(state=State.DONE, results={"seconds": 1.5}))
    assert taken(book, arrived("a.m4a"), arrived("b.m4a", "a.m4a")) == ["known", "duplicate"]
    assert due(book) == []
    assert only(book).results == {"seconds": 1.5}


@pytest.mark.parametrize(
    "name",
    [b"\xff\xfe.m4a", b"a\nb.m4a", b"\x1b[31m.m4a", "ö\u202e.m4a".encode(), b"x" * 255],
)
def test_a_name_of_any_bytes_comes_back_as_it_was(book: Book, name: bytes) -> None:
    arrival = arrived(name)
    assert taken(book, arrival) == ["new"]
    (job,) = due(book)
    assert job.place == arrival.place
    assert job.place.as_path() == arrival.place.as_path()
    assert book.known(HERE, Path("/calls")) == {arrival.place.path: arrival.signature}
    assert "\n" not in job.place.shown()
    assert "\x1b" not in job.place.shown()


# --- What is known --------------------------------------------------------------------------------


def test_what_is_known_lies_in_the_folder_that_is_asked_for(book: Book) -> None:
    book.take_in([arrived(name) for name in ("a.m4a", "b/c.m4a", "bc/d.m4a", "b.m4a")])
    elsewhere = arrived("b/e.m4a", machine=THERE)
    book.take_in([elsewhere])
    found = book.known(HERE, Path("/calls/b"))
    assert list(found.values()) == ["b/c.m4a"]
    assert len(book.known(HERE, Path("/calls"))) == 4
    assert len(book.known(HERE, Path("/"))) == 4
    assert book.known(None, Path("/calls")) == {}
    assert list(book.known(THERE, Path("/calls"))) == [elsewhere.place.path]


def test_the_whole_shelf_is_asked_for_by_no_folder(book: Book) -> None:
    arrival = arrived("x").model_copy(update={"place": Place.on(None, Path("team/x.m4a"))})
    book.take_in([arrival])
    assert list(book.known(None, Path())) == [arrival.place.path]
    assert list(book.known(None, Path("team"))) == [arrival.place.path]
    assert book.known(None, Path("tea")) == {}


@pytest.mark.parametrize("state", [State.WAITING, State.FAILED])
def test_what_came_to_nothing_is_not_known_once_something_else_is_wanted(
    book: Book, running: Job, state: State
) -> None:
    book.end(running.id, 1, "w", Ending(state=state, reason="no", not_before=START + LONG))
    folder, same = Path("/calls"), running.request
    assert len(book.known(HERE, folder, same)) == 1
    assert len(book.known(HERE, folder, same.model_copy(update={"written_by": "9"}))) == 1
    other = arrived("a.m4a", logs=False)
    assert book.known(HERE, folder, other.request) == {}
    assert taken(book, other) == ["new"]
    states = {job.id: (job.state, job.reason) for job in book.jobs()}
    assert states[running.id] == (State.GONE, "another job has its file now")
    assert [job.request.logs for job in due(book)] == [False]


@pytest.mark.parametrize("state", [State.DONE, State.CANCELLED])
def test_what_is_over_stays_known_whatever_is_wanted(
    book: Book, running: Job, state: State
) -> None:
    book.end(running.id, 1, "w", Ending(state=state))
    other = arrived("a.m4a", logs=False)
    assert len(book.known(HERE, Path("/calls"), other.request)) == 1


def test_a_job_is_found_by_its_file(book: Book) -> None:
    book.take_in([arrived("a.m4a", "x"), arrived("b.m4a", "x"), arrived("c.m4a")])
    (first,) = book.at(Place.on(HERE, Path("/calls/a.m4a")))
    assert book.at(Place.on(HERE, Path("/calls/b.m4a"))) == (first,)
    assert book.at(Place.on(THERE, Path("/calls/a.m4a"))) == ()


# --- Files that vanish, move and change -----------------------------------------------------------


def test_a_job_whose_file_vanishes_before_it_begins_is_gone(book: Book) -> None:
    book.take_in([arrived("a.m4a")])
    book.vanished([arrived("a.m4a").place])
    job = only(book)
    assert (job.state, job.reason) == (State.GONE, "the recording is not there any more")
    assert due(book) == []
    assert book.known(HERE, Path("/calls")) == {}


def test_a_job_goes_on_with_another_file_that_holds_the_same(book: Book) -> None:
    book.take_in([arrived("a.m4a", "x"), arrived("b.m4a", "x")])
    book.vanished([arrived("a.m4a").place])
    (job,) = due(book)
    assert job.place.as_path().name == "b.m4a"


@pytest.mark.parametrize("vanished_first", [True, False])
def test_a_file_that_is_renamed_keeps_its_job(book: Book, vanished_first: bool) -> None:  # noqa: FBT001
    old, new = arrived("a.m4a", "x"), arrived("b.m4a", "x")
    book.take_in([old])
    if vanished_first:
        book.vanished([old.place])
        book.take_in([new])
    else:
        book.take_in([new])
        book.vanished([old.place])
    (job,) = due(book)
    assert job.place == new.place
    assert len(book.jobs()) == 1


def test_a_file_that_is_replaced_leaves_its_old_job_behind(book: Book) -> None:
    book.take_in([arrived("a.m4a", "x")])
    book.take_in([arrived("a.m4a", "y")])
    assert {job.state for job in book.jobs()} == {State.GONE, State.QUEUED}
    (job,) = due(book)
    assert job.recording_sha256 == arrived("a.m4a", "y").recording_sha256


def test_a_recording_renamed_while_it_is_worked_on_is_not_lost(book: Book, running: Job) -> None:
    moved = arrived("b.m4a", "a.m4a")
    book.vanished([running.place])
    book.take_in([moved])
    assert book.end(running.id, 1, "w", Ending(state=State.GONE, reason="not there"))
    (job,) = due(book)
    assert (job.id, job.place, job.attempt) == (running.id, moved.place, 2)


def test_a_recording_that_was_away_only_while_it_was_looked_for_is_taken_in_again(
    book: Book, running: Job
) -> None:
    book.end(running.id, 1, "w", Ending(state=State.GONE, reason="not there"))
    assert book.known(HERE, Path("/calls")) == {}, "the next scan hands it in"
    assert taken(book, arrived("a.m4a")) == ["again"]


def test_a_name_that_another_recording_took_over_does_not_keep_the_first(
    book: Book, running: Job
) -> None:
    book.take_in([arrived("a.m4a", "another")])
    book.end(running.id, 1, "w", Ending(state=State.GONE, reason="it changed"))
    states = {job.id: job.state for job in book.jobs()}
    assert states == {running.id: State.GONE, running.id + 1: State.QUEUED}
    assert len(book.known(HERE, Path("/calls"))) == 1


# --- Who works on what ----------------------------------------------------------------------------


def test_jobs_of_another_machine_are_not_due_here_and_those_of_the_shelf_everywhere(
    book: Book,
) -> None:
    book.take_in([arrived("a.m4a"), arrived("b.m4a", machine=THERE), arrived("c", machine=None)])
    assert [job.filename for job in due(book, HERE)] == ["a.m4a", "c"]
    assert [job.filename for job in due(book, THERE)] == ["b.m4a", "c"]


def test_a_job_of_a_newer_memo_is_left_to_it(book: Book) -> None:
    book.take_in([arrived("a.m4a", schema_version=SCHEMA + 1), arrived("b.m4a")])
    assert [job.filename for job in due(book)] == ["b.m4a"]


def test_jobs_are_due_in_the_order_in_which_they_came_and_no_more_than_are_asked_for(
    book: Book,
) -> None:
    book.take_in([arrived(f"{n}.m4a") for n in range(5)])
    assert [job.filename for job in due(book, limit=3)] == ["0.m4a", "1.m4a", "2.m4a"]


def test_no_more_are_due_than_may_be_worked_on_in_all(book: Book) -> None:
    book.beat(worker("w"))
    book.take_in([arrived(f"{n}.m4a") for n in range(5)])
    first = due(book, in_all=2)
    assert len(first) == 2
    assert due(book, in_all=2) == []
    assert book.begin(first[0].id, 1, "w")
    assert due(book, in_all=2) == []
    assert book.end(first[0].id, 1, "w", Ending(state=State.DONE))
    assert [job.filename for job in due(book, in_all=2)] == ["2.m4a"]


def test_a_job_is_in_one_pair_of_hands(book: Book, running: Job) -> None:
    book.beat(worker("v"))
    assert book.begin(running.id, 1, "v") is None
    again = book.begin(running.id, 1, "w")
    assert again is not None
    assert again.worker == "w"
    assert book.begin(running.id, 2, "v") is None
    assert book.begin(99, 1, "v") is None


def test_a_job_whose_worker_nobody_knows_any_more_is_taken_over(book: Book, running: Job) -> None:
    book.beat(worker("v"))
    book.bury("w", crashed=True)
    job = book.begin(running.id, 1, "v")
    assert job is not None
    assert (job.worker, job.crashes) == ("v", 1)


def test_what_a_worker_says_that_was_taken_for_dead_counts_no_more(
    book: Book, running: Job
) -> None:
    book.beat(worker("v"))
    book.bury("w", crashed=False)
    assert book.begin(running.id, 1, "v")
    assert not book.tell(running.id, 1, "w", "listening", 0.5)
    assert not book.end(running.id, 1, "w", Ending(state=State.FAILED, reason="no"))
    assert book.tell(running.id, 1, "v", "listening", 0.25)
    job = only(book)
    assert (job.state, job.stage, job.share) == (State.RUNNING, "listening", 0.25)
    assert book.end(running.id, 1, "v", Ending(state=State.DONE))
    assert not book.end(running.id, 1, "v", Ending(state=State.FAILED)), "it has ended"
    assert only(book).state is State.DONE


def test_a_worker_that_stops_politely_gives_its_job_back_without_blame(
    book: Book, running: Job
) -> None:
    (back,) = book.release("w")
    assert (back.state, back.attempt, back.crashes, back.worker) == (State.QUEUED, 1, 0, None)
    assert book.workers() == ()
    assert [job.id for job in due(book)] == [running.id]
    assert book.release("w") == ()


@pytest.mark.parametrize(("crashed", "crashes"), [(True, 1), (False, 0)])
def test_a_dead_worker_is_buried_once(
    book: Book,
    running: Job,
    crashed: bool,  # noqa: FBT001
    crashes: int,
) -> None:
    (back,) = book.bury("w", crashed=crashed)
    assert book.bury("w", crashed=crashed) == ()
    assert (back.id, back.state, back.crashes) == (running.id, State.QUEUED, crashes)


def test_work_of_nobody_is_found(book: Book, running: Job, database: sa.Engine) -> None:
    assert book.orphans() == ()
    with database.begin() as connection:
        connection.execute(workers.delete())
    assert [job.id for job in book.orphans()] == [running.id]
    assert [job.id for job in book.bury("w", crashed=False)] == [running.id]


def test_jobs_put_long_ago_and_not_begun_are_told(book: Book) -> None:
    book.take_in([arrived("a.m4a"), arrived("b.m4a")])
    book.mark_put(due(book)[:1])
    assert [job.filename for job in book.put_before(START + LONG)] == ["a.m4a"]
    assert book.put_before(START) == ()
    book.mark_put(book.put_before(START + LONG), is_put=False)
    assert [job.filename for job in due(book)] == ["a.m4a", "b.m4a"]


def test_to_take_note_of_an_old_attempt_changes_nothing(book: Book) -> None:
    book.take_in([arrived("a.m4a")])
    old = due(book)
    book.cancel([1])
    book.retry([1])
    book.mark_put(old)
    assert [job.attempt for job in due(book)] == [2]


def test_a_worker_is_known_while_it_beats(book: Book, clock: Clock) -> None:
    book.beat(worker("w"))
    clock.go_on(10)
    book.beat(worker("w").model_copy(update={"doing": "a.m4a"}))
    (known,) = book.workers()
    assert (known.name, known.beats, known.doing) == ("w", 2, "a.m4a")
    assert (known.started_at, known.beat_at) == (START, START + dt.timedelta(seconds=10))


# --- Waiting --------------------------------------------------------------------------------------


def waits(book: Book, job: Job, until: dt.datetime) -> None:
    ending = Ending(state=State.WAITING, reason="not now", hint="Wait.", not_before=until)
    assert book.end(job.id, job.attempt, "w", ending)


def test_a_job_that_waits_is_due_when_its_time_has_come(
    book: Book, running: Job, clock: Clock
) -> None:
    waits(book, running, START + dt.timedelta(seconds=30))
    assert due(book) == []
    clock.go_on(30)
    (job,) = due(book)
    assert (job.state, job.attempt, job.waits, job.reason) == (State.QUEUED, 2, 1, "")
    assert book.begin(running.id, 1, "w") is None, "that attempt is over"
    assert book.begin(running.id, 2, "w")


def test_a_job_that_waits_for_longer_than_anything_was_put_off_by_a_wrong_clock(
    book: Book, running: Job
) -> None:
    waits(book, running, START + dt.timedelta(days=365))
    assert [job.id for job in due(book)] == [running.id]


@pytest.mark.parametrize(("back", "is_due"), [(3600, True), (86_400, True), (120, False)])
def test_a_job_that_waits_does_not_wait_for_the_hour_that_a_clock_is_put_back(
    book: Book,
    running: Job,
    clock: Clock,
    back: float,
    is_due: bool,  # noqa: FBT001
) -> None:
    waits(book, running, START + dt.timedelta(seconds=30))
    clock.go_on(-back)  # other machines' clocks may differ by a minute or two
    assert bool(due(book)) is is_due


def test_waits_in_a_row_are_counted_until_something_comes_of_it(
    book: Book, running: Job, clock: Clock
) -> None:
    for attempt in (1, 2, 3):
        assert only(book).waits == attempt - 1
        job = book.begin(running.id, attempt, "w")
        assert job
        waits(book, job, clock.time)
        due(book)
    book.begin(running.id, 4, "w")
    book.end(running.id, 4, "w", Ending(state=State.DONE))
    assert only(book).waits == 0


# --- What people say ------------------------------------------------------------------------------


def test_a_job_that_is_cancelled_before_it_begins_never_does(book: Book) -> None:
    book.take_in([arrived("a.m4a")])
    (job,) = book.cancel([1, 99])
    assert job.state is State.CANCELLED
    assert due(book) == []
    assert book.begin(1, 1, "w") is None
    assert book.cancel([1]) == ()


def test_a_running_job_is_told_to_stop(book: Book, running: Job) -> None:
    (job,) = book.cancel([running.id])
    assert job.state is State.RUNNING
    assert not book.tell(running.id, 1, "w", "listening", 0.5)
    assert book.end(running.id, 1, "w", Ending(state=State.CANCELLED))
    assert told(book)[-2:] == ["to be stopped", "cancelled"]


def test_what_is_done_before_it_could_be_stopped_is_done(book: Book, running: Job) -> None:
    book.cancel([running.id])
    assert book.end(running.id, 1, "w", Ending(state=State.DONE))
    assert only(book).state is State.DONE


@pytest.mark.parametrize("how", ["release", "bury", "wait"])
def test_a_job_that_is_to_be_stopped_does_not_go_on_after_its_worker(
    book: Book, running: Job, how: str
) -> None:
    book.cancel([running.id])
    if how == "release":
        book.release("w")
    elif how == "bury":
        book.bury("w", crashed=True)
    else:
        waits(book, running, START)
    assert only(book).state is State.CANCELLED
    assert due(book) == []


def test_what_ended_is_tried_again_if_somebody_says_so(book: Book, running: Job) -> None:
    book.bury("w", crashed=True)
    book.beat(worker("w"))
    assert book.begin(running.id, 1, "w")
    book.end(running.id, 1, "w", Ending(state=State.FAILED, reason="no", exit_code=4))
    (job,) = book.retry([running.id])
    assert (job.state, job.attempt, job.crashes, job.exit_code) == (State.QUEUED, 2, 0, 0)
    assert book.retry([running.id]) == (), "it is queued already"


def test_a_job_that_waits_is_tried_now_if_somebody_says_so(book: Book, running: Job) -> None:
    waits(book, running, START + LONG)
    book.retry([running.id])
    assert [job.attempt for job in due(book)] == [2]


def test_many_are_steered_at_once(book: Book) -> None:
    book.take_in([arrived(f"{n}.m4a") for n in range(410)])
    assert len(book.cancel(range(411))) == 410
    assert len(book.retry(range(411))) == 410


def test_a_done_recording_whose_file_was_something_else_meanwhile_is_done_again(
    book: Book,
) -> None:
    book.take_in([arrived("a.m4a")])
    book.begin(1, 1, "w")
    book.end(1, 1, "w", Ending(state=State.DONE))
    book.take_in([arrived("a.m4a", content="with a sidecar")])
    (taken,) = book.take_in([arrived("a.m4a")])
    job = book.job(1)
    assert job
    assert (taken.outcome, job.state, job.attempt) == ("again", State.QUEUED, 2)


# --- What is told ---------------------------------------------------------------------------------


def test_jobs_are_listed_those_that_changed_last_first(book: Book, clock: Clock) -> None:
    book.take_in([arrived("a.m4a"), arrived("b.m4a")])
    clock.go_on(1)
    book.cancel([1])
    assert [job.id for job in book.jobs()] == [1, 2]
    assert [job.id for job in book.jobs(limit=1)] == [1]
    assert [job.id for job in book.jobs(states=[State.QUEUED])] == [2]
    assert book.counts() == dict.fromkeys(State, 0) | {State.CANCELLED: 1, State.QUEUED: 1}


def test_recordings_that_something_is_still_to_become_of_are_told(book: Book) -> None:
    book.take_in([arrived("a.m4a"), arrived("b.m4a")])
    book.cancel([1])
    assert book.live_recordings() == {arrived("b.m4a").recording_sha256}


def test_what_is_new_is_told_once(book: Book) -> None:
    assert book.news(None) == ()
    book.take_in([arrived("a.m4a")])
    (last,) = book.news(None)
    book.cancel([1])
    book.retry([1])
    news = book.news(last.id)
    assert [(new.what, new.job.state) for new in news] == [
        ("cancelled", State.QUEUED),
        ("tried again", State.QUEUED),
    ]
    assert book.news(news[-1].id) == ()
    assert [new.id for new in book.news(0, limit=1)] == [last.id]


def test_there_is_no_job_of_a_number_that_was_never_given(book: Book) -> None:
    assert book.job(99) is None
    assert book.events(99) == ()
    assert book.retry([99]) == ()
