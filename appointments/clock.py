"""The clock that everybody who holds a time goes by."""

from django.db.models import DateTimeField, Func


class Clock(Func):
    """The database's clock as it stands, not as it stood when the transaction began."""

    function = "clock_timestamp"
    output_field = DateTimeField()
