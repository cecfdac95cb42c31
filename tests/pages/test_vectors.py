"""The table of indexes."""

from made_up import frame, made_up_run

from songrec.pages import vectors


def test_a_row_for_each_log_and_index(tmp_path):
    made = made_up_run(tmp_path, {})
    columns = "log songs factors index library k recall p50_ms p99_ms build_seconds memory_mb queries "
    costs = [0.25, 1.5, 12.0, 100.0, 200, 50]
    rows = [
        ["a log", songs, 64, index, "lib 1", k, 0.987, *costs]
        for songs in (9_000, 380_000)
        for index in ("exact", "graph")
        for k in (10, 100)
    ]
    bench = tmp_path / "bench"
    bench.mkdir()
    frame(columns + "excluded", rows).assign(machine="A machine.").to_csv(bench / "vectors.csv", index=False)
    table = vectors.indexes(made)
    assert table.columns["songs"].cells == ["9,000", "9,000", "380,000", "380,000"]
    assert table.columns["index"].cells[1] == "graph in memory (lib 1)"
    assert table.columns["of the best found"].cells[0] == "98.7 %"
    assert "200 users" in table.note
