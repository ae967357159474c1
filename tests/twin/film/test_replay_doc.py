"""docs/wire.md says of the film what the code does."""

import json

import pytest

from telemetry_bridge.hub import MAX_EVENTS
from tests.telemetry_bridge.test_wire_doc import json_blocks, section
from twin.film import replay_socket, review, seat, showing, wishes
from twin.film.review import Review
from twin.film.showing import Pace


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("The film", f"{wishes.MIN_SPEED:g} to {wishes.MAX_SPEED:g}; a negative one"),
        ("The film", f"more than about {Pace().events_at_once} events"),
        ("The film", f"At most {showing.MAX_STEPS} steps wait"),
        ("Pace", f"at most {wishes.MAX_RATE:g} frames a second, and {wishes.DEFAULT_RATE:g} where"),
        ("Pace", f"(1 to {wishes.MAX_AHEAD}; {wishes.DEFAULT_AHEAD} until it says)"),
        ("Pace", f"acknowledges nothing for {seat.PATIENCE_S:g} s"),
        ("Pace", f"{MAX_EVENTS} events of others'"),
        ("Pace", f"{replay_socket.BURST:g} at once and {replay_socket.MESSAGES_PER_S:g} a second"),
        ("Sessions", f"for {review.GRACE_S:g} s, and comes back"),
        ("Sessions", f"at most {review.MAX_MEMBERS} people"),
        ("Sessions", f"closed with {replay_socket.CLOSE_NO_SESSION}"),
    ],
)
def test_limits(title: str, text: str) -> None:
    assert text in " ".join(section(title).split())


def test_what_viewers_say_in_the_examples_is_understood() -> None:
    said = [json_blocks(section("The film"))[0], json_blocks(section("Sessions"))[0]]
    messages = [json.loads(line) for block in said for line in block.splitlines()]
    kinds = {type(wishes.read_wish(json.dumps(message))) for message in messages}
    assert kinds == {
        wishes.Seek,
        wishes.Play,
        wishes.Pause,
        wishes.Step,
        wishes.Subscription,
        wishes.Ack,
        wishes.Host,
        wishes.View,
        wishes.Hand,
        wishes.Leave,
        wishes.Return,
        wishes.Quit,
    }


def test_a_session_is_told_as_in_the_example() -> None:
    example = json.loads(json_blocks(section("Sessions"))[1])
    session = Review("id")
    told = session.told(session.join("Chen", None, 0.0))
    assert set(told) == set(example)
    assert set(told["participants"][0]) == set(example["participants"][0])
