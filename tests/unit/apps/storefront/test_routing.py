"""Who answers a customer: by plain words, and sales where there are none."""

import pytest

from apps.storefront.routing import Role, role_for


@pytest.mark.parametrize(
    ("words", "role"),
    [
        ("Will it rain in Porto on Friday?", "weather"),
        ("What does a sideboard have to stand on a terrace in Nice?", "weather"),
        ("Which bench stands the weather of Porto?", "sales"),
        ("A rug for my hall, please, and soon.", "sales"),
        ("Hello!", "sales"),
        ("Where is my sofa?", "service"),
        ("Please cancel order O-0123456789ab.", "service"),
        ("The lamp arrived broken, I want a refund.", "service"),
        ("Cancel it, and send me the green rug instead.", "lead"),
        ("Has my table shipped, and is it warm in Rome?", "lead"),
    ],
)
def test_a_customer_is_answered_by_whoever_the_words_are_for(words: str, role: Role) -> None:
    assert role_for(words) == role
