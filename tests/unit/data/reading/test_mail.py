from email.message import EmailMessage

from mainspring.data.reading import read_bytes


def mail(subject: str = "The gauge", sender: str = "Ada <ada@example.org>") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, "ben@example.org", subject
    message["Date"] = "Thu, 01 Jan 2026 07:00:00 +0000"
    return message


def test_a_message_is_its_subject_its_heads_and_its_words() -> None:
    message = mail("Pegel größer", "Jörg <j@example.org>")
    message.set_content("Hello Ben,\nthe level is 3.\n")
    (document,) = read_bytes(message.as_bytes(), "a.eml")
    assert document.text == (
        "Pegel größer\nFrom: Jörg <j@example.org>\nTo: ben@example.org\nDate: Thu, 01 Jan 2026 07:00:00 +0000\n\n"
        "Hello Ben,\nthe level is 3."
    )
    assert document.title == document.headings[0].title == "Pegel größer"


def test_what_a_reply_quotes_and_its_signature_are_dropped() -> None:
    message = mail()
    message.set_content(
        "Yes.\n\nOn Monday Ben\n<ben@x> wrote:\n> Is it 3?\n> > No\n\nBye\n-- \nAda, gauge office\n"
    )
    assert read_bytes(message.as_bytes(), "a.eml")[0].text.endswith("\n\nYes.\n\nBye")


def test_plain_words_go_before_those_of_html() -> None:
    message = mail()
    message.set_content("Plain words.")
    message.add_alternative("<p>Marked words.</p>", subtype="html")
    assert read_bytes(message.as_bytes(), "a.eml")[0].text.endswith("\n\nPlain words.")


def test_html_is_read_where_there_is_nothing_else_and_attachments_are_noted() -> None:
    message = mail()
    message.set_content("<p>Marked <b>words</b>.</p>", subtype="html")
    message.add_attachment(b"%PDF-", maintype="application", subtype="pdf", filename="level.pdf")
    (document,) = read_bytes(message.as_bytes(), "a.eml")
    assert document.text.endswith("\n\nMarked words.")
    assert document.notes == ("the attachment 'level.pdf' is not read",)


def test_messages_of_a_mailbox_are_counted_and_silent_ones_noted() -> None:
    box = b"".join(
        b"From x@y Thu Jan  1 00:00:00 1970\nSubject: %s\n\n%s\n\n" % (subject, words)
        for subject, words in ((b"One", b"First.\n>From here"), (b"Two", b""), (b"Three", b"Third."))
    )
    documents = read_bytes(box, "box.mbox")
    assert [document.name for document in documents] == ["box.mbox#1", "box.mbox#3"]
    assert documents[0].text == "One\n\nFirst.\nFrom here"
    assert documents[0].notes == ("1 other messages of the mailbox hold no text",)
    assert documents[0].digest != documents[1].digest


def test_heads_that_break_the_rules_do_not_keep_a_message_from_being_read() -> None:
    raw = b"From: =?no-such?B?####?=\nTo: \xff\xfe <\nSubject: =?utf-8?Q?a\nDate: ;;\n\nWords.\n"
    assert read_bytes(raw, "a.eml")[0].text.endswith("Words.")
