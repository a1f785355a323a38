"""The card of a dataset: `README.md`, for loaders (its front matter) and for people.

What it keeps true: whatever stands in the names, titles and licences of documents breaks neither the YAML nor the
Markdown, as every value is escaped on its way into the template; no time and no place stand in it, so that the same
dataset has the same card.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic_core import to_json

from mainspring.data.example import KINDS
from mainspring.data.writing.folder import SPLITS, Dataset, DocumentRow
from mainspring.data.writing.formats import FORMATS
from mainspring.data.writing.sources import Sources
from mainspring.data.writing.tally import Tally
from mainspring.pages import Markdown, escaped, markdown_template

_SIZES: Final = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
)
_LARGEST: Final = "10M<n<100M"
_SPDX: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]*")
_MAX_DOCUMENTS: Final = 200
"""Documents that the card lists; all of them stand in `documents.jsonl`."""


class _Dumper(yaml.SafeDumper):
    """Repeats what is the same: the `datasets` library takes apart what it reads, and fails at references."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - as PyYAML has it
        return True


def card(dataset: Dataset, tally: Tally, sources: Sources, *, shards: Sequence[str]) -> str:
    """Write the card.

    Args:
        dataset: The form of the rows.
        tally: What they are.
        sources: The documents, and what the build says of itself.
        shards: Names of the files with rows, in order.
    """
    documents = [sources.documents[name] for name in tally.by_document]
    front = yaml.dump(
        _front_matter(dataset, tally, documents, shards),
        Dumper=_Dumper,
        allow_unicode=True,
        sort_keys=False,
        width=10_000,
    )
    body = markdown_template(Path(__file__).parent, "card.md.jinja").render(
        dataset=dataset,
        tally=tally,
        splits=[split for split in SPLITS if tally.n_rows(split)],
        kinds=[kind for kind in KINDS if tally.n_rows(kind=kind)],
        documents=documents[:_MAX_DOCUMENTS],
        n_more_documents=max(0, len(documents) - _MAX_DOCUMENTS),
        n_documents=len(sources.documents),
        agents=sorted({*tally.prompts, *tally.models}),
        sampling={agent: to_json(one).decode() for agent, one in sorted(sources.report.sampling.items())},
        refusals=sorted(tally.refusals.items(), key=lambda item: (-item[1], item[0])),
        report=sources.report,
        noun="run" if documents and all(document.kind == "run" for document in documents) else "document",
        percent=_percent,
        share=_share,
        prompt_words=_prompt_words,
    )
    return f"---\n{front}---\n\n{body}"


def _front_matter(
    dataset: Dataset, tally: Tally, documents: Sequence[DocumentRow], shards: Sequence[str]
) -> dict[str, Any]:
    """What loaders and catalogues read: the rows are in these files, and nowhere else."""
    languages = sorted({document.language for document in documents if document.language})
    n = tally.n_rows()
    files = [
        {"split": split, "path": [name for name in shards if name.startswith(f"{split}-")]}
        for split in SPLITS
        if tally.n_rows(split)
    ]
    return {
        "license": _licence({document.licence for document in documents}),
        **({"language": languages} if languages else {}),
        "task_categories": [*(["question-answering"] if tally.n_cited else []), "text-generation"],
        "size_categories": [next((words for size, words in _SIZES if n < size), _LARGEST)],
        "tags": ["synthetic"],
        "configs": [{"config_name": "default", "data_files": files}],
        "dataset_info": {"features": FORMATS[dataset.format]("").FEATURES},
    }


def _licence(licences: set[str]) -> str:
    """Give the licence that all documents have: `other` if they differ, `unknown` if nobody said."""
    if licences <= {""}:
        return "unknown"
    only = next(iter(licences)) if len(licences) == 1 else ""
    return only.lower() if _SPDX.fullmatch(only) else "other"


def _percent(share: float) -> str:
    return f"{share * 100:.3g} %"


def _share(share: float | None) -> str:
    return "an unknown share" if share is None else _percent(share)


def _prompt_words(prompt: str) -> Markdown:
    """Write `2:ab12...` as its version and the beginning of its digest."""
    version, _, digest = prompt.partition(":")
    return Markdown(f"version {escaped(version)}" + (f" ({escaped(digest[:12])})" if digest else ""))
