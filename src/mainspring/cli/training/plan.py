"""`mainspring train plan`: memory, time and money of a training job before it is begun."""

from typing import Annotated

import typer

from mainspring.cli.asked import AsJson
from mainspring.cli.training import options
from mainspring.cli.views.screen import Screen, results
from mainspring.cli.views.training import TrainingView, draw_training_plan
from mainspring.train.planning import measure_hardware
from mainspring.train.planning import plan as plan_job


def plan(  # noqa: PLR0913 - each option is an argument of the command
    data: options.Data = None,
    *,
    base: options.BaseName = None,
    method: options.MethodName = None,
    job: options.JobFile = None,
    processes: options.Processes = None,
    epochs: options.Epochs = None,
    max_steps: options.MaxSteps = None,
    rank: options.Rank = None,
    sequence_tokens: options.SequenceTokens = None,
    batch_tokens: options.BatchTokens = None,
    packing: options.Packing = None,
    mode: options.Mode = None,
    thoughts: options.Thoughts = None,
    learn: options.WhatIsLearnt = None,
    rehearsal: options.Rehearsal = None,
    rehearsal_share: options.RehearsalShare = None,
    fsdp: options.Fsdp = None,
    activation_checkpointing: options.Checkpointing = None,
    usd_per_hour: Annotated[
        float | None, typer.Option("--usd-per-hour", min=0, metavar="USD", help="What this machine costs.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Tell what it takes to train on DATA: memory, time, cost, and which GPUs it fits on."""
    with results() as out:
        wanted = options.job_of(
            job,
            {
                "data": data,
                "base": base,
                "method": method,
                "processes": processes,
                "epochs": epochs,
                "max_steps": max_steps,
                "rank": rank,
                "sequence_tokens": sequence_tokens,
                "batch_tokens": batch_tokens,
                "packing": packing,
                "mode": mode,
                "thoughts": thoughts,
                "learn": learn,
                "rehearsal": rehearsal,
                "rehearsal_share": rehearsal_share,
                "parallel": options.parallel_of(fsdp),
                "activation_checkpointing": activation_checkpointing,
            },
            needs_out=False,
        )
        with TrainingView(Screen(stderr=True)) as view:
            planned = plan_job(wanted, measure_hardware(usd_per_hour=usd_per_hour), view.remark)
        if as_json:
            out.console.file.write(planned.model_dump_json(indent=2) + "\n")
        else:
            draw_training_plan(out, planned)
