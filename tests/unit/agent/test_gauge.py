"""How many tokens a conversation takes: as a server has counted, and by what was learned for what came since."""

from mainspring.agent.gauge import Gauge
from mainspring.core import USER, Answer, Usage
from mainspring.core.events import ModelReplied


def replied(read: int, written: int = 0, *, n_calls: int = 1, model: str = "m") -> ModelReplied:
    """Make a reply whose server has counted."""
    return ModelReplied(
        turn=0,
        model=model,
        decision=Answer(value="done"),
        label=USER,
        finish_reason="stop",
        usage=Usage(input_tokens=read, output_tokens=written, model_calls=n_calls),
        duration_s=0.0,
    )


def test_before_the_first_reply_a_text_takes_more_than_most_texts_do() -> None:
    gauge = Gauge(form_bytes=600)
    assert gauge.tokens(6_000) > (6_000 + 600) // 4


def test_what_a_server_has_counted_is_exact() -> None:
    gauge = Gauge(0)
    gauge.learn(replied(1_000, 200), read_bytes=3_500, now_bytes=4_200)
    assert gauge.tokens(4_200) == 1_200


def test_what_came_since_is_estimated_at_the_rate_that_was_learned() -> None:
    gauge = Gauge(0)
    gauge.learn(replied(2_000), read_bytes=4_000, now_bytes=4_000)
    gauge.learn(replied(3_000), read_bytes=9_000, now_bytes=9_000)
    assert gauge.tokens(9_500) == 3_000 + 100
    assert gauge.bytes(100) == 500


def test_what_a_form_takes_besides_messages_does_not_count_as_a_rate() -> None:
    gauge = Gauge(0)
    gauge.learn(replied(5_000), read_bytes=100, now_bytes=100)
    assert gauge.tokens(3_100) == 6_000


def test_a_little_that_came_says_nothing_of_the_rate() -> None:
    gauge = Gauge(0)
    gauge.learn(replied(1_000), read_bytes=4_000, now_bytes=4_000)
    gauge.learn(replied(1_090), read_bytes=4_100, now_bytes=4_100)
    assert gauge.rate(300) == 100


def test_prompts_of_two_models_and_one_that_is_shorter_than_the_last_say_nothing_of_the_rate() -> None:
    gauge = Gauge(0)
    gauge.learn(replied(1_000), read_bytes=4_000, now_bytes=4_000)
    gauge.learn(replied(7_000, model="other"), read_bytes=12_000, now_bytes=12_000)
    gauge.learn(replied(2_000, model="other"), read_bytes=6_000, now_bytes=6_000)
    assert gauge.rate(300) == 100


def test_a_prompt_that_several_members_of_a_pool_have_read_counts_once() -> None:
    gauge = Gauge(0)
    gauge.learn(replied(2_000, 300, n_calls=2), read_bytes=4_000, now_bytes=4_400)
    assert gauge.tokens(4_400) == 1_150


def test_a_conversation_that_was_cut_takes_less_but_what_its_form_takes() -> None:
    gauge = Gauge(0)
    gauge.learn(replied(5_000), read_bytes=12_000, now_bytes=12_000)
    assert gauge.tokens(3_000) == 5_000 - 3_000
    assert gauge.tokens(0) == 1_000


def test_what_is_left_of_a_conversation_takes_something_however_much_was_cut() -> None:
    gauge = Gauge(0)
    gauge.learn(replied(1_000), read_bytes=9_000, now_bytes=9_000)
    assert gauge.tokens(1_500) == 500


def test_a_reply_that_nobody_has_counted_changes_nothing() -> None:
    gauge = Gauge(0)
    gauge.learn(replied(1_000), read_bytes=4_000, now_bytes=4_000)
    gauge.learn(replied(0), read_bytes=5_000, now_bytes=5_000)
    assert gauge.tokens(4_000) == 1_000
