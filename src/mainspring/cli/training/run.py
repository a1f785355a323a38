"""`mainspring train run`: train a model, or go on with it."""

from typing import Annotated, Final

import typer

from mainspring.cli.asked import AsJson
from mainspring.cli.training import options
from mainspring.cli.training.show import figures_of
from mainspring.cli.views.screen import Screen, results
from mainspring.cli.views.training import TrainingView, draw_figures
from mainspring.train.launching import prepare
from mainspring.train.launching import train as train_job

STOPPED: Final = "stopped; the same command goes on from the last checkpoint"


def run(  # noqa: PLR0913 - each option is an argument of the command
    data: options.Data = None,
    *,
    out: options.Out = None,
    base: options.BaseName = None,
    method: options.MethodName = None,
    job: options.JobFile = None,
    processes: options.Processes = None,
    epochs: options.Epochs = None,
    max_steps: options.MaxSteps = None,
    learning_rate: options.Rate = None,
    rank: options.Rank = None,
    sequence_tokens: options.SequenceTokens = None,
    batch_tokens: options.BatchTokens = None,
    packing: options.Packing = None,
    mode: options.Mode = None,
    thoughts: options.Thoughts = None,
    learn: options.WhatIsLearnt = None,
    rehearsal: options.Rehearsal = None,
    rehearsal_share: options.RehearsalShare = None,
    patience: options.Patience = None,
    seed: options.Seed = None,
    trainer: options.TrainerName = None,
    fsdp: options.Fsdp = None,
    activation_checkpointing: options.Checkpointing = None,
    trackers: options.Trackers = None,
    only_prepare: Annotated[
        bool, typer.Option("--prepare", help="Make the folder and stop, for torchrun on several machines.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Train a model on DATA; a run that was stopped goes on from its last checkpoint.

    The job stands in FOLDER, with the rows in the words that the model will see, figures, checkpoints, the model
    and a report. The same command again goes on, and does nothing where all is done.
    """
    with results() as screen:
        wanted = options.job_of(
            job,
            {
                "data": data,
                "out": out,
                "base": base,
                "method": method,
                "processes": processes,
                "epochs": epochs,
                "max_steps": max_steps,
                "learning_rate": learning_rate,
                "rank": rank,
                "sequence_tokens": sequence_tokens,
                "batch_tokens": batch_tokens,
                "packing": packing,
                "mode": mode,
                "thoughts": thoughts,
                "learn": learn,
                "rehearsal": rehearsal,
                "rehearsal_share": rehearsal_share,
                "patience": patience,
                "seed": seed,
                "trainer": trainer,
                "parallel": options.parallel_of(fsdp),
                "activation_checkpointing": activation_checkpointing,
                "trackers": tuple(trackers) if trackers else None,
            },
            needs_out=True,
        )
        notes = Screen(stderr=True)
        with TrainingView(notes) as view:
            if only_prepare:
                prepare(wanted, view.remark)
                return
            try:
                folder = train_job(wanted, on_line=view.take, on_remark=view.remark)
            except KeyboardInterrupt:
                notes.line(STOPPED, style="dim")
                raise
        figures = figures_of(folder)
        if as_json:
            screen.console.file.write(figures.model_dump_json(indent=2) + "\n")
        else:
            draw_figures(screen, figures, folder)
