"""House rules for every file of the project."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.house.tree import PROJECT, name_of, project_files, texts

# Written so that this file does not break its own rules.
FORBIDDEN = {
    "a path of one machine": re.compile(
        r"(?<![\w.])/(?:work|root|home)/" + r"|/tmp/[a-z]+/|C:\\\\Users", re.IGNORECASE
    ),
    "a package registry's address": re.compile(
        "|".join(
            re.escape(f"{host}.{top}")
            for host, top in [
                ("pypi", "org"),
                ("pythonhosted", "org"),
                ("npmjs", "org"),
                ("npmjs", "com"),
                ("deb.debian", "org"),
                ("crates", "io"),
                ("proxy.golang", "org"),
                ("rubygems", "org"),
            ]
        )
    ),
    "a document or folder that is not part of the project": re.compile(
        r"(?<![\w-])(?:contract|rules|vignettes|terminology|conformance|style)\.md|INDEX\.md|\.\./shared"
    ),
    "work left undone": re.compile(r"\b(?:TO" + "DO|FIX" + r"ME|X" + r"XX)\b"),
    "an issue's number": re.compile(r"\b(?:issue|ticket)s? #?\d", re.IGNORECASE),
}
# They hold these words to forbid them elsewhere.
FORBID_THEM_TOO = {"tests/house/test_repository.py", "tests/cards/test_valuesets.py"}
LOCKS = ("requirements.lock", "requirements-otel.lock", "requirements-dev.lock", "requirements-spark.lock")
INSTALLER = "requirements-uv.lock"


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_names(what: str) -> None:
    found = [
        f"{name}: {match.group()}"
        for name, text in texts()
        if name not in FORBID_THEM_TOO
        for match in FORBIDDEN[what].finditer(text)
    ]
    assert found == []


def test_one_file_knows_where_the_shared_data_lies() -> None:
    variable = "PLATELET_HOOKS_TEST" + "_DATA"
    assert [name for name, text in texts() if variable in text] == ["tests/conftest.py"]


def locked(lock: str) -> list[str]:
    """The entries of a lock file, each with its hashes."""
    text = (PROJECT / lock).read_text(encoding="utf-8")
    lines = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("#"))
    return re.split(r"\n(?=\S)", lines.strip())


@pytest.mark.parametrize("lock", [*LOCKS, INSTALLER])
def test_every_locked_package_has_a_version_and_a_hash(lock: str) -> None:
    entry = re.compile(r"[a-z0-9.-]+==\S+[^\n]* \\\n +--hash=sha256:[0-9a-f]{64}")
    assert len(locked(lock)) > 20 or lock == INSTALLER
    assert [one for one in locked(lock) if not entry.match(one)] == []


@pytest.mark.parametrize("lock", [*LOCKS, INSTALLER])
def test_a_lock_names_no_place(lock: str) -> None:
    text = (PROJECT / lock).read_text(encoding="utf-8")
    assert re.findall(r"\w+://|file:|--(?:extra-)?index-url|--find-links| @ ", text) == []


def test_the_lock_for_development_holds_what_runs() -> None:
    run, traced, develop, spark = (set(locked(lock)) for lock in LOCKS)
    assert run < traced < develop
    versions = [{one.split()[0] for one in some} for some in (run, spark)]
    assert versions[0] < versions[1]


def test_the_words_of_a_card_stand_beside_its_rule_and_have_a_test() -> None:
    words = [p for p in (PROJECT / "cards").glob("*/*.md") if p.stem not in ("README", "RULEBOOK")]
    assert words
    tests = {path.stem for path in (PROJECT / "tests/cards").glob("test_*.py")}
    lonely = [name_of(path) for path in words if not path.with_suffix(".py").is_file()]
    untested = [
        name_of(path)
        for path in words
        if tests.isdisjoint({f"test_{path.stem}", f"test_{path.parent.name}_{path.stem}"})
    ]
    assert (lonely, untested) == ([], [])


def test_each_release_of_the_changelog_begins_with_the_clinical_part() -> None:
    releases = re.split(r"^## ", (PROJECT / "CHANGELOG.md").read_text(encoding="utf-8"), flags=re.MULTILINE)[
        1:
    ]
    assert releases
    firsts = [re.findall(r"^### (.+)$", release, flags=re.MULTILINE)[:1] for release in releases]
    assert firsts == [["Clinical"]] * len(releases)


def test_the_tree_is_found() -> None:
    names = {name_of(path) for path in project_files()}
    assert {"pyproject.toml", "Makefile", "cards/thresholds.py", "cds_service/settings.py"} <= names
    assert not any(Path(name).parts[0] in (".venv", ".git") for name in names)
