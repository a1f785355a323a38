"""`mainspring train export`: the trained model in the form that a server takes, and proof that it says the same."""

import asyncio
from pathlib import Path
from typing import Annotated, TypeVar, get_args

import typer
from pydantic import JsonValue
from pydantic_core import to_json

from mainspring.cli.app import FAILED
from mainspring.cli.asked import AsJson
from mainspring.cli.views.screen import Screen, results
from mainspring.core.errors import ConfigError
from mainspring.train.export import Exported, Form, Proof, Quantization, prove
from mainspring.train.export import export as write_export
from mainspring.train.folder import RunFolder

T = TypeVar("T", bound=str)

Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="The folder of a training run.")]
To = Annotated[str, typer.Option("--to", metavar="FORM", help=f"{', '.join(get_args(Form))}.")]
As = Annotated[
    str, typer.Option("--quantization", metavar="TYPE", help=f"Of a GGUF: {', '.join(get_args(Quantization))}.")
]
Name = Annotated[str, typer.Option("--name", metavar="NAME", help="Of its folder in FOLDER/exports/.")]
Proven = Annotated[bool, typer.Option("--prove", help="Serve it, and compare its answers with PyTorch's.")]


def export(
    folder: Folder,
    *,
    to: To = "gguf",
    quantization: As = "q8_0",
    name: Name = "",
    is_proven: Proven = False,
    as_json: AsJson = False,
) -> None:
    """Write what the run in FOLDER came to in the form that a server takes, with a card.

    With --prove the exit code is 1 where it does not say what the trained model says.
    """
    form: Form = _one_of(to, get_args(Form), "--to")
    kept: Quantization = _one_of(quantization, get_args(Quantization), "--quantization")
    run = RunFolder(folder)
    with results() as out:
        exported = write_export(run, form, quantization=kept, name=name)
        proof = asyncio.run(prove(exported, run)) if is_proven else None
        if as_json:
            out.console.file.write(to_json(_document(exported, proof), indent=2).decode() + "\n")
        else:
            _draw(out, exported, proof)
    if proof is not None and not proof.holds:
        raise typer.Exit(FAILED)


def _one_of(given: str, known: tuple[T, ...], option: str) -> T:
    for one in known:
        if one == given:
            return one
    raise ConfigError(f"{option} {given!r} is none of {', '.join(known)}")


def _document(exported: Exported, proof: Proof | None) -> dict[str, JsonValue]:
    document: dict[str, JsonValue] = {
        "folder": str(exported.folder),
        "form": exported.form,
        "quantization": exported.quantization,
        "size_bytes": exported.size_bytes,
        "files": [one.model_dump(mode="json") for one in exported.files],
    }
    if proof is not None:
        document["proof"] = {
            "holds": proof.holds,
            "share": proof.share,
            "floor": proof.floor,
            "tokens": proof.tokens,
            "prompts": len(proof.prompts),
            "whole": proof.n_whole,
            "logprob_difference": proof.logprob_difference,
        }
    return document


def _draw(out: Screen, exported: Exported, proof: Proof | None) -> None:
    out.say("folder", str(exported.folder))
    for one in exported.files:
        out.say("file", f"{one.name}, {one.size_bytes / 1e6:,.1f} MB")
    if proof is None:
        return
    out.say(
        "proof",
        f"{proof.share:.1%} of {proof.tokens} choices are PyTorch's ({proof.floor:.0%} are asked for), "
        f"{proof.n_whole} of {len(proof.prompts)} answers from end to end",
        style="" if proof.holds else "red",
    )
    if proof.logprob_difference is not None:
        out.say("", f"log-probabilities differ by {proof.logprob_difference:.4f} nats", style="dim")
    for prompt in proof.prompts:
        if not prompt.same_prompt:
            out.say("", f"the server words this otherwise: {prompt.question}", style="red")
