"""`platelet-hooks content`: what is wrong, in words, and what is in force and where it comes from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cards.thresholds import described
from cds_service.cli import main

CLIENT = """
[[clients]]
name = "b"
iss = "https://b.example.org/"
jku = "https://b.example.org/jwks.json"
content = "site-b.toml"
"""


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["content", *map(str, arguments)])


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_that_is_fine_is_counted(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        "site.toml",
        "[content.thresholds]\ncd4_low = 250\n[content.rules]\n'TRF-04' = 'silent'\n'SAFE-09' = 'off'\n",
    )
    done = run("check", file)
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert lines[0].startswith("site.toml: fine, 1 thresholds, 2 rules; content 1.0.0+")
    assert lines[1] == "site.toml: note: SAFE-09 is off: its warnings are not shown"
    assert run("check", write(tmp_path, "none.toml", "")).stdout.startswith(
        "none.toml: fine, nothing is changed"
    )


def test_everything_that_is_wrong_is_said_with_status_2(tmp_path: Path) -> None:
    write(tmp_path, "site-b.toml", "[content.contacts]\nnobody = '1'\n")
    file = write(tmp_path, "site.toml", f"[content.rules]\n'TRF-99' = 'off'\n{CLIENT}")
    done = run("check", file)
    assert done.exit_code == 2
    assert done.stderr.splitlines()[:2] == [
        "site.toml: [content.rules] TRF-99: there is no such rule; TRF-09 is one",
        "site-b.toml: [content.rules] TRF-99: there is no such rule; TRF-09 is one",
    ]
    assert "nobody: there is no draft of that name" in done.stderr


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "[content.thresholds]\ncd4_low = 'many'\n",
            "[content.thresholds] cd4_low: expected a number for each",
        ),
        ("[content.rules]\n'TRF-04' = 'loud'\n", '[content.rules] TRF-04: expected "silent", "off" or "on"'),
        (
            "[content.links]\n'*' = [{label = '<b>', url = 'https://x.org'}]\n",
            "[content.links] *, 1, label: expected one line of at most 80 characters\n",
        ),
        ("[content.links]\n'*' = [{label = ' ', url = 'https://x.org'}]\n", "*, 1, label: expected one line"),
        ("[content.links]\n'*' = [{label = 'a\u202eb', url = 'https://x.org'}]\n", "*, 1, label: expected"),
        (
            "[content.links]\n'*' = [{label = 'a', url = 'https://?'}]\n",
            "*, 1, url: expected an http(s) address",
        ),
        (
            "[content.local_codes]\nlab-ebv = [{system = 'u', code = 'c', dsplay = 'd'}]\n",
            "[content.local_codes] lab-ebv, 1, dsplay: not a setting\n",
        ),
        (
            "[content.local_codes]\nlab-ebv = [{code = 'c'}]\n",
            "[content.local_codes] lab-ebv, 1, system: missing; expected the code system's URI\n",
        ),
        ("[contents]\n", "expected only the tables"),
        ("[content", "expected a readable TOML file"),
    ],
)
def test_a_file_of_a_wrong_shape_is_said_with_status_2(tmp_path: Path, text: str, expected: str) -> None:
    done = run("check", write(tmp_path, "site.toml", text))
    assert done.exit_code == 2
    assert expected in done.stderr
    assert done.stderr.count("\n") == 1


def test_what_is_in_force_and_where_it_comes_from(tmp_path: Path) -> None:
    write(tmp_path, "site-b.toml", "[content.thresholds]\ncd4_low = 300\n")
    file = write(tmp_path, "site.toml", f"[content.thresholds]\ncd4_low = 250\n{CLIENT}")
    shown = run("show", file).stdout
    assert [line.split() for line in shown.splitlines() if line.startswith("  cd4_low")] == [
        ["cd4_low", "250", "/uL", "site.toml"]
    ]
    assert [line.split() for line in shown.splitlines() if line.startswith("  very_low")] == [
        ["very_low", "10", "10*9/L", "shipped", "(AABB25)"]
    ]
    assert sum(line.startswith("  ") for line in shown.splitlines()) == len(described())
    changed = run("show", file, "--changed", "--client", "b").stdout.splitlines()
    assert [line.split() for line in changed if line.startswith("  ")] == [
        ["cd4_low", "300", "/uL", "site-b.toml"]
    ]


def test_each_local_code_says_which_file_it_is_of(tmp_path: Path) -> None:
    listed = {"include": [{"system": "urn:lab", "concept": [{"code": "FROM-FILE"}]}]}
    resource = {"resourceType": "ValueSet", "id": "obs-platelet-count", "compose": listed}
    write(tmp_path, "lab.json", json.dumps(resource))
    table = "[content.local_codes]\nobs-platelet-count = [{system = 'urn:lab', code = '%s'}]\n"
    write(tmp_path, "site-b.toml", "\ufeff" + table % "FROM-B")
    file = write(tmp_path, "site.toml", f"{table % 'FROM-SITE'}files = ['lab.json']\n{CLIENT}")
    shown = run("show", file, "--changed", "--client", "b").stdout.splitlines()
    assert [line.split()[2:] for line in shown if line.startswith("  obs")] == [
        ["FROM-SITE", "site.toml"],
        ["FROM-FILE", "lab.json"],
        ["FROM-B", "site-b.toml"],
    ]


def test_the_configured_file_is_shown_without_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(tmp_path, "site.toml", "[content.rules]\n'TRF-04' = 'silent'\n")
    monkeypatch.setenv("PLATELET_HOOKS_CONFIG", str(file))
    shown = run("show", "--changed").stdout
    assert "TRF-04  silent  " in shown
    assert run("show", "--client", "nobody").exit_code == 2


@pytest.mark.parametrize("command", ["check", "show"])
def test_a_file_that_is_not_there_is_one_line(tmp_path: Path, command: str) -> None:
    done = run(command, tmp_path / "none.toml")
    assert done.exit_code == 2
    assert len(done.stderr.splitlines()) == 1
