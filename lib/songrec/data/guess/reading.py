"""How a log is read: its form and which of its columns are which."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from songrec.data.sources.contract import Source
from songrec.data.sources.triplet_files import triplets
from songrec.data.validation import printable


@dataclass(frozen=True)
class Reading:
    """How a log is read.

    Attributes
    ----------
    files : tuple of Path
        The files and folders.
    kind : str
        "text", "JSON", or the kind of table.
    names : tuple of str
        Names of the fields, or their places as text where the file has no header.
    user : str
        Name (or place) of the users' column.
    song : str
        Of the items' column.
    plays : str
        Of the counts' column; empty where each row counts once.
    time : str
        Of the times' column; empty where there is none.
    item : str
        What is recommended; "item" where nothing tells.
    separator : str
        Between the fields of text.
    member : str
        Which file of an archive.
    encoding : str
        Of text; empty: UTF-8, or as a byte order mark says.
    header : bool
        Whether the first line names the columns.
    sample : tuple of tuple
        The first rows: user, song, plays, time.
    notes : tuple of str
        What was guessed for a reason that its owner should know, a sentence each.
    """

    files: tuple[Path, ...]
    kind: str = "text"
    names: tuple[str, ...] = ()
    user: str = ""
    song: str = ""
    plays: str = ""
    time: str = ""
    item: str = "song"
    separator: str = ""
    member: str = ""
    encoding: str = ""
    header: bool = False
    sample: tuple[tuple[str, ...], ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def columns(self) -> list[str]:
        """User, song and, if there are any, plays."""
        return [self.user, self.song, *([self.plays] if self.plays else [])]

    def noted(self, note: str, **changes: Any) -> "Reading":
        """The same with another note, and these fields changed."""
        return replace(self, **changes, notes=(*self.notes, note))

    def __str__(self) -> str:
        """What a person is shown: the form, why it was taken for that, and the first rows."""
        form = [self.kind]
        form += [f"separator {self.separator!r}"] if self.separator else []
        form += [f"encoding {self.encoding}"] if self.encoding else []
        form += [f"member {self.member}"] if self.member else []
        if self.kind == "text":
            form.append("the first line names the columns" if self.header else "no header")
        roles = {"user": self.user, self.item: self.song, "plays": self.plays, "time": self.time}
        used = [place for place, name in enumerate(roles.values()) if name]
        rows = [[f"{role} ({name})" for role, name in roles.items() if name]]
        rows += [[row[place] for place in used] for row in self.sample]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        table = [
            "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)) for row in rows
        ]
        files = printable(", ".join(path.name for path in self.files))
        lines = [f"{files}: {', '.join(form)}", *(f"  {note}" for note in self.notes), ""]
        return "\n".join([*lines, *(f"  {row}".rstrip() for row in table)])

    def parameters(self) -> dict[str, Any]:
        """What a profile says of it: parameters of ingest but for the path, where they are no defaults."""
        said = {name: getattr(self, name) for name in ("separator", "member", "encoding", "time")}
        if self.kind == "text" and self.header and self.user.isdigit():
            said["header"] = True
        return {"columns": self.columns, **{name: value for name, value in said.items() if value}}


def source_of(reading: Reading) -> Source:
    """The log, read so."""
    places = [int(one) if one.isdigit() else one for one in reading.columns]
    return triplets(
        reading.files,
        places,
        reading.separator,
        reading.header,
        reading.member,
        reading.item,
        reading.encoding,
        int(reading.time) if reading.time.isdigit() else reading.time,
    )
