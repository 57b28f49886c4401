"""Pages of lists that may have millions of rows."""

from typing import Any

from django.core.paginator import Paginator
from django.utils.functional import cached_property

# 200 pages of 50: whoever needs more needs a filter.
MOST_COUNTED = 10_000


class BoundedPaginator(Paginator):
    """Counts no further than MOST_COUNTED rows, so that a page costs the same in a table of any size."""

    object_list: Any

    @cached_property
    def count(self) -> int:
        """The number of rows, or MOST_COUNTED where there are more."""
        return min(self._counted, MOST_COUNTED)

    @property
    def has_more(self) -> bool:
        """Whether rows beyond the last page exist."""
        return self._counted > MOST_COUNTED

    @cached_property
    def _counted(self) -> int:
        rows: int = self.object_list.order_by().values("pk")[: MOST_COUNTED + 1].count()
        return rows
