"""The table of what a night takes."""

from made_up import frame, made_up_run

from songrec.pages import routine


def test_a_row_for_each_step(tmp_path):
    made = made_up_run(tmp_path, {})
    (tmp_path / "bench").mkdir()
    rows = frame("step seconds", [["first night: run", 41.234], ["rollback", 3.5]])
    rows = rows.assign(users=6_000, answers=1_200, failed=0, poll=0.5, load=1.0, machine="A machine.")
    rows.to_csv(tmp_path / "bench" / "routine.csv", index=False)
    table = routine.durations(made)
    assert table.columns["step"].cells == ["first night: run", "rollback"]
    assert "1,200 lists, 0 failed" in table.note
    assert table.note.endswith("A machine.")


def test_a_row_for_each_image(tmp_path):
    made = made_up_run(tmp_path, {})
    (tmp_path / "bench").mkdir()
    frame("image mb", [["serve", 440], ["pipeline", 1_300]]).to_csv(
        tmp_path / "bench" / "images.csv", index=False
    )
    assert routine.images(made).columns["MB"].cells == ["440", "1,300"]
