from hypothesis import given
from hypothesis import strategies as st

from mainspring.core import OPERATOR, USER, Conversation, Label, Message

UNTRUSTED = Label(sources=("tool:web",))

labels = st.sampled_from([OPERATOR, USER, UNTRUSTED, Label(confidentiality="secret")])
messages = st.lists(st.builds(Message.user, st.text(max_size=5), labels), max_size=5)


def wire(message: Message, place: int) -> bytes:
    return f"{place}:{message.text}".encode()


@given(messages, messages)
def test_a_conversation_that_grew_is_like_one_that_was_whole_from_the_start(
    first: list[Message], more: list[Message]
) -> None:
    grown, whole = Conversation(first), Conversation([*first, *more])
    grown.encoded("wire", wire)
    for message in more:
        grown.add(message)
        grown.encoded("wire", wire)
    assert list(grown) == list(whole) == [*first, *more]
    assert grown.digest() == whole.digest()
    assert grown.label == whole.label
    assert grown.encoded("wire", wire) == whole.encoded("wire", wire)


def test_only_what_is_new_is_encoded_and_commas_stand_between() -> None:
    encoded: list[str] = []

    def remember(message: Message, place: int) -> bytes:
        encoded.append(message.text)
        return wire(message, place)

    conversation = Conversation([Message.user("a"), Message.user("b")])
    assert conversation.encoded("wire", remember) == b"0:a,1:b"
    conversation.add(Message.user("c"))
    assert conversation.encoded("wire", remember) == b"0:a,1:b,2:c"
    assert encoded == ["a", "b", "c"]
    assert conversation.encoded("other", lambda said, _: said.text.encode()) == b"a,b,c"


def test_bytes_given_once_do_not_change_when_the_conversation_grows() -> None:
    conversation = Conversation([Message.user("a")])
    given_out = conversation.encoded("wire", wire)
    conversation.add(Message.user("b"))
    conversation.encoded("wire", wire)
    assert given_out == b"0:a"


@given(messages.filter(bool))
def test_the_label_is_the_join_of_all_labels(said: list[Message]) -> None:
    first, *rest = (message.label for message in said)
    assert Conversation(said).label == first.join(*rest)


def test_a_conversation_is_as_bad_as_its_worst_message_for_ever() -> None:
    conversation = Conversation([Message.user("a")])
    conversation.add(Message.user("b", label=UNTRUSTED))
    conversation.add(Message.user("c"))
    assert conversation.label == Label(integrity="untrusted", sources=("tool:web", "user"))


def test_the_digest_differs_with_the_messages_their_order_and_what_is_added() -> None:
    a, b = Message.user("a"), Message.user("b")
    digests = [Conversation(said).digest() for said in ([], [a], [a, b], [b, a], [Message.user("ab")])]
    digests += [Conversation([a]).digest(b"x"), Conversation([a]).digest(b"y")]
    assert len(set(digests)) == len(digests)


def test_an_empty_conversation_may_grow() -> None:
    conversation = Conversation()
    assert (len(conversation), conversation.label, conversation.encoded("wire", wire)) == (0, Label(), b"")
    conversation.add(Message.user("a"))
    assert (conversation.label, conversation.encoded("wire", wire)) == (USER, b"0:a")
