"""The Python in the README and the docs runs as it stands."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [page for page in (ROOT / "docs").glob("*.md") if "```python" in page.read_text(encoding="utf-8")]


def snippets(page: Path) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_snippets_of_a_page_run(page: Path) -> None:
    for snippet in snippets(page):
        exec(compile(snippet, page.name, "exec"), {"__name__": "snippet"})  # noqa: S102 - our own pages


@pytest.mark.real_model
@pytest.mark.timeout(600)
def test_the_readme_example_runs_on_the_embedded_model(capsys: pytest.CaptureFixture[str]) -> None:
    first, *_ = snippets(ROOT / "README.md")

    exec(compile(first, "README.md", "exec"), {"__name__": "snippet"})  # noqa: S102 - our own page

    assert "4294967296" in capsys.readouterr().out.replace(",", "")
