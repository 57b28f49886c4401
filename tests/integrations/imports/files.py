"""Files as managers hand them in."""

from typing import Any

from tests.callers import Caller

PATH = "/api/v2/imports"
HEAD = "firstName,lastName,dateOfBirth,phone"


def sheet(*lines: str, head: str = HEAD) -> str:
    return "\r\n".join((head, *lines)) + "\r\n"


def hand_in(caller: Caller, content: str, *, kind: str = "patients", key: str | None = None, **asked: Any) -> Any:
    return caller.post(PATH, {"kind": kind, "content": content, **asked}, key=key)


def taken(answer: Any) -> dict[str, Any]:
    """The import, of which nothing was wrong."""
    assert answer.status_code == 201, answer.content
    told: dict[str, Any] = answer.json()
    assert (told["status"], told["code"], told["lineErrors"]) == ("completed", "", [])
    return told


def wrong(answer: Any) -> list[tuple[int, str, str]]:
    """What is wrong with the file: line, column, code."""
    assert answer.status_code == 201, answer.content
    told = answer.json()
    assert (told["status"], told["code"], told["created"], told["known"]) == ("failed", "invalid_lines", 0, 0)
    assert told["lineErrorCount"] == len(told["lineErrors"])
    return [(each["line"], each["column"], each["code"]) for each in told["lineErrors"]]
