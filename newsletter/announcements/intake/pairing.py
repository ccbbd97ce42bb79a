"""Which posts are one announcement in several languages."""

from collections.abc import Iterable, Mapping, Sequence

from newsletter.announcements.intake.posts import Post


def groups_of(posts: Sequence[Post], languages: Mapping[int, str]) -> list[list[int]]:
    """The posts, by their places, gathered so that each group has a language at most once.

    `languages` tells each place's language. Groups and what is in them keep the order of the posts.
    """
    leaders = list(range(len(posts)))

    def leader(place: int) -> int:
        while leaders[place] != place:
            leaders[place] = leaders[leaders[place]]
            place = leaders[place]
        return place

    def join(places: Iterable[int]) -> None:
        first, *rest = sorted({leader(place) for place in places})
        for place in rest:
            leaders[place] = first

    by_name: dict[str, list[int]] = {}
    by_tie: dict[str, list[int]] = {}
    for place, post in enumerate(posts):
        for name in post.names():
            by_name.setdefault(name, []).append(place)
        for tie in post.ties:
            by_tie.setdefault(tie, []).append(place)
    for places in by_name.values():
        join(places)
    for place, post in enumerate(posts):
        # Only what is itself a post counts: badly set up sites name one page as the other language of all.
        join([place, *(other for name in post.others() for other in by_name.get(name, ()))])
    for tie, places in by_tie.items():
        if is_group_tie(tie):
            join(places)
    gathered: dict[int, list[int]] = {}
    for place in range(len(posts)):
        gathered.setdefault(leader(place), []).append(place)
    return sorted(group for together in gathered.values() for group in _parted(together, languages))


def group_tie(kind: str, number: str) -> str:
    """The tie of all posts that a site keeps together under one number."""
    return f"\0{kind}:{number}"


def is_group_tie(tie: str) -> bool:
    """Whether a tie is a number for the group rather than the name of another post."""
    return tie.startswith("\0")


def _parted(places: Sequence[int], languages: Mapping[int, str]) -> list[list[int]]:
    """The places in as few groups as have no language twice."""
    groups: list[list[int]] = []
    for place in places:
        free = (g for g in groups if languages[place] not in {languages[other] for other in g})
        group = next(free, None)
        if group is None:
            groups.append([place])
        else:
            group.append(place)
    return groups
