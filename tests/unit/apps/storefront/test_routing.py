"""Who answers a customer: by plain words, and sales where there are none."""

import pytest

from apps.storefront.routing import Role, roles_for


@pytest.mark.parametrize(
    ("words", "roles"),
    [
        ("Will it rain in Porto on Friday?", "weather"),
        ("What does a sideboard have to stand on a terrace in Nice?", "weather"),
        ("Which bench stands the weather of Porto?", "sales"),
        ("A rug for my hall, please, and soon.", "sales"),
        ("Hello!", "sales"),
        ("Where is my sofa?", "service"),
        ("Please cancel order O-0123456789ab.", "service"),
        ("The lamp arrived broken, I want a refund.", "service"),
        ("Cancel it, and send me the green rug instead.", "service sales"),
        ("Has my table shipped, and is it warm in Rome?", "service weather"),
    ],
)
def test_a_customer_is_answered_by_whoever_the_words_are_for(words: str, roles: str) -> None:
    assert roles_for(words) == tuple(roles.split())


@pytest.mark.parametrize(
    ("answer", "words", "role"),
    [
        ("Please say which order is meant: O-0123456789ab, placed.", "The second one.", "service"),
        ("To send order O-0123456789ab elsewhere, please say where to.", "To Bo, Elm St 1, 20457 Ulm", "service"),
        ("1 x SHF-001. To order, please say where it shall go to.", "To Bo, Elm St 1, 20457 Ulm", "sales"),
        ("Please say which order is meant: O-0123456789ab, placed.", "Send me a green rug.", "sales"),
    ],
)
def test_a_customer_who_was_asked_something_is_answered_by_whoever_asked(
    answer: str, words: str, role: Role
) -> None:
    assert roles_for(words, answer) == (role,)
