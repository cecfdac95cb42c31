"""What a page's notebook sees of the pipeline: the results that it tells of.

Apart from `songrec.pipeline.stage`, so that no study depends on how results are read.
"""

from typing import TYPE_CHECKING

from songrec.pipeline.stage import make_inputs

if TYPE_CHECKING:
    from songrec.results import Results


def open_page(name: str, profile: str = "tiny") -> "Results":
    """The results of the stages that the page of stage `name` declares to read.

    Tables that do not exist yet are made first, by the studies that own them; inside a run of the pipeline a
    missing one is a `DataError`.
    """
    from songrec.errors import ConfigError
    from songrec.pipeline.graph import Places
    from songrec.results import Results

    places = Places.of(profile)
    if (stages := places.graph[name].page) is None:
        raise ConfigError(f"stage {name} has no page: give it `page` in pipeline.yml")
    needed = {stage: [*places.tables(places.graph[stage]), places.paths.header] for stage in stages}
    if missing := [stage for stage in stages if not all(path.exists() for path in needed[stage])]:
        make_inputs(missing, f"the page {name}", profile)
    return Results.of_run(profile, stages=stages)
