"""What is missing for Spark is said in one line, with what installs it."""

import pytest

from songrec import extras
from songrec.engines.spark import session
from songrec.errors import ConfigError


def fake_java(folder, said):
    folder.mkdir(parents=True)
    java = folder / "java"
    java.write_text(f"#!/bin/sh\necho '{said}' >&2\n")
    java.chmod(0o755)
    return folder


@pytest.fixture
def with_pyspark(monkeypatch):
    monkeypatch.setattr(session, "require", lambda *_: None)
    monkeypatch.delenv("JAVA_HOME", raising=False)


def test_without_pyspark(monkeypatch):
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    with pytest.raises(
        ConfigError, match=r"^the engine spark needs PySpark, which is not installed: make spark$"
    ):
        session.check_spark()


def test_without_java(monkeypatch, tmp_path, with_pyspark):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        ConfigError, match=r"none on the PATH: install Java 17 or later .*openjdk-17"
    ) as raised:
        session.check_spark()
    assert "\n" not in str(raised.value)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "none"))
    with pytest.raises(ConfigError, match=r"none in JAVA_HOME"):
        session.check_spark()


@pytest.mark.parametrize(
    ("said", "fine"),
    [
        ('openjdk version "17.0.15" 2025-04-15', True),
        ('java version "21"', True),
        ('java version "1.8.0_392"', False),
        ("nothing", False),
    ],
)
def test_the_version_of_java(said, fine, monkeypatch, tmp_path, with_pyspark):
    monkeypatch.setenv("JAVA_HOME", str(fake_java(tmp_path / "jdk" / "bin", said).parent))
    if fine:
        session.check_spark()
    else:
        with pytest.raises(ConfigError, match=r"needs Java 17, and .*install Java 17 or later"):
            session.check_spark()


def test_a_run_says_so_before_anything_starts(monkeypatch):
    from songrec.pipeline.plan import make_plan
    from songrec.pipeline.run import run

    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match="needs PySpark, which is not installed: make spark"):
        run(make_plan("tiny", ["spark.engines=[spark]"]), ["study.spark"])
