"""Events that are made up."""

from songrec.serve.events import Impression, Item, Play


def play(number, user="ann", song="s1", **more) -> Play:
    return Play(id=f"p{number}", user=user, song=song, **more)


def shown(number, user="ann", songs=("s1", "s2"), versions=("x", "y"), name=None) -> Impression:
    items = [
        Item(song=song, position=place, version=version)
        for place, (song, version) in enumerate(zip(songs, versions, strict=True), start=1)
    ]
    return Impression(id=f"i{number}", user=user, list=name or f"list-{number}", items=items)
