"""Digests in the words of chats: dialects, limits, and that a quote calls nobody."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memo.delivery import Accounts, Message
from memo.delivery.chat import Dialect, payload
from memo.delivery.markdown import blocks
from memo.delivery.webhook import dialect

DIGEST = """\
---
title: "Digest"
---

# Decisions since Friday

For **Marco**, *2 meetings*, `8 minutes` & 1 < 2.

## Reversed

| was | now |
|---|---|
| Export CSV \\| TSV | **Export Excel** |

- [DEC-0042](https://wiki.example/d?a=1&b=2) at [0:35](../weekly-call.m4a#t=35)
  goes on
    - [ ] send the file
1. first

> “We go with \\*Excel\\*, snake_case &amp; <br> so.” \\<!channel\\> @all

<!-- hidden -->

```mermaid
graph TD
```

---

Soft
break\\
hard break.
"""


def posted(text: str, to: Dialect, subject: str = "Digest", whole: str = "~/x.md") -> Any:  # noqa: ANN401
    return json.loads(payload(Message(subject=subject, text=text), to, lambda: whole))


def card(text: str, **more: str) -> list[dict[str, Any]]:
    body: list[dict[str, Any]] = posted(text, Dialect.TEAMS, **more)["attachments"][0]["content"][
        "body"
    ]
    return body


def words(body: list[dict[str, Any]]) -> list[str]:
    return ["".join(run["text"] for run in block["inlines"]) for block in body]


def test_slack_gets_its_own_marks() -> None:
    link = "https://wiki.example/d?a=1&amp;b=2|DEC-0042"
    assert posted(DIGEST, Dialect.SLACK)["text"].split("\n\n") == [
        "*Decisions since Friday*",
        "For *Marco*, _2 meetings_, `8 minutes` &amp; 1 &lt; 2.",
        "*Reversed*",
        "*was*: Export CSV | TSV\n*now*: *Export Excel*",
        f"• <{link}> at 0:35 goes on\n        • ☐ send the file\n1. first",
        "> “We go with *Excel*, snake_case &amp;\n> so.” &lt;!channel&gt; @all",
        "———",
        "Soft break\nhard break.",
    ]


def test_nothing_that_slack_fetches_or_follows_is_added() -> None:
    told = posted(DIGEST, Dialect.SLACK)
    assert (told["unfurl_links"], told["unfurl_media"]) == (False, False)


def test_mattermost_gets_the_markdown_without_what_only_this_machine_knows() -> None:
    text = posted(DIGEST, Dialect.MATTERMOST)["text"]
    assert text.startswith("# Decisions since Friday\n\nFor **Marco**")
    assert "[DEC-0042](https://wiki.example/d?a=1&b=2) at 0:35\n" in text
    assert "title:" not in text
    assert "@\u2060all" in text
    assert "anna@example.org" in posted("anna@example.org", Dialect.MATTERMOST)["text"]


def test_teams_gets_an_adaptive_card_in_which_no_markdown_is_read() -> None:
    told = posted(DIGEST, Dialect.TEAMS)
    (attachment,) = told["attachments"]
    assert told["type"] == "message"
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    made = attachment["content"]
    assert (made["type"], made["version"]) == ("AdaptiveCard", "1.4")
    assert {block["type"] for block in made["body"]} == {"RichTextBlock"}
    assert words(made["body"])[0] == "Decisions since Friday"
    runs = [run for block in made["body"] for run in block["inlines"]]
    links = [run["selectAction"]["url"] for run in runs if "selectAction" in run]
    assert links == ["https://wiki.example/d?a=1&b=2"]
    assert {"type": "TextRun", "text": "Marco", "weight": "Bolder"} in runs


@pytest.mark.parametrize("to", Dialect)
def test_the_subject_comes_first_where_the_text_has_no_heading(to: Dialect) -> None:
    told = json.dumps(posted("Nothing *new*.", to, subject="For <Marco>\nBcc: x"))
    assert told.index("Marco") < told.index("Nothing")
    assert "\\nBcc" not in told


@pytest.mark.parametrize("to", Dialect)
@pytest.mark.parametrize("link", ["javascript:alert(1)", "file:///etc/passwd", "//host/x", "x:y"])
def test_a_link_that_leads_not_to_the_web_is_words(to: Dialect, link: str) -> None:
    told = json.dumps(posted(f"# H\n\n[click]({link}) and ![image](https://track.example/1)", to))
    assert "click" in told
    assert link not in told
    assert "track.example" not in told


def shown_length(to: Dialect, told: dict[str, Any]) -> int:
    return (
        len(json.dumps(told, ensure_ascii=False).encode())
        if to is Dialect.TEAMS
        else len(told["text"])
    )


LIMITS = {Dialect.SLACK: 40_000, Dialect.MATTERMOST: 16_383, Dialect.TEAMS: 26_000}


@pytest.mark.parametrize("to", Dialect)
@pytest.mark.parametrize("mark", ["x", "<", "😀"])
def test_a_long_digest_is_cut_at_a_paragraph_and_says_where_the_whole_is(
    to: Dialect, mark: str
) -> None:
    asked = []

    def whole() -> str:
        asked.append(1)
        return "~/whole.md"

    paragraphs = [f"{number} {mark * 100}." for number in range(2000)]
    message = Message(subject="S", text="# Head\n\n" + "\n\n".join(paragraphs))
    told = json.loads(payload(message, to, whole))
    length = shown_length(to, told)
    assert LIMITS[to] * 0.5 < length <= LIMITS[to]
    text = (
        "\n\n".join(words(told["attachments"][0]["content"]["body"]))
        if to is Dialect.TEAMS
        else told["text"]
    )
    *_, before, last = text.split("\n\n")
    assert before.endswith(".")
    assert last.startswith("… It was cut here")
    assert last.endswith("~/whole.md")
    assert asked


@pytest.mark.parametrize("to", Dialect)
def test_a_digest_that_fits_is_whole_and_nobody_asks_where_it_is(to: Dialect) -> None:
    def whole() -> str:
        raise AssertionError

    payload(Message(subject="S", text=DIGEST), to, whole)


@pytest.mark.parametrize("to", Dialect)
def test_one_endless_paragraph_is_cut_too(to: Dialect) -> None:
    told = posted("word " * 100_000, to)
    assert shown_length(to, told) <= LIMITS[to]
    assert "It was cut here" in json.dumps(told)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://hooks.slack.com/services/T/B/x", Dialect.SLACK),
        ("https://hooks.slack.com.evil.example/services/T/B/x", Dialect.MATTERMOST),
        ("https://prod-1.westeurope.logic.azure.com:443/workflows/1", Dialect.TEAMS),
        ("https://a.b.environment.api.powerplatform.com:443/powerautomate/x", Dialect.TEAMS),
        ("https://chat.example.org/hooks/xyz", Dialect.MATTERMOST),
        ("http://localhost:8065/hooks/xyz", Dialect.MATTERMOST),
    ],
)
def test_the_dialect_is_told_by_the_address_unless_it_is_set(url: str, expected: Dialect) -> None:
    assert dialect(url, Accounts()) is expected
    assert dialect(url, Accounts(webhook_format="teams")) is Dialect.TEAMS


MARKS = st.text(
    st.sampled_from("ab \n#*_`[]()<>!&;|-~\\>1.@:/{}\"'—é") | st.characters(), max_size=200
)


@given(MARKS, st.sampled_from(Dialect))
def test_any_text_becomes_a_payload_that_calls_nobody(text: str, to: Dialect) -> None:
    told = posted(text, to)
    if to is Dialect.SLACK:
        inside = told["text"].replace("&lt;", "").replace("&gt;", "")
        calls = [
            part for part in inside.split("<")[1:] if not part.startswith(("http://", "https://"))
        ]
        assert calls == []
    if to is Dialect.MATTERMOST:
        assert "@all" not in posted(f"{text}\n\n@all @here", to)["text"]


@given(MARKS)
def test_no_word_is_lost_on_the_way(text: str) -> None:
    plain = "".join(mark for mark in text if mark.isalnum())
    escaped = "".join(
        f"\\{mark}" if mark in "#*_`[]()<>!&;|-~\\.:/{}\"'" else mark for mark in text
    )
    told = "".join(run.text for block in blocks(escaped) for run in block.runs)
    assert [mark for mark in told if mark.isalnum()] == list(plain)


@pytest.mark.parametrize(
    "mark", ["*", "_", "[", "`", "<a", "\\", "> ", "| ", "- ", "![](", "`` ` ", "&"]
)
def test_thousands_of_marks_take_no_time(mark: str) -> None:
    blocks(mark * 4_000)
    blocks((mark + "\n") * 4_000)
    posted(mark * 4_000, Dialect.MATTERMOST)
