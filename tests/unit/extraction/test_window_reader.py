"""A large model reads windows; what it answers is kept, checked and never obeyed."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memo.errors import (
    AnswerTooLong,
    InvalidAnswer,
    LanguageModelError,
    LanguageModelUnavailable,
)
from memo.extraction import load_prompts, read_with_model
from memo.extraction.window_reader import LONGEST_TEXT, ActionAnswers, DecisionAnswers
from memo.language_model.endpoint import Endpoint
from memo.model import DecisionStatus, Draft, Meeting, Remark, RemarkCode, Transcript, Verdict
from memo.ports import silent

if TYPE_CHECKING:
    from tests.unit.extraction.conftest import Asked, Desk

Json = dict[str, Any]
TURNS = (
    ("Ann Weber", "Should we extend the contract with Acme? It costs 84,000 a quarter."),
    ("Bo Larsen", "I'd rather not. Nobody used it since March."),
    ("Ann Weber", "Agreed, we do not extend the Acme contract."),
    ("Cy Adams", "Cy here. I'll tell the supplier by Friday."),
    ("Bo Larsen", "And who owns the tariff table?"),
    ("Cy Adams", "No idea, Ilse would know."),
)
MEETING = Meeting(title="Call", attendees=("Ann Weber", "Bo Larsen", "Cy Adams"))
DECISION: Json = {
    "lines": [0, 2],
    "quote": "we do not extend the Acme contract",
    "decision": "Do not extend the Acme contract.",
    "why": "Nobody used it since March",
    "considered": ["extend the contract"],
    "decided_by": ["Ann", "Bo"],
    "status": "accepted",
    "replaces": "",
}
ACTION: Json = {
    "lines": [3],
    "quote": "I'll tell the supplier by Friday",
    "task": "Tell the supplier",
    "owner": "Cy",
    "due": "by Friday",
}
QUESTION: Json = {
    "lines": [4, 5],
    "quote": "who owns the tariff table",
    "question": "Who owns the tariff table?",
    "raised_by": "Bo",
    "waiting_on": "Ilse",
}
TOPIC: Json = {"first_line": 0, "last_line": 2, "title": "The Acme contract"}
SUMMARY = "The Acme contract is not extended. Open: who owns the tariff table."


def about(asked: Asked) -> str:
    """Return what a question is about: the category of its answer, in small letters."""
    return asked.answer.__name__.removesuffix("Answers").removesuffix("Answer").lower()


def says(**items: Any) -> Callable[[Asked], Any]:  # noqa: ANN401
    """Return a script that answers each category with the given items, or with nothing."""

    def script(asked: Asked) -> Any:  # noqa: ANN401
        said = items.get(about(asked), "" if about(asked) == "summary" else [])
        if isinstance(said, Exception):
            return said
        return {"summary": said} if about(asked) == "summary" else {"items": said}

    return script


@pytest.fixture
def call(desk: Desk) -> Transcript:
    return desk.talk(*TURNS)


def long_call(desk: Desk, turns: int) -> Transcript:
    return desk.talk(*[(f"P{n % 3}", f"Turn {n} about topic{n} here.") for n in range(turns)])


# --- What becomes of a good answer ----------------------------------------------------------------


def test_answers_become_findings(desk: Desk, call: Transcript) -> None:
    everything = says(
        decision=[DECISION], action=[ACTION], question=[QUESTION], topic=[TOPIC], summary=SUMMARY
    )
    draft = desk.read(call, desk.model(everything), meeting=MEETING)
    memo = desk.written(draft, call, MEETING)
    assert [d.statement for d in memo.decisions] == [DECISION["decision"]]
    assert memo.decisions[0].decided_by == ("Ann Weber", "Bo Larsen")
    assert memo.decisions[0].rationale == DECISION["why"]
    assert [(a.owner, a.due_text) for a in memo.action_items] == [("Cy Adams", "by Friday")]
    assert [(q.raised_by, q.waiting_on) for q in memo.open_questions] == [("Bo Larsen", "Ilse")]
    assert {f.verdict for f in memo.findings()} == {Verdict.SUPPORTED}
    assert [t.title for t in memo.topics] == ["The Acme contract"]
    assert memo.summary == SUMMARY
    assert memo.coverage.gaps == ()
    assert memo.coverage.analysed_seconds == pytest.approx(call.speech_seconds)
    assert desk.misquoted(memo, call) == []


def test_questions_about_a_window_share_their_beginning(desk: Desk, call: Transcript) -> None:
    model = desk.model(says())
    desk.read(call, model)
    assert [about(asked) for asked in model.asked] == ["decision", "action", "question", "topic"]
    shown = model.asked[0].user.partition("\n\n")[0]
    assert "[0] Ann Weber: Should we extend" in shown
    for asked in model.asked:
        assert asked.user.startswith(f"{shown}\n\n")
        assert asked.user.endswith(load_prompts().texts[f"window-{about(asked)}s"])
        assert asked.system == load_prompts().texts["system"]


def test_two_windows_that_report_the_same_give_one(desk: Desk) -> None:
    transcript = desk.talk(*TURNS, *[("Bo Larsen", f"Filler {n}, on and on.") for n in range(40)])

    def script(asked: Asked) -> Any:  # noqa: ANN401
        return says(decision=[DECISION])(asked)  # of every window, whatever is in it

    draft = desk.read(transcript, desk.model(script, context_tokens=900))
    assert len(draft.decisions) == 1


# --- When it does not fit, or is of no use --------------------------------------------------------


def test_an_answer_that_is_cut_off_splits_the_window(desk: Desk) -> None:
    transcript = long_call(desk, 64)

    def script(asked: Asked) -> Any:  # noqa: ANN401
        lines = asked.user.partition("\n\n")[0].count("\n[")
        if about(asked) == "decision" and lines > 20:
            return AnswerTooLong("cut off")
        return says()(asked)

    model = desk.model(script, context_tokens=20_000)
    draft = desk.read(transcript, model)
    assert draft.gaps == ()
    shown = [a.user for a in model.asked if about(a) == "decision"]
    assert len(shown) == 7  # 64 lines, then 2 × 32, then 4 × 16
    for n in range(64):
        assert sum(f"topic{n} " in user for user in shown[-4:] + shown[1:-4]) >= 1


def test_what_never_fits_is_a_gap_and_the_rest_stands(desk: Desk, call: Transcript) -> None:
    draft = desk.read(
        call, desk.model(says(decision=AnswerTooLong("cut off"), action=[ACTION])), meeting=MEETING
    )
    memo = desk.written(draft, call, MEETING)
    assert [a.task for a in memo.action_items] == ["Tell the supplier"]
    too_long = Remark.of(RemarkCode.ANSWER_TOO_LONG, about="decisions")
    assert {gap.remarks for gap in memo.coverage.gaps} == {(too_long,)}
    assert memo.coverage.analysed_seconds == pytest.approx(0, abs=1e-6)


def test_an_unusable_answer_is_a_gap_with_its_reason(desk: Desk) -> None:
    transcript = long_call(desk, 40)

    def script(asked: Asked) -> Any:  # noqa: ANN401
        first_window = "[0] " in asked.user
        broken = first_window and about(asked) in {"decision", "question", "topic"}
        return InvalidAnswer("no JSON") if broken else says()(asked)

    draft = desk.read(transcript, desk.model(script, context_tokens=1000))
    memo = desk.written(draft, transcript)
    (gap,) = memo.coverage.gaps
    assert gap.start == 0
    assert 0 < gap.end < transcript.duration
    assert gap.remarks == (
        Remark.of(RemarkCode.NO_USABLE_ANSWER, about="decisions"),
        Remark.of(RemarkCode.NO_USABLE_ANSWER, about="questions"),
    )
    share = 1 - memo.coverage.analysed_seconds / transcript.speech_seconds
    assert share == pytest.approx(gap.end / transcript.duration, abs=0.05)
    assert memo.remarks == (Remark.of(RemarkCode.NO_TOPICS),)


@pytest.mark.parametrize("error", [LanguageModelUnavailable("gone"), LanguageModelError("refused")])
def test_a_model_that_cannot_be_reached_ends_the_reading(
    desk: Desk, call: Transcript, error: LanguageModelError
) -> None:
    with pytest.raises(type(error)):
        desk.read(call, desk.model(says(action=error)))


def test_a_context_without_room_is_said_so(desk: Desk, call: Transcript) -> None:
    with pytest.raises(LanguageModelError, match="too few") as caught:
        desk.read(call, desk.model(says(), context_tokens=500))
    assert caught.value.hint


def test_nothing_said_asks_nothing(desk: Desk) -> None:
    model = desk.model(says())
    draft = desk.read(desk.talk((None, ""), ("Ann", "")), model)
    assert model.asked == []
    assert draft.decisions == ()


# --- Killed and started again ---------------------------------------------------------------------


def test_a_second_run_asks_nothing(desk: Desk, call: Transcript) -> None:
    kept = desk.memory()
    script = says(decision=[DECISION], summary=SUMMARY)
    first = desk.read(call, desk.model(script), checkpoints=kept)
    again = desk.model(script)
    assert desk.read(call, again, checkpoints=kept) == first
    assert again.asked == []


@pytest.mark.parametrize("after", [1, 3, 7, 11])
def test_a_killed_run_asks_only_the_rest(desk: Desk, after: int) -> None:
    transcript = long_call(desk, 150)
    whole = desk.model(says(), context_tokens=1000)
    desk.read(transcript, whole)
    assert len(whole.asked) > 11
    kept = desk.memory()
    left = after

    def dying(asked: Asked) -> Any:  # noqa: ANN401
        nonlocal left
        left -= 1
        return says()(asked) if left >= 0 else LanguageModelUnavailable("killed")

    with pytest.raises(LanguageModelUnavailable):
        desk.read(transcript, desk.model(dying, context_tokens=1000), checkpoints=kept)
    rest = desk.model(says(), context_tokens=1000)
    desk.read(transcript, rest, checkpoints=kept)
    assert rest.asked == whole.asked[after:]


def test_another_model_or_question_is_asked_again(desk: Desk, call: Transcript) -> None:
    kept = desk.memory()
    desk.read(call, desk.model(says()), checkpoints=kept)
    other = desk.model(says(), name="another")
    desk.read(call, other, checkpoints=kept)
    assert len(other.asked) == 4


# --- Answers that are odd -------------------------------------------------------------------------

ODD_TEXT = st.one_of(
    st.none(),
    st.text(max_size=20),
    st.sampled_from(["", "we", "Cy", "Nobody", "x" * 5000, "[3]", "$said", "\0", "by Friday"]),
)
ODD_LINES = st.none() | st.lists(st.integers(-3, 9) | st.sampled_from([10**30, 2**63]), max_size=30)


@settings(deadline=None)  # the first example reads the language's tables
@given(
    st.lists(
        st.fixed_dictionaries(
            {"lines": ODD_LINES, "quote": ODD_TEXT, "owner": ODD_TEXT, "due": ODD_TEXT},
            optional={"more": st.integers()},
        ).map(lambda item: {**item, "task": "Tell the supplier by Friday about the moon"})
        | st.just(ACTION),
        max_size=10,
    )
)
def test_odd_answers_never_become_facts(desk: Desk, items: list[Json]) -> None:
    call = desk.talk(*TURNS)

    def script(asked: Asked) -> Any:  # noqa: ANN401
        try:
            return ActionAnswers.model_validate({"items": items}).model_dump()
        except ValueError as error:
            return InvalidAnswer(str(error)) if about(asked) == "action" else {"items": []}

    def only_actions(asked: Asked) -> Any:  # noqa: ANN401
        return script(asked) if about(asked) == "action" else says()(asked)

    memo = desk.written(desk.read(call, desk.model(only_actions), meeting=MEETING), call, MEETING)
    assert desk.misquoted(memo, call) == []
    for found in memo.action_items:
        assert found.owner in {None, "Ann Weber", "Bo Larsen", "Cy Adams"}
        assert found.due_text in {None, "by Friday"}
        assert found.evidence or found.verdict is Verdict.UNSUPPORTED


def test_five_hundred_items_are_read(desk: Desk, call: Transcript) -> None:
    items = [{**DECISION, "decision": f"Do not extend Acme contract {n}"} for n in range(500)]
    draft = desk.read(call, desk.model(says(decision=items)))
    memo = desk.written(draft, call)
    assert len(memo.decisions) == 500
    supported = [d.statement for d in memo.decisions if d.verdict is Verdict.SUPPORTED]
    assert supported == []  # 84,000 is the only figure that was said


def test_five_hundred_times_the_same_is_once(desk: Desk, call: Transcript) -> None:
    draft = desk.read(call, desk.model(says(decision=[DECISION] * 500, question=[QUESTION] * 500)))
    assert (len(draft.decisions), len(draft.questions)) == (1, 1)


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (None, "accepted"),
        ("ACCEPTED ", "accepted"),
        ("approved", "accepted"),
        ("declined", "rejected"),
        ("superseded", "proposed"),
        ("who knows", "proposed"),
        ("", "accepted"),
    ],
)
def test_a_status_nobody_knows_claims_no_acceptance(said: str | None, status: str) -> None:
    (item,) = DecisionAnswers.model_validate({"items": [{**DECISION, "status": said}]}).items
    assert item.status is DecisionStatus(status)


@pytest.mark.parametrize(
    "item",
    [
        {**DECISION, "decision": "x" * (LONGEST_TEXT + 1)},
        {**DECISION, "decision": ""},
        {**DECISION, "decision": None},
        {**DECISION, "quote": 7},
        {**DECISION, "lines": "three"},
    ],
)
def test_an_item_that_is_none_is_refused(item: Json) -> None:
    with pytest.raises(ValueError, match=r"decision|quote|lines"):
        DecisionAnswers.model_validate({"items": [item]})


def test_a_line_that_was_not_shown_is_not_cited(desk: Desk) -> None:
    transcript = long_call(desk, 60)

    def script(asked: Asked) -> Any:  # noqa: ANN401
        shown = "[0] " in asked.user
        item = {**DECISION, "lines": [0, 59], "quote": "", "decision": f"Decide topic0 {shown}"}
        return says(decision=[item])(asked)

    draft = desk.read(transcript, desk.model(script, context_tokens=1000))
    cited = {c.statement: c.segment_ids for c in draft.decisions}
    assert cited["Decide topic0 True"] == (0,)
    assert 0 not in cited.get("Decide topic0 False", ())


def test_topics_are_of_the_window_and_were_talked_about(desk: Desk, call: Transcript) -> None:
    topics = [
        TOPIC,
        TOPIC,
        {"first_line": 4, "last_line": 99, "title": "Tariff table"},
        {"first_line": 3, "last_line": 1, "title": "Supplier"},
        {"first_line": -1, "last_line": 1, "title": "Acme"},
        {"first_line": 3, "last_line": 5, "title": "Everything is decided, hail Bob"},
        {"first_line": 4, "last_line": 5, "title": "Tariff table"},
    ]
    memo = desk.written(desk.read(call, desk.model(says(topic=topics))), call)
    assert [t.title for t in memo.topics] == ["The Acme contract", "Tariff table"]


@pytest.mark.parametrize(
    "summary",
    [
        "The Acme contract is extended for 99,000 a quarter.",
        "Bob does not extend the Acme contract, says Globex.",
        "The whole team was fired and everybody danced on the roof all night.",
        "",
        "!!!",
    ],
)
def test_a_summary_that_says_more_than_the_findings_is_not_used(
    desk: Desk, call: Transcript, summary: str
) -> None:
    memo = desk.written(
        desk.read(call, desk.model(says(decision=[DECISION], summary=summary))), call
    )
    told = f"{DECISION['decision']} ({DECISION['why']})".replace(". (", " (")
    assert memo.summary == f"Decided: {told}."


def test_a_summary_of_what_nobody_said_is_not_used(desk: Desk, call: Transcript) -> None:
    invented = {**DECISION, "decision": "Buy a yacht in Monaco", "quote": "", "lines": []}
    script = says(decision=[invented], summary="Buy a yacht in Monaco.")
    memo = desk.written(desk.read(call, desk.model(script)), call)
    assert memo.decisions[0].verdict is Verdict.UNSUPPORTED
    assert memo.summary == "No decision, task or open question was found."


# --- Over a real endpoint -------------------------------------------------------------------------


class Server:
    """Answers chats as a script says: content and finish reason, or a status code."""

    def __init__(self, script: Callable[[Json], tuple[str, str] | int]) -> None:
        self.asked: list[Json] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                if not self.path.endswith("/chat/completions"):
                    self.do_GET()
                    return
                server.asked.append(body)
                said = script(body)
                if isinstance(said, int):
                    self._send(said, {"error": {"message": "no", "type": "error"}})
                    return
                content, reason = said
                message = {"role": "assistant", "content": content}
                choice = {"index": 0, "message": message, "finish_reason": reason}
                usage = {"prompt_tokens": 5000, "completion_tokens": 9, "total_tokens": 5009}
                about = {"id": "1", "object": "chat.completion", "created": 0, "model": "m"}
                self._send(200, {**about, "choices": [choice], "usage": usage})

            def do_GET(self) -> None:
                self._send(404, {"error": {"message": "no", "type": "error"}})

            def _send(self, status: int, body: Json) -> None:
                text = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()


@pytest.fixture
def serve() -> Iterator[Callable[..., tuple[Endpoint, Server]]]:
    servers = []

    def start(script: Callable[[Json], tuple[str, str] | int]) -> tuple[Endpoint, Server]:
        server = Server(script)
        servers.append(server)
        url = f"http://127.0.0.1:{server.http.server_port}/v1"
        model = Endpoint(
            url,
            "m",
            api_key=None,
            timeout=10,
            attempts=2,
            context_tokens=8000,
            sleep=lambda _: None,
        )
        return model, server

    yield start
    for server in servers:
        server.http.shutdown()
        server.http.server_close()


def asks(body: Json) -> str:
    """Return what a request over the wire asks for."""
    user = body["messages"][-1]["content"] if len(body["messages"]) < 3 else ""
    user = user or next(m["content"] for m in body["messages"] if m["role"] == "user")
    for key in ("decisions", "actions", "questions", "topics"):
        if load_prompts().texts[f"window-{key}"].strip() in user:
            return key
    return "summary"


def read_over(model: Endpoint, transcript: Transcript, desk: Desk) -> Draft:
    return read_with_model(
        transcript,
        MEETING,
        model=model,
        prompts=load_prompts(),
        small=False,
        checkpoints=desk.memory(),
        progress=silent,
    )


def test_over_an_endpoint_good_items_survive_bad_ones(
    desk: Desk, call: Transcript, serve: Callable[..., tuple[Endpoint, Server]]
) -> None:
    def script(body: Json) -> tuple[str, str]:
        if asks(body) == "decisions":
            return json.dumps(
                {"items": [DECISION, {"lines": "?"}, None, {"decision": "x"}]}
            ), "stop"
        if asks(body) == "actions":
            return f"Sure! ```json\n{json.dumps([ACTION])}\n```", "stop"
        return json.dumps({"items": []} if asks(body) != "summary" else {"summary": ""}), "stop"

    model, _ = serve(script)
    draft = read_over(model, call, desk)
    assert [d.statement for d in draft.decisions] == [DECISION["decision"]]
    assert [a.task for a in draft.actions] == [ACTION["task"]]
    assert draft.gaps == ()


def test_over_an_endpoint_what_is_cut_off_or_no_json_is_a_gap(
    desk: Desk, call: Transcript, serve: Callable[..., tuple[Endpoint, Server]]
) -> None:
    def script(body: Json) -> tuple[str, str]:
        if asks(body) == "decisions":
            return '{"items": [{"lines": [1', "length"
        if asks(body) == "actions":
            return "I would rather talk about the weather.", "stop"
        if asks(body) == "questions":
            return json.dumps({"items": [QUESTION]}), "stop"
        return json.dumps({"items": []} if asks(body) == "topics" else {"summary": ""}), "stop"

    model, _ = serve(script)
    draft = read_over(model, call, desk)
    assert [q.question for q in draft.questions] == [QUESTION["question"]]
    assert {remark for gap in draft.gaps for remark in gap.remarks} == {
        Remark.of(RemarkCode.ANSWER_TOO_LONG, about="decisions"),
        Remark.of(RemarkCode.NO_USABLE_ANSWER, about="actions"),
    }


def test_over_an_endpoint_that_goes_away_the_answers_so_far_are_kept(
    desk: Desk, call: Transcript, serve: Callable[..., tuple[Endpoint, Server]]
) -> None:
    up = {"decisions"}

    def script(body: Json) -> tuple[str, str] | int:
        if asks(body) not in up:
            return 503
        return json.dumps({"items": []}), "stop"

    model, server = serve(script)
    kept = desk.memory()

    def read() -> None:
        read_with_model(
            call,
            MEETING,
            model=model,
            prompts=load_prompts(),
            small=False,
            checkpoints=kept,
            progress=silent,
        )

    with pytest.raises(LanguageModelUnavailable):
        read()
    up |= {"actions", "questions", "topics"}
    server.asked.clear()
    read()
    assert [asks(body) for body in server.asked] == ["actions", "questions", "topics"]
