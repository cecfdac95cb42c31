"""Sphinx extension: a bibliography whose labels are the citations of the text, author and year.

`bibtex_default_style: songbook` in the configuration. Two works of one author and year are told apart by a
letter after the year in the bibliography file: the text then has it, too.
"""

from pybtex.plugin import register_plugin
from pybtex.style.formatting.alpha import Style
from pybtex.style.labels import BaseLabelStyle


class AuthorYear(BaseLabelStyle):
    """Labels such as `Steck, 2019a`, `Krichene and Rendle, 2020` and `Hu et al., 2008`."""

    def format_labels(self, sorted_entries):
        for entry in sorted_entries:
            names = [_last(person) for person in entry.persons["author"]]
            shown = " and ".join(names) if len(names) < 3 else f"{names[0]} et al."
            yield f"{shown}, {entry.fields['year']}"


class Songbook(Style):
    """References in the order of authors and years, with these labels."""

    default_label_style = AuthorYear


def _last(person) -> str:
    return " ".join(name.render_as("text") for name in (*person.rich_prelast_names, *person.rich_last_names))


def setup(app):
    """Register the style."""
    register_plugin("pybtex.style.formatting", "songbook", Songbook)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
