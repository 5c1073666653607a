"""Every word gets a voice, and none is lost, moved or changed on the way."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from memo.model import Participant, Recording, Segment, Transcript, Turn, Word
from memo.speech.voices.attribution import attribute

RECORDING = Recording(filename="call.m4a", sha256="0" * 64)


def words(text: str, start: float = 0.0, seconds: float = 0.4) -> tuple[Word, ...]:
    return tuple(
        Word(
            start=start + seconds * place,
            end=start + seconds * (place + 1),
            text=word,
            probability=0.9,
        )
        for place, word in enumerate(text.split())
    )


def segment(said: tuple[Word, ...], text: str | None = None) -> Segment:
    joined = " ".join(word.text for word in said)
    return Segment(
        id=0,
        start=said[0].start,
        end=said[-1].end,
        text=joined if text is None else text,
        words=said,
        avg_logprob=-0.2,
    )


def transcript(*segments: Segment) -> Transcript:
    numbered = tuple(s.model_copy(update={"id": place}) for place, s in enumerate(segments))
    return Transcript(
        recording=RECORDING, duration=600, speech_seconds=60, language="en", segments=numbered
    )


def turn(start: float, end: float, speaker: str) -> Turn:
    return Turn(start=start, end=end, speaker=speaker)


def said(found: Transcript) -> list[tuple[str | None, str]]:
    return [(segment.speaker, segment.text) for segment in found.segments]


def test_voices_are_numbered_by_who_says_a_word_first() -> None:
    found = attribute(
        transcript(segment(words("Hello there.", 2)), segment(words("Good morning.", 5))),
        [turn(0, 1, "coughs"), turn(1.5, 3.5, "b"), turn(4.5, 7, "a")],
    )
    assert said(found) == [("Speaker 1", "Hello there."), ("Speaker 2", "Good morning.")]
    assert found.participants == (
        Participant(name="Speaker 1", label="Speaker 1"),
        Participant(name="Speaker 2", label="Speaker 2"),
    )


def test_words_beside_every_turn_go_to_the_nearest() -> None:
    spoken = [segment(words("One.", at)) for at in (0, 11, 15, 30)]
    found = attribute(transcript(*spoken), [turn(2, 10, "a"), turn(16, 20, "b")])
    assert [speaker for speaker, _ in said(found)] == [
        "Speaker 1", "Speaker 1", "Speaker 2", "Speaker 2"
    ]  # fmt: skip


def test_a_word_goes_to_who_has_most_of_it() -> None:
    found = attribute(
        transcript(segment(words("Yes.", 1, seconds=1.0))),
        [turn(0, 1.3, "a"), turn(1.3, 1.9, "b"), turn(1.9, 9, "a")],
    )
    both = attribute(transcript(segment(words("Yes.", 1, 1.0))), [turn(0, 9, "a"), turn(1, 9, "b")])
    assert len({speaker for speaker, _ in said(found)}) == 1
    assert found.segments[0].speaker == "Speaker 1"
    assert len(both.segments) == 1


def test_a_word_or_two_at_the_edge_follow_the_sentence() -> None:
    sentence = segment(words("So we move the launch to Friday then."))
    found = attribute(transcript(sentence), [turn(0, 0.8, "b"), turn(0.8, 9, "a")])
    assert said(found) == [("Speaker 1", "So we move the launch to Friday then.")]


def test_an_answer_of_one_word_keeps_its_own_voice() -> None:
    spoken = [
        segment(words("Can you send the draft?", 0)),
        segment(words("Yes.", 2.1)),
        segment(words("By Friday at the latest, please.", 2.6)),
    ]
    found = attribute(
        transcript(*spoken), [turn(0, 2.05, "a"), turn(2.05, 2.5, "b"), turn(2.5, 6, "a")]
    )
    assert [speaker for speaker, _ in said(found)] == ["Speaker 1", "Speaker 2", "Speaker 1"]


def test_a_sentence_is_split_where_somebody_else_clearly_goes_on() -> None:
    sentence = segment(words("So we move the launch. to Friday, I agree"), "So we move the launch. "
                       " to Friday, I agree")  # fmt: skip
    found = attribute(transcript(sentence), [turn(0, 2.05, "a"), turn(2.05, 9, "b")])
    assert said(found) == [
        ("Speaker 1", "So we move the launch."), ("Speaker 2", "to Friday, I agree")
    ]  # fmt: skip
    first, second = found.segments
    assert (first.id, second.id) == (0, 1)
    assert (first.start, first.end, second.start, second.end) == (0, 2.0, 2.0, 3.6)
    assert second.avg_logprob == -0.2


def test_text_without_blanks_is_split_at_its_words() -> None:
    sentence = segment(words("明日 東京 で 会い ます か はい"), "明日東京で会いますかはい")
    found = attribute(transcript(sentence), [turn(0, 1.6, "a"), turn(1.6, 9, "b")])
    assert said(found) == [("Speaker 1", "明日東京で会い"), ("Speaker 2", "ますかはい")]


def test_a_caption_without_words_has_the_voice_of_its_time() -> None:
    caption = Segment(id=0, start=3, end=6, text="Good morning.")
    found = attribute(transcript(caption), [turn(0, 4, "a"), turn(4, 9, "b")])
    assert said(found) == [("Speaker 1", "Good morning.")]


def test_without_turns_nobody_is_named() -> None:
    spoken = transcript(segment(words("Hello there.")))
    assert attribute(spoken, []) == spoken


times = st.integers(0, 6000).map(lambda hundredths: hundredths / 100)


@st.composite
def transcripts(draw: st.DrawFn) -> Transcript:
    now, segments = 0.0, []
    for _ in range(draw(st.integers(1, 5))):
        spoken = []
        for text in draw(st.lists(st.sampled_from(["a", "aa", "b,", "3.5", "と"]), min_size=1)):
            now = round(now + draw(st.sampled_from([0.0, 0.1, 2.0])), 2)
            end = round(now + draw(st.sampled_from([0.0, 0.05, 0.4, 3.0])), 2)
            spoken.append(Word(start=now, end=end, text=text, probability=0.5))
            now = end
        blank = draw(st.sampled_from([" ", ""]))
        segments.append(segment(tuple(spoken), blank.join(word.text for word in spoken)))
    return transcript(*segments)


@st.composite
def turns(draw: st.DrawFn) -> Turn:
    start = draw(times)
    return turn(start, start + draw(times) / 10, draw(st.sampled_from("abc")))


@given(transcripts(), st.lists(turns(), min_size=1))
def test_no_word_is_lost_moved_or_changed(spoken: Transcript, given_turns: list[Turn]) -> None:
    found = attribute(spoken, given_turns)

    def all_words(of: Transcript) -> list[Word]:
        return [word for segment in of.segments for word in segment.words]

    assert all_words(found) == all_words(spoken)
    for before, after in (("".join(s.text for s in t.segments).split() for t in (spoken, found)),):
        assert "".join(before) == "".join(after)
    assert [p.label for p in found.participants] == list(
        dict.fromkeys(segment.speaker for segment in found.segments)
    )
    assert {s.speaker for s in found.segments} == {
        f"Speaker {n}" for n in range(1, len(found.participants) + 1)
    }
    for one in found.segments:
        assert (one.start, one.end) == (one.words[0].start, one.words[-1].end)
    assert Transcript.model_validate_json(found.model_dump_json()) == found


@given(transcripts(), st.lists(turns(), min_size=1))
def test_who_said_what_does_not_depend_on_the_order_of_the_turns(
    spoken: Transcript, given_turns: list[Turn]
) -> None:
    unique = list({(one.start, one.end): one for one in given_turns}.values())
    assert attribute(spoken, unique) == attribute(spoken, unique[::-1])
