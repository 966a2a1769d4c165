"""What a log may hold of an error."""

from __future__ import annotations

from echoview.errors import EchoViewError, plain_traceback


def test_a_refusal_reads_as_one_text() -> None:
    assert str(EchoViewError("It is closed.", "Come back.")) == "It is closed. Come back."
    assert str(EchoViewError("It is closed.")) == "It is closed."


def test_a_traceback_names_lines_but_no_folder_and_no_value() -> None:
    def inner() -> None:
        raise ValueError("patient Zebedee")

    try:
        inner()
    except ValueError as error:
        text = plain_traceback(error)
    assert text.startswith("ValueError\n  test_errors.py:")
    assert "in inner" in text
    assert "/" not in text
    assert "Zebedee" not in text
