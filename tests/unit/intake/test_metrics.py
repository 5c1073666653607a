"""Figures and health over HTTP, on this machine only."""

from __future__ import annotations

import re
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from memo.errors import ConfigError
from memo.intake.metrics import HOST, Figure, Health, Metrics, exposition

FIGURES = [
    Figure("memo_jobs", "Jobs by state.", [({"state": "done"}, 3), ({"state": 'a"b\\c\nd'}, 0.5)]),
    Figure.of("memo_restarts_total", "Workers\nthat ended.", 1e15, "counter"),
]
SAMPLE = re.compile(r'[a-z_]+(\{([a-z]+="(\\.|[^"\\\n])*",?)*\})? [0-9.e+-]+')


class State:
    troubles: tuple[str, ...] = ()
    broken = False

    def figures(self) -> list[Figure]:
        if self.broken:
            raise OSError("the secret place")
        return FIGURES

    def health(self) -> Health:
        return Health(self.troubles)


@pytest.fixture
def state() -> State:
    return State()


@pytest.fixture
def metrics(state: State) -> Iterator[Metrics]:
    served = Metrics(0, state.figures, state.health)
    yield served
    served.close()


def get(metrics: Metrics, path: str, method: str = "GET") -> tuple[int, str, str]:
    request = urllib.request.Request(f"http://{HOST}:{metrics.port}{path}", method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as reply:  # noqa: S310
            return reply.status, reply.headers["content-type"], reply.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers["content-type"], error.read().decode()


def test_figures_are_in_the_form_of_prometheus() -> None:
    lines = exposition(FIGURES).splitlines()
    assert lines[:3] == [
        "# HELP memo_jobs Jobs by state.",
        "# TYPE memo_jobs gauge",
        'memo_jobs{state="done"} 3',
    ]
    assert lines[3] == r'memo_jobs{state="a\"b\\c\nd"} 0.5'
    assert lines[4:] == [
        r"# HELP memo_restarts_total Workers\nthat ended.",
        "# TYPE memo_restarts_total counter",
        "memo_restarts_total 1e+15",
    ]
    assert all(SAMPLE.fullmatch(line) for line in lines if not line.startswith("#"))


def test_figures_are_served(metrics: Metrics) -> None:
    status, kind, text = get(metrics, "/metrics?x=1")
    assert (status, kind) == (200, "text/plain; version=0.0.4; charset=utf-8")
    assert text == exposition(FIGURES)
    assert get(metrics, "/metrics", "HEAD")[::2] == (200, "")


def test_health_says_what_is_wrong(metrics: Metrics, state: State) -> None:
    assert get(metrics, "/healthz")[::2] == (200, "ok\n")
    state.troubles = ("no worker runs", "the folder is gone")
    assert get(metrics, "/healthz")[::2] == (503, "no worker runs\nthe folder is gone\n")


def test_other_pages_and_methods_are_refused(metrics: Metrics) -> None:
    assert get(metrics, "/")[0] == 404
    assert get(metrics, "/../etc/passwd")[0] == 404
    assert get(metrics, "/metrics", "POST")[0] == 501


def test_a_failure_is_told_without_its_words(metrics: Metrics, state: State) -> None:
    state.broken = True
    assert get(metrics, "/metrics")[::2] == (500, "OSError\n")


def test_nobody_else_can_connect(metrics: Metrics) -> None:
    assert metrics._server.server_address[0] == "127.0.0.1"


def test_a_client_that_says_nothing_does_not_keep_others_waiting(metrics: Metrics) -> None:
    with socket.create_connection((HOST, metrics.port)):
        assert get(metrics, "/healthz")[0] == 200


def test_a_port_that_is_taken_is_an_error_of_the_settings(metrics: Metrics, state: State) -> None:
    with pytest.raises(ConfigError, match=f"port {metrics.port}"):
        Metrics(metrics.port, state.figures, state.health)
    with pytest.raises(ConfigError):
        Metrics(70000, state.figures, state.health)
