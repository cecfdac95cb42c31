"""The tables of what answering takes."""

from made_up import frame, made_up_run

from songrec.pages import service


def test_a_row_for_each_model_and_kind_of_request(tmp_path):
    made = made_up_run(tmp_path, {})
    columns = (
        "log model requests rate seconds n failed p50_ms p99_ms idle_p99_ms cpu_ms start_seconds "
        "memory_mb own_mb grown_mb"
    )
    rows = [
        ["a log", model, requests, 300.0, 60, 18_000, 0, 2.5, 12.0, 11.0, 1.25, 3.5, 450.0, 150.0, 0.25]
        for model in ("EASE", "ALS")
        for requests in ("known user", "40 songs")
    ]
    bench = tmp_path / "bench"
    bench.mkdir()
    rows = frame(columns, rows).assign(load=3.0, generator="k6 v1", machine="A machine.")
    rows.to_csv(bench / "service.csv", index=False)
    took, cost = service.times(made), service.footprint(made)
    assert took.columns["model"].cells == cost.columns["model"].cells == ["EASE", "EASE", "ALS", "ALS"]
    assert took.columns["a second"].cells[0] == "300"
    assert cost.columns["most a second, a core"].cells[0] == "800"
    for table in (took, cost):
        assert "by k6 v1" in table.note
        assert table.note.endswith("A machine.")
