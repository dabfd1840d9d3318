"""The harness of `make mutate` tells caught, survived and unproven apart."""

from __future__ import annotations

from pathlib import Path

import pytest

import mutate
from mutations import MUTATIONS, Mutation

PYTEST = "[tool.pytest.ini_options]\nfilterwarnings = ['error']\n"
SHEAR = "def stress(mu, eps):\n    return 2 * mu * eps\n"
TEST = (
    "from femcrust.shear import stress\n\ndef test_shear():\n    assert stress(3.0, 1.0) == 6.0\n"
)
TESTS = ("tests/test_shear.py",)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name, text in {
        "pyproject.toml": PYTEST,
        "femcrust/shear.py": SHEAR,
        "femcrust/__init__.py": "",
        "tests/test_shear.py": TEST,
    }.items():
        (tmp_path / "source" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "source" / name).write_text(text)
    mutate.mirror(tmp_path / "source", tmp_path / "copy")
    return tmp_path / "copy"


def planted(error: str, old: str, new: str) -> Mutation:
    return Mutation(error, "femcrust/shear.py", old, new, TESTS)


def test_caught_survived_and_unproven(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    errors = (
        planted("halved", "2 * mu", "mu"),
        planted("harmless", "eps\n", "eps  # tensor\n"),
        planted("absent", "3 * mu", "mu"),
        planted("syntax", "return", "return return"),
    )
    assert mutate.examine(errors, tree) == 3
    halved, harmless, absent, syntax, total = capsys.readouterr().out.splitlines()
    assert "caught by tests/test_shear.py::test_shear" in halved
    assert "SURVIVED" in harmless
    assert "UNPROVEN: '3 * mu' stands 0 times" in absent
    assert "UNPROVEN: pytest stopped" in syntax
    assert total == "1 of 4 errors caught"
    assert (tree / "femcrust/shear.py").read_text() == SHEAR


def test_a_suite_that_fails_by_itself_proves_nothing(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tree / "tests/test_shear.py").write_text(TEST.replace("6.0", "7.0"))
    assert mutate.examine([planted("halved", "2 * mu", "mu")], tree) == 1
    assert "without any error planted: tests/test_shear.py" in capsys.readouterr().out


def test_mirror_follows_deletions_and_keeps_time_stamps(tree: Path) -> None:
    source = tree.parent / "source"
    before = (tree / "femcrust/shear.py").stat().st_mtime_ns
    (source / "tests/test_shear.py").unlink()
    mutate.mirror(source, tree)
    assert not (tree / "tests/test_shear.py").exists()
    assert (tree / "femcrust/shear.py").stat().st_mtime_ns == before


def test_every_listed_error_can_be_planted(root: Path) -> None:
    """`make mutate` is too slow for every check; that its table fits the sources is not."""
    for mutation in MUTATIONS:
        text = (root / mutation.file).read_text(encoding="utf-8")
        assert text.count(mutation.old) == 1, mutation.error
        assert mutation.old != mutation.new
        for test in mutation.tests:
            assert (root / test.split("::")[0]).exists(), test
