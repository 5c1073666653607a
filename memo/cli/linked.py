"""How what one entry does to an older one is worded."""

from __future__ import annotations

from memo.remembered import Relation

DOES = {
    Relation.REVERSES: "reverses",
    Relation.AMENDS: "amends",
    Relation.REAFFIRMS: "reaffirms",
    Relation.ANSWERS: "answers",
    Relation.CLOSES: "closes",
    Relation.SLIPS: "puts off",
    Relation.FOLLOWS: "follows from",
}
"""What a link that is sure does."""
MAY = {
    Relation.REVERSES: "may reverse",
    Relation.AMENDS: "may amend",
    Relation.REAFFIRMS: "may reaffirm",
    Relation.ANSWERS: "may answer",
    Relation.CLOSES: "may close",
    Relation.SLIPS: "may put off",
    Relation.FOLLOWS: "may follow from",
}
"""What a link that waits for somebody would do."""
