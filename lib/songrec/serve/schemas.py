"""What goes in and comes out over HTTP."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

LONGEST = 500
"""Songs of a list."""

HISTORY, EXCLUDED, IN_QUERY, BATCH = 1_000, 100_000, 100, 100
"""Songs of a posted history, excluded songs (and in a query, of at most 64 kB), lists of one request."""


def _whole(value: Any) -> Any:
    """JSON has one kind of number: 20.0 is a whole one."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


WHOLE = BeforeValidator(_whole)
Id = Annotated[str, Field(min_length=1, max_length=500)]
N = Annotated[int, Field(ge=1, le=LONGEST, description="length of the list"), WHOLE]


class Wanted(BaseModel):
    """What a list should be like."""

    model_config = ConfigDict(extra="forbid")

    n: N = 20
    exclude: Annotated[
        list[Id], Field(max_length=IN_QUERY, description="songs that must not be in the list")
    ] = []
    include_heard: Annotated[bool, Field(description="whether songs already heard may be in it")] = False
    skip_shown: Annotated[bool, Field(description="leave out what the user was shown, by posted events")] = (
        False
    )
    per_artist: Annotated[
        int, Field(ge=0, le=LONGEST, description="songs of one artist at most; 0: any"), WHOLE
    ] = 0
    diversity: Annotated[
        float, Field(ge=0, le=1, description="lambda of maximal marginal relevance; 0: the model's order")
    ] = 0.0
    why: Annotated[bool, Field(description="whether to say which of the songs heard led to each song")] = True


class Heard(BaseModel):
    """A song of a history."""

    model_config = ConfigDict(extra="forbid", strict=True)

    song: Id
    plays: Annotated[int, Field(ge=1, le=1_000_000, description="how often it was played"), WHOLE] = 1


class Ask(Wanted):
    """A list for a user, for a history, or for both: it is then added to what is known of the user."""

    model_config = ConfigDict(extra="forbid", strict=True)

    user: Annotated[Id | None, Field(description="a user's id")] = None
    exclude: Annotated[
        list[Id], Field(max_length=EXCLUDED, description="songs that must not be in the list")
    ] = []
    history: Annotated[
        list[Heard], Field(max_length=HISTORY, description="songs heard; twice the same: plays are added up")
    ] = []


class Batch(BaseModel):
    """Several lists at once."""

    model_config = ConfigDict(extra="forbid", strict=True)

    requests: Annotated[list[Ask], Field(min_length=1, max_length=BATCH)]


class Song(BaseModel):
    """A song, and what it is called where that is known."""

    id: str
    title: str | None
    artist: str | None


class Reason(Song):
    """One of the listener's songs."""

    share: Annotated[float, Field(description="its part of the score; others may take away from it")]


class Item(Song):
    """A song of a list."""

    score: Annotated[float, Field(description="on the scale of its rung: compare within one only")]
    rung: Literal["known_user", "fold_in", "similar", "popular"]
    version: Annotated[str, Field(description="of the model that put it there")]
    why: Annotated[list[Reason], Field(description="up to three songs that led here, the strongest first")]


class Recommendations(BaseModel):
    """A list of songs, best first."""

    list: Annotated[str, Field(description="id of the list, for the events that it leads to")]
    version: Annotated[str, Field(description="of the model that answered")]
    rung: Annotated[
        Literal["known_user", "fold_in", "similar", "popular", ""],
        Field(description="which rung of the ladder answered: that of the first song; empty for no songs"),
    ]
    complete: Annotated[bool, Field(description="false where fewer than n songs are admissible")]
    why_exact: Annotated[bool, Field(description="whether shares are terms of the model's own sum")]
    unknown_songs: Annotated[list[str], Field(description="songs of the request that nobody has heard of")]
    items: list[Item]


class Lists(BaseModel):
    """Answers in the order of the requests."""

    answers: list[Recommendations]


class ScoredSong(Song):
    score: float


class Similar(BaseModel):
    """Songs like a song, the most similar first."""

    song: Song
    version: str
    complete: bool
    items: list[ScoredSong]


class Found(BaseModel):
    """Songs by title and artist, the likest first."""

    items: list[ScoredSong]


class Popular(BaseModel):
    """Songs by listeners."""

    items: list[ScoredSong]


class BlockList(BaseModel):
    """Songs and artists that are in no list."""

    model_config = ConfigDict(extra="forbid", strict=True)

    songs: Annotated[list[Id], Field(max_length=EXCLUDED, description="ids")] = []
    artists: Annotated[list[Id], Field(max_length=EXCLUDED, description="names as answers have them")] = []


class Blocked(BlockList):
    """The block list as it is now."""

    unknown: Annotated[list[str], Field(description="songs and artists that are not in the catalogue")]


class Trial(BaseModel):
    """A candidate, and what it does."""

    model_config = ConfigDict(extra="forbid", strict=True)

    model: Annotated[
        Id, Field(description="a label of the run, a folder with a saved model, or models:/NAME/NUMBER")
    ]
    mode: Annotated[
        Literal["split", "interleave", "shadow"],
        Field(
            description="for a share of the users: answer, take turns with the live version, or be shadowed"
        ),
    ] = "shadow"
    share: Annotated[float, Field(ge=0, le=1, description="of the users, by the hash of their id")] = 0.1


class Promotion(BaseModel):
    """What goes live; without a model the candidate does."""

    model_config = ConfigDict(extra="forbid", strict=True)

    model: Annotated[str, Field(max_length=500)] = ""


class VersionOf(BaseModel):
    name: str
    source: str


class Roles(BaseModel):
    """Which version does what."""

    live: VersionOf
    previous: VersionOf | None
    candidate: VersionOf | None
    mode: Literal["split", "interleave", "shadow"]
    share: float


class Health(BaseModel):
    """How the service is."""

    status: Literal["ok"]
    version: str
    workers: int
    redis: Annotated[bool | None, Field(description="whether it answers; null: none is used")]
    problem: Annotated[
        str, Field(description="why it does not follow the others or the registry; empty: it does")
    ]


class Wrong(BaseModel):
    """What was wrong, by RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
