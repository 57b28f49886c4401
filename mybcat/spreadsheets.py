"""Tables as spreadsheet programs open them."""

import csv
import io
from collections.abc import Iterable, Sequence

from django.http import HttpResponse


def spreadsheet(*, name: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> HttpResponse:
    """The answer that a browser saves as `name`. No text in it is a formula."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(head)
    writer.writerows([_harmless(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8", headers=headers)


def _harmless(text: str) -> str:
    """What begins like a formula is one to a spreadsheet, unless only digits follow, as in a phone number."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) and not text[1:].isdigit() else text
