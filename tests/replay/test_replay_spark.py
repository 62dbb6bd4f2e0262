"""The Spark engine gives the bytes of the local one: text in blocks, packed files, bad lines, drugs referred to."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from cds_service.commands.pack_export import pack
from cds_service.replay.demo_export import write_export
from cds_service.replay.run import run
from tests.replay.exports import KEY, asked, silent, table_bytes

BLOCK = 30_000
"""Bytes: so small that the longest file is read in several blocks."""


@pytest.fixture(scope="module")
def spark() -> dict[str, str]:
    """The environment of a run with blocks of that size. Needs the extra and Java; in CI both have to be there."""
    lacks = (
        "the extra spark"
        if find_spec("pyspark") is None
        else "Java"
        if shutil.which("java") is None
        else None
    )
    if lacks is not None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{lacks} is missing")
        pytest.skip(f"{lacks} is missing")
    options = {
        "spark.sql.files.maxPartitionBytes": str(BLOCK),
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.extraJavaOptions": "'-XX:TieredStopAtLevel=1 -XX:+UseSerialGC'",  # it lives some seconds only
        "spark.driver.host": "127.0.0.1",
        "spark.log.level": "ERROR",
        "spark.ui.enabled": "false",
    }
    told = " ".join(f"--conf {name}={value}" for name, value in options.items())
    return {
        **os.environ,
        "PYSPARK_SUBMIT_ARGS": f"--master local[2] {told} pyspark-shell",
        "SPARK_LOCAL_IP": "127.0.0.1",
    }


def export_of_all_kinds(folder: Path) -> None:
    """Some files as text, one packed, one with Medications that orders refer to."""
    write_export(folder / "text", patients=50, seed=21, noise=3)
    pack(folder / "text", folder / "packed")
    shutil.move(folder / "packed/Condition.ndjson.parquet", folder / "text/Condition.ndjson.parquet")
    (folder / "text/Condition.ndjson").unlink()
    subject = '{"reference":"https://ehr.example/fhir/Patient/demo-0000003"}'
    for name, line in {
        "Medication": '{"resourceType":"Medication","id":"asa","code":{"coding":'
        '[{"system":"http://www.nlm.nih.gov/research/umls/rxnorm","code":"1191"}]}}',
        "more": '{"resourceType":"MedicationRequest","id":"r","status":"active","intent":"order","subject":'
        + subject
        + ',"authoredOn":"2025-12-31T10:00:00Z","medicationReference":{"reference":"Medication/asa"}}',
    }.items():
        (folder / f"text/{name}.ndjson").write_text(line + "\n\nno JSON", encoding="utf-8")


def test_both_engines_write_the_same_bytes(spark: dict[str, str], tmp_path: Path) -> None:
    export_of_all_kinds(tmp_path)
    export = tmp_path / "text"
    assert (export / "Observation.ndjson").stat().st_size > 3 * BLOCK
    run(asked(export, tmp_path / "local"), silent)
    (tmp_path / "key").write_text(KEY, encoding="ascii")
    command = [sys.executable, "-c", "from cds_service.cli import main; main()", "replay", str(export)]
    options = ["--out", str(tmp_path / "spark"), "--engine", "spark", "--key-file", str(tmp_path / "key")]
    done = subprocess.run(
        [*command, *options], env=spark, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert table_bytes(tmp_path / "spark") == table_bytes(tmp_path / "local")
    assert (tmp_path / "spark/review-patients.csv").read_bytes() == (
        tmp_path / "local/review-patients.csv"
    ).read_bytes()
    assert not (tmp_path / "spark/.work").exists()
