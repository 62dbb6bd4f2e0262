"""The content in force: loaded strictly, and known by its version."""

from __future__ import annotations

from pathlib import Path

import pytest

from cds_service.content import ContentError, content_version, load_content


def test_the_shipped_content_loads() -> None:
    loaded = load_content()
    assert loaded.version.startswith("1.0.0+")
    assert len(loaded.words.sections) > 20
    assert len(loaded.terminology) > 100
    assert {pathogen.id for pathogen in loaded.pathogens} >= {"INF-EBV", "INF-HP", "INF-SEP", "INF-DEN"}
    assert loaded.version == load_content().version


def test_a_changed_word_is_another_version(tmp_path: Path) -> None:
    versions = []
    for words in ("one", "two", "one"):
        (tmp_path / "a.md").write_text(words, encoding="utf-8")
        (tmp_path / "note.txt").write_text(words * len(versions), encoding="utf-8")
        versions.append(content_version(tmp_path))
    assert versions[0] == versions[2] != versions[1]


def test_doubtful_content_stops_the_start_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "words.md").write_text("## TRF-02\nsource: NOWHERE\n### title\nA\n", encoding="utf-8")
    with pytest.raises(ContentError) as stopped:
        load_content(tmp_path)
    assert str(stopped.value) == "clinical content: words, TRF-02: unknown citation 'NOWHERE'"
