import os
from pathlib import Path

import pytest

from mainspring.data.reading import Skipped
from mainspring.data.reading.walk import Found, walk


def names(root: Path) -> list[str]:
    return [item.name for item in walk(root)]


def test_files_come_in_the_order_of_their_whole_names(tmp_path: Path) -> None:
    for name in ("b/z.txt", "b.txt", "a/a.txt", "b-.txt", "B.txt", "with space.txt", "🌊.txt"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("words")
    found = names(tmp_path)
    assert found == sorted(found)
    assert found == ["B.txt", "a/a.txt", "b-.txt", "b.txt", "b/z.txt", "with space.txt", "🌊.txt"]


def test_hidden_files_installed_packages_and_the_locks_of_office_are_left_out(tmp_path: Path) -> None:
    for name in (".git/a.txt", ".hidden.txt", "node_modules/a.js", "sub/.x/a.txt", "~$plan.docx", "documents.toml"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text("words")
    (tmp_path / "kept.txt").write_text("words")
    assert names(tmp_path) == ["kept.txt"]


@pytest.mark.parametrize(
    ("target", "says"),
    [
        (".", "back to a folder"),
        ("..", "back to a folder"),
        ("link", "nowhere, or to itself"),
        ("gone", "nowhere, or to itself"),
        ("/", "back to a folder"),
        ("/etc", "out of the folder"),
        ("kept.txt", "leads to 'kept.txt'"),
    ],
)
def test_links_are_reported_and_not_followed(tmp_path: Path, target: str, says: str) -> None:
    (tmp_path / "kept.txt").write_text("words")
    (tmp_path / "link").symlink_to(target)
    file, link = walk(tmp_path)
    assert isinstance(file, Found)
    assert isinstance(link, Skipped)
    assert link.reason == "link"
    assert says in link.says


def test_a_name_that_is_not_utf8_is_reported_in_letters(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.txt")).write_text("words")
    (item,) = walk(tmp_path)
    assert isinstance(item, Skipped)
    assert (item.name, item.reason) == ("caf\\xe9.txt", "name")
    assert item.model_dump_json()


@pytest.fixture
def unreachable(tmp_path: Path) -> Path:
    """A folder whose own path is too long for the system, so that not even root can list it."""
    root = tmp_path / "root"
    root.mkdir()
    folder = os.open(root, os.O_RDONLY)
    for _ in range(18):
        os.mkdir("d" * 250, dir_fd=folder)  # The path of it is too long for pathlib.
        deeper = os.open("d" * 250, os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = deeper
    os.close(folder)
    return root


def test_a_folder_that_cannot_be_listed_is_reported_and_the_rest_comes_out(unreachable: Path) -> None:
    (unreachable / "kept.txt").write_text("words")
    folder, kept = walk(unreachable)
    assert isinstance(folder, Skipped)
    assert folder.reason == "unreadable"
    assert kept.name == "kept.txt"
