from hypothesis import given
from hypothesis import strategies as st

from mainspring.core import OPERATOR, USER, Label

INTEGRITY = ("trusted", "untrusted")
CONFIDENTIALITY = ("public", "internal", "secret")

labels = st.builds(
    Label,
    integrity=st.sampled_from(INTEGRITY),
    confidentiality=st.sampled_from(CONFIDENTIALITY),
    sources=st.sets(st.text(max_size=3)).map(lambda names: tuple(sorted(names))),
)


def test_a_label_of_which_nothing_is_said_is_untrusted_and_internal() -> None:
    assert Label() == Label(integrity="untrusted", confidentiality="internal", sources=())


@given(labels, labels)
def test_joining_does_not_depend_on_the_order(one: Label, other: Label) -> None:
    assert one.join(other) == other.join(one)


@given(labels, labels, labels)
def test_joining_does_not_depend_on_the_grouping(one: Label, two: Label, three: Label) -> None:
    assert one.join(two).join(three) == one.join(two.join(three)) == one.join(two, three)


@given(labels)
def test_joining_a_label_with_itself_changes_nothing(label: Label) -> None:
    assert label.join(label) == label.join() == label


@given(labels, labels)
def test_a_join_is_never_better_than_any_of_its_parts(one: Label, other: Label) -> None:
    joined = one.join(other)
    for part in (one, other):
        assert INTEGRITY.index(joined.integrity) >= INTEGRITY.index(part.integrity)
        assert CONFIDENTIALITY.index(joined.confidentiality) >= CONFIDENTIALITY.index(part.confidentiality)
        assert set(part.sources) <= set(joined.sources)


@given(labels, labels)
def test_a_join_is_no_worse_than_its_worst_part(one: Label, other: Label) -> None:
    joined = one.join(other)
    assert joined.integrity in {one.integrity, other.integrity}
    assert joined.confidentiality in {one.confidentiality, other.confidentiality}
    assert set(joined.sources) == {*one.sources, *other.sources}


def test_the_user_and_the_operator_together_are_trusted() -> None:
    assert USER.join(OPERATOR) == Label(integrity="trusted", sources=("operator", "user"))
