"""Small grammar for sentences that are made from values."""

from collections.abc import Sequence

INVENTED = "The log is synthetic: its listeners, titles and play counts are invented."
CAUTION = (
    "The log is synthetic. These numbers show that the whole line works; which model suits real listeners is "
    "decided on real data (the results on record)."
)


def listed(words: Sequence[str]) -> str:
    """Words as an enumeration.

    >>> listed(["a"]), listed(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def counted(number: int, word: str) -> str:
    """A number with its noun.

    >>> counted(1, "song"), counted(1200, "user")
    ('1 song', '1,200 users')
    """
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def article(word: str) -> str:
    """The word with its indefinite article.

    >>> article("artist"), article("song")
    ('an artist', 'a song')
    """
    return f"{'an' if word[0] in 'aeiou' else 'a'} {word}"


def sentence(text: str) -> str:
    """The text with a capital at its beginning: model names are written small."""
    return text[:1].upper() + text[1:]


def folded(text: str) -> str:
    """A title on two lines, where it has a comma.

    >>> folded("Last.fm, 2,000 users")
    'Last.fm,\\n2,000 users'
    """
    return text.replace(", ", ",\n", 1)


def log_of(profile: str, synthetic: bool) -> str:
    """How a log is called in a sentence.

    >>> log_of("tiny", True)
    'the synthetic log `tiny`'
    """
    return f"the {'synthetic ' if synthetic else ''}log `{profile}`"


def share(part: float) -> str:
    """A share as per cent, with a decimal where it is small; never 0 % or 100 % unless it is exactly that.

    >>> share(0.4321), share(0.0123), share(0.99999), share(0.00001), share(0.0)
    ('43 %', '1.2 %', 'over 99.9 %', 'under 0.1 %', '0 %')
    """
    if part in (0, 1):
        return f"{part:.0%}".replace("%", " %")
    if part < 0.001:
        return "under 0.1 %"
    if part > 0.999:
        return "over 99.9 %"
    return f"{100 * part:.1f} %" if part < 0.1 or part > 0.95 else f"{100 * part:.0f} %"


def known_names(known: float, item: str) -> str:
    """For how many songs a title is known.

    >>> known_names(0.5, "artist")
    'A name is known for 50 % of the artists; the others are shown by their ids.'
    """
    name = "title" if item == "song" else "name"
    if known == 1:
        return f"Every {item} has a known {name}."
    return f"A {name} is known for {share(known)} of the {item}s; the others are shown by their ids."
