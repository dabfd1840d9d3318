"""`femcrust data`: every public file that the tests read is in its table, and changes are seen."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

from femcrust import data as public
from femcrust.cli import main
from femcrust.data.sources import SOURCES
from femcrust.errors import InputError

READ = re.compile(r'data / "(\w+)" / "([^"{]+)"')


def test_what_tests_read_is_in_the_table(root: Path) -> None:
    listed = {file.path for file in public.public_files()}
    found = {
        "/".join(parts)
        for path in (root / "tests").rglob("*.py")
        for parts in READ.findall(path.read_text(encoding="utf-8"))
    }
    assert len(found) >= 5
    assert found <= listed


def test_every_source_is_used_and_has_a_licence() -> None:
    used = {file.source.url for file in public.public_files()}
    assert used == {source.url for source in SOURCES.values()}
    for source in SOURCES.values():
        assert source.url.startswith("https://")
        assert source.licence
        assert source.credit


def test_all_files_are_those_of_the_table(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    public.check(data)
    said = capsys.readouterr().out
    assert said.count("  whole\n") == len(public.public_files())


def small_table(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """A table of two files in place of the real one; both are there, one of them packed."""
    (folder / "a").mkdir()
    (folder / "a" / "one.txt").write_bytes(b"one\n")
    (folder / "a" / "two.txt.gz").write_bytes(gzip.compress(b"two\n"))
    source = next(iter(SOURCES))
    digests = {
        "one.txt": "2c8b08da5ce60398e1f19af0e5dccc744df274b826abe585eaba68c525434806",
        "two.txt": "27dd8ed44a83ff94d557f9fd0412ed5a8cbca69ea04922d88c01184a07300a5a",
    }
    rows = "".join(f"a/{name},{digest},{source}\n" for name, digest in digests.items())
    (folder / "files.csv").write_text(f"file,sha256,source\n{rows}")
    monkeypatch.setattr(public, "TABLE", folder / "files.csv")


def test_a_changed_file_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    small_table(monkeypatch, tmp_path)
    assert main(["data", str(tmp_path)]) == 0
    assert "0 files absent, the others whole" in capsys.readouterr().out
    (tmp_path / "a" / "one.txt").write_bytes(b"one!\n")
    assert main(["data", str(tmp_path)]) == 2
    said = capsys.readouterr()
    assert said.err.count("\n") == 1
    assert "a/one.txt: not what was published" in said.err
    (tmp_path / "a" / "one.txt").unlink()
    monkeypatch.setenv("FEMCRUST_DATA", str(tmp_path))
    assert main(["data"]) == 0
    assert "1 files absent" in capsys.readouterr().out
    broken = (tmp_path / "a" / "two.txt.gz").read_bytes()[:-9]
    (tmp_path / "a" / "two.txt.gz").write_bytes(broken)
    assert main(["data"]) == 2


def test_without_a_folder_they_are_listed_only(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("FEMCRUST_DATA", raising=False)
    assert main(["data"]) == 0
    said = capsys.readouterr().out
    assert "set FEMCRUST_DATA" in said
    assert all(source.url in said for source in SOURCES.values())
    with pytest.raises(InputError, match="is no folder"):
        public.check(Path("nowhere"))
