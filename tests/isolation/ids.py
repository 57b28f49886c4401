"""Ids of what a practice has, and the rows themselves when they are asked for."""

from collections.abc import Callable, Iterator, Mapping


class Ids(Mapping[str, str]):
    """Each row is made when its id is first asked for; to ask for all, as `values()` does, makes all.

    So ask before the block in which changes are counted.
    """

    def __init__(self, makers: Mapping[str, Callable[[], str]]) -> None:
        self.makers = makers
        self.made: dict[str, str] = {}

    def __getitem__(self, name: str) -> str:
        if name not in self.made:
            self.made[name] = self.makers[name]()
        return self.made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.makers)

    def __len__(self) -> int:
        return len(self.makers)
