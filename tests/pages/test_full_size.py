"""What a run of the whole size took, and other libraries beside it."""

from made_up import frame, made_up_run

from songrec.pages import full_size


def _texts(table) -> list[list[str]]:
    return [[text for text, _ in row] for row in table.rows()]


def test_stages_of_a_kind_stand_together_models_apart(tmp_path):
    took = {
        "ingest": {"seconds": 20.4, "peak_mb": 2000},
        "tune.ease": {"seconds": 1.0, "peak_mb": 400},
        "tune.item_knn": {"seconds": 2.0, "peak_mb": 300},
        "train.item_knn": {"seconds": 30.0, "peak_mb": 3100},
    }
    table = full_size.took(made_up_run(tmp_path, took=took))
    assert _texts(table) == [
        ["ingest: from text to a sparse matrix", "20", "2.0"],
        ["read hyper-parameters", "3", "0.4"],
        ["fit and list: item-KNN", "30", "3.1"],
        ["all", "53", "3.1"],
    ]


def test_peers_stand_beside_this_project_and_logs_have_names(tmp_path):
    columns = "library version runs seconds cpu_seconds peak_mb times_seconds times_cpu_seconds log machine"
    rows = [
        ["songrec", "0.1.0", 3, 2.0, 4.0, 1000.0, 1.0, 1.0, "made-up", "A machine."],
        ["similaripy", "0.7.0", 1, 5.0, 8.0, 2000.0, 2.5, 2.0, "made-up", "A machine."],
        ["implicit", "No module named 'implicit'", 0, *[None] * 5, "made-up", "A machine."],
        ["duckdb", "failed (-9)", 0, *[None] * 5, "50-users-40-songs-seed-1", "A machine."],
    ]
    run = made_up_run(tmp_path)
    (tmp_path / "bench").mkdir()
    frame(columns, rows).to_csv(tmp_path / "bench" / "neighbours.csv", index=False)
    table = full_size.peers(run, "neighbours")
    assert [row[:3] for row in _texts(table)] == [
        ["Made up", "this project", "2"],
        ["Made up", "similaripy 0.7.0", "5"],
        ["50 users, 40 songs", "duckdb failed (-9)", ""],
    ]
    assert table.note.startswith("Medians of 1 to 3 runs;")
    frame(columns, rows[:2]).to_csv(tmp_path / "bench" / "neighbours.csv", index=False)
    table = full_size.peers(run, "neighbours")
    assert [row[0] for row in _texts(table)] == ["this project", "similaripy 0.7.0"]
    assert table.note.startswith("Made up. Medians of 1 to 3 runs;")
