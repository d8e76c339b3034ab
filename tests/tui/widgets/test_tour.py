"""The tour's steps: what ends each, what is said meanwhile, and that it goes on where it was. No Textual."""

from __future__ import annotations

from imi_tui.viewmodel.tour import ENDED, STEPS, Moment, Tour

FACTS = {
    "move": "moved",
    "open": "shown case",
    "accept": "queued accept",
    "undo": "taken back",
    "reply": "queued reply",
    "search": "searched",
    "compose": "left compose",
    "outbox": "shown outbox",
    "help": "shown help",
}
SCOPES = ("inbox", "case", "act", "prompt", "compose", "outbox", "drafts", "help")


def test_each_step_ends_with_what_it_asks_for_and_with_nothing_else() -> None:
    tour = Tour()
    for step in STEPS:
        assert tour.step == step
        for other in (fact for name, fact in FACTS.items() if STEPS.index(name) <= STEPS.index(step) and name != step):
            assert not tour.happened(other)
        assert tour.happened(FACTS[step])
    assert tour.step == ""
    assert not tour.ended
    assert tour.title() == "Tour"
    assert "That was the tour" in tour.text(Moment("inbox"))


def test_what_was_done_before_its_turn_is_not_asked_for_again() -> None:
    tour = Tour()
    assert tour.happened("searched")
    asked = []
    while tour.step:
        asked.append(tour.step)
        tour.skip()
    assert asked == [step for step in STEPS if step != "search"]


def test_a_form_that_was_left_ends_only_the_step_about_it() -> None:
    tour = Tour()
    assert not tour.happened("left act")
    tour = Tour("move open accept undo")
    assert tour.step == "reply"
    assert tour.happened("left act")


def test_it_goes_on_where_it_was_and_stays_ended() -> None:
    tour = Tour()
    tour.happened("moved")
    tour.happened("shown case")
    again = Tour(tour.to_keep())
    assert (again.step, again.title()) == ("accept", "Tour 3/9")
    again.end()
    assert Tour(again.to_keep()).ended
    assert again.to_keep() == ENDED
    assert Tour("of an older version move").step == "open"


def test_wherever_the_officer_is_there_is_a_way_on() -> None:
    """Each step says something on each screen, and names a key or what to press there."""
    for step in STEPS:
        kept = " ".join(STEPS[: STEPS.index(step)])
        for scope in SCOPES:
            for offered in (frozenset[str](), frozenset({"accept", "reply"})):
                text = Tour(kept).text(Moment(scope, offered, undo=True))
                assert text.endswith(".")
                assert "{" not in text, text


def test_the_words_follow_the_moment() -> None:
    accept = Tour("move open")
    assert "View 2" in accept.text(Moment("inbox"))
    assert "Accept it: a." in accept.text(Moment("case", frozenset({"accept"})))
    assert "Esc" in accept.text(Moment("case"))
    assert "Enter" in accept.text(Moment("prompt"))
    undo = Tour("move open accept")
    assert "take it back: u." in undo.text(Moment("inbox", undo=True))
    assert "has been sent" in undo.text(Moment("inbox"))
