"""Starting Spark, and saying in one line what is missing where it cannot start."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from songrec.errors import ConfigError
from songrec.extras import require

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

OLDEST_JAVA = 17

ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""A task of Spark is one core's work."""


@dataclass(frozen=True)
class Settings:
    """Where Spark runs.

    Attributes
    ----------
    master : str
        `local[2]`: in this process, on two cores. Empty: as `spark-submit` says, or the cluster's defaults.
    memory : str
        Of the driver, which locally does all the work.
    partitions : int
        Parts that a shuffle makes: some two or three for each core of the cluster.
    options : mapping
        Any further `spark.` settings.
    """

    master: str = "local[2]"
    memory: str = "2g"
    partitions: int = 4
    options: Mapping[str, str] = field(default_factory=dict)


def check_spark() -> None:
    """`ConfigError`, one line that says what to install, unless PySpark and Java are here."""
    require("spark", "the engine spark")
    home = os.environ.get("JAVA_HOME")
    java = Path(home, "bin", "java") if home else shutil.which("java")
    remedy = f"install Java {OLDEST_JAVA} or later (Debian, Ubuntu: apt-get install openjdk-17-jre-headless)"
    if not java or not Path(java).exists():
        where = f"there is none in JAVA_HOME ({home})" if home else "there is none on the PATH"
        raise ConfigError(f"the engine spark needs Java, and {where}: {remedy}, or set JAVA_HOME")
    said = subprocess.run([str(java), "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(?:1\.)?(\d+)', said)
    if not found or int(found[1]) < OLDEST_JAVA:
        version = found[1] if found else "of an unknown version"
        raise ConfigError(f"the engine spark needs Java {OLDEST_JAVA}, and {java} is {version}: {remedy}")


@contextmanager
def session(settings: Settings, scratch: Path | str) -> Iterator["SparkSession"]:
    """A session of Spark, stopped at the end whatever happens.

    Parameters
    ----------
    settings : Settings
        Where it runs.
    scratch : Path or str
        A folder that every machine of the cluster can reach; what is made once and read often is kept there,
        so that an executor that is lost costs time and changes nothing.

    Raises
    ------
    ConfigError
        Where PySpark or Java is missing.
    """
    check_spark()
    from pyspark.sql import SparkSession

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    local = settings.master.startswith("local")
    chosen = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.shuffle.partitions": str(settings.partitions),
        "spark.sql.adaptive.enabled": "false",  # it would change partitions while codes are counted through
        "spark.sql.execution.arrow.maxRecordsPerBatch": "4096",
        "spark.sql.execution.arrow.pyspark.enabled": "true",
        **{f"spark.executorEnv.{name}": value for name, value in ONE_THREAD.items()},
    }
    if local:
        chosen |= {
            "spark.driver.memory": settings.memory,
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.sql.warehouse.dir": str(Path(str(scratch)) / "warehouse"),
        }
    builder = SparkSession.builder.appName("songrec")
    if settings.master:
        builder = builder.master(settings.master)
    for name, value in (chosen | dict(settings.options)).items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    try:
        spark.sparkContext.setLogLevel("ERROR")
        spark.sparkContext.setCheckpointDir(str(scratch))
        yield spark
    finally:
        spark.stop()
