"""A run of the pipeline as far as serving needs it: its folders, made from a log and fitted models."""

from collections.abc import Mapping

from songrec.data import Catalogue, Interactions
from songrec.files import write_json
from songrec.models import Recommender
from songrec.paths import Paths
from songrec.splits import weak


def make_run(
    profile: str, log: Interactions, catalogue: Catalogue, models: Mapping[str, Recommender]
) -> Paths:
    """Save it where `SONGREC_DATA` says; the first of the models, fitted on the log's plays, is the winner.

    The estimators must be those that the profile names for the labels.
    """
    paths = Paths(profile)
    weak(log, test=0.5).save(paths.processed / "split")
    log.save(paths.processed / "interactions")
    catalogue.save(paths.interim / "songs.parquet")
    write_json(
        paths.header,
        {"synthetic": True, "item": "song", "models": {label: {"members": []} for label in models}},
    )
    for place, (label, model) in enumerate(models.items()):
        model.save(paths.processed / "models" / label, log.song_ids)
        facts = {"value": 1 / (2 + place), "metric": "average_precision@10"}
        write_json(paths.tables / "tune" / label / "facts.json", facts)
    return paths
