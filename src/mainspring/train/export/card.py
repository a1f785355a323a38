"""The card of an exported model: `README.md`, for hubs (its front matter) and for people.

What it keeps true: whatever stands in the names of documents, models and files breaks neither the YAML nor the
Markdown, as every value is escaped on its way into the template.
"""

import re
from pathlib import Path
from typing import Final

import yaml

from mainspring.pages import Markdown, escaped, markdown_template
from mainspring.train.export.lineage import Lineage, Rows

CARD: Final = "README.md"
_SPDX: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]*")
_FORMS: Final = {
    "adapter": (
        "An adapter in PEFT's form.",
        "transformers with PEFT, and vLLM (`--enable-lora`), load it over the base.",
    ),
    "safetensors": (
        "All weights, in Hugging Face's form.",
        "transformers, vLLM and SGLang load this folder as a model.",
    ),
    "gguf-adapter": (
        "An adapter in GGUF.",
        "llama.cpp (`--lora adapter.gguf`) lays it over a GGUF of the base, at whatever quantization that has.",
    ),
    "gguf": (
        "All weights, in GGUF.",
        'llama.cpp, Ollama, LM Studio and Mainspring (`provider = "local"`) load `model.gguf`.',
    ),
}
_LIBRARIES: Final = {"adapter": "peft", "safetensors": "transformers", "gguf-adapter": "gguf", "gguf": "gguf"}
_METHODS: Final = {"full": "all weights", "lora": "a low-rank adapter", "qlora": "a low-rank adapter on four bits"}


def card(lineage: Lineage) -> str:
    """Write the card."""
    front = yaml.safe_dump(_front_matter(lineage), allow_unicode=True, sort_keys=False, width=10_000)
    form, use = _FORMS[lineage.form]
    is_adapter = lineage.form in {"adapter", "gguf-adapter"}
    body = markdown_template(Path(__file__).parent, "card.md.jinja").render(
        lineage=lineage,
        base=lineage.base,
        job=lineage.job,
        dataset=lineage.dataset,
        n_rows=sum(rows.n_rows for rows in lineage.rows if rows.split == "train"),
        method=_METHODS[lineage.job.method],
        form=Markdown(
            form if lineage.quantization is None else f"{form[:-1]}, quantised as {lineage.quantization}."
        ),
        use=Markdown(use),
        rope_note=" Whoever loads the adapter has to stretch the base so." if is_adapter else "",
        agents=sorted({*lineage.dataset.prompts, *lineage.dataset.models}),
        training=_training(lineage),
        digest=_digest,
        rehearsal=_rehearsal,
    )
    return f"---\n{front}---\n\n{body}"


def _front_matter(lineage: Lineage) -> dict[str, object]:
    """What hubs and catalogues read."""
    licence = lineage.base.licence
    return {
        "base_model": lineage.base.given,
        "base_model_relation": _relation(lineage),
        "license": licence.lower() if _SPDX.fullmatch(licence) else "other" if licence else "unknown",
        **({"datasets": [lineage.dataset.name]} if lineage.dataset.name else {}),
        "library_name": _LIBRARIES[lineage.form],
        "pipeline_tag": "text-generation",
        "tags": ["mainspring", lineage.job.method],
    }


def _relation(lineage: Lineage) -> str:
    return "adapter" if lineage.form in {"adapter", "gguf-adapter"} else "finetune"


def _training(lineage: Lineage) -> list[tuple[str, object]]:
    """Give the figures of the run, in words."""
    job, figures = lineage.job, lineage.figures
    rows: list[tuple[str, object]] = [
        ("method", _METHODS[job.method]),
        *([("rank, alpha", f"{job.adapter.rank}, {job.adapter.alpha:g}")] if job.method != "full" else []),
        ("learnt from", job.learn.replace("_", " ")),
        ("highest learning rate", f"{job.highest_rate:g}"),
        ("tokens of a step, of a row", f"{job.batch_tokens}, {job.sequence_tokens}"),
        ("epochs", f"{job.epochs:g}"),
        ("seed", job.seed),
        ("steps", figures.steps),
        ("tokens", figures.tokens),
        ("parameters, trained", f"{figures.parameters}, {figures.trained_parameters}"),
        ("processes, device, precision", f"{figures.processes}, {figures.device}, {figures.precision}"),
        ("seconds", f"{figures.seconds:.0f}"),
        ("loss, first and last", f"{_loss(figures.first_loss)}, {_loss(figures.last_loss)}"),
        ("loss on the held-out split", _loss(figures.validation_loss)),
    ]
    return rows


def _loss(loss: float | None) -> str:
    return "not measured" if loss is None else f"{loss:.4f}"


def _rehearsal(rows: Rows) -> str:
    return f", {rows.n_rehearsal} of them against forgetting" if rows.n_rehearsal else ""


def _digest(sha256: str) -> Markdown:
    return Markdown(f"`{escaped(sha256)}`" if sha256 else "not known")
