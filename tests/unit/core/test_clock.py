from mainspring.core import FakeClock, SeededRng, SystemRng


def test_a_fake_clock_stands_still_until_it_is_moved() -> None:
    clock = FakeClock(100.0)
    assert (clock.now(), clock.now(), clock.monotonic()) == (100.0, 100.0, 100.0)
    clock.advance(2.5)
    assert (clock.now(), clock.monotonic()) == (102.5, 102.5)


def test_a_seeded_rng_gives_the_same_tokens_each_time_and_others_for_another_seed() -> None:
    one, same, other = SeededRng(7), SeededRng(7), SeededRng(8)
    tokens = [one.token(8) for _ in range(3)]
    assert tokens == [same.token(8) for _ in range(3)]
    assert len({*tokens, other.token(8)}) == 4


def test_a_token_has_two_hexadecimal_digits_for_each_byte() -> None:
    for rng in (SeededRng(), SystemRng()):
        token = rng.token(5)
        assert len(token) == 10
        assert set(token) <= set("0123456789abcdef")
