"""The bibliography: labels are what the text cites, and no two works share one."""

from pybtex.database import parse_file

from songrec.book.citations import AuthorYear
from songrec.paths import BOOK


def test_every_work_has_a_label_of_its_own_by_author_and_year():
    entries = parse_file(BOOK / "references.bib").entries.values()
    labels = dict(zip((entry.key for entry in entries), AuthorYear().format_labels(entries), strict=True))
    assert len(set(labels.values())) == len(labels)
    assert labels["steck2019"] == "Steck, 2019a"
    assert labels["jarvelin2002"] == "Järvelin and Kekäläinen, 2002"
    assert labels["hu2008"] == "Hu et al., 2008"
    assert labels["lops2011"] == "Lops et al., 2011"


def test_every_work_says_where_to_find_it_or_has_no_such_address():
    entries = parse_file(BOOK / "references.bib").entries
    without = {key for key, entry in entries.items() if not {"doi", "eprint", "url"} & set(entry.fields)}
    assert without == {"bertinmahieux2011", "bergstra2011", "fox1994", "steck2020", "voorhees1999"}
