"""The JSON documents of `mainspring gpu --json`: plain data, sizes in bytes of the fullest GPU, with a version."""

from collections.abc import Sequence
from dataclasses import asdict

from mainspring.gpu import (
    Interval,
    Plan,
    Rung,
    Shape,
    Split,
    TrainingJob,
    Workload,
    context_notes,
    parameter_count,
)

VERSION = 1
"""Raised when a field changes its meaning or goes."""


def plan_document(plan: Plan) -> dict[str, object]:
    """Give a plan as plain data for JSON. Sizes are bytes of the fullest GPU."""
    gpu = plan.room.gpu
    return {
        "version": VERSION,
        "model": _model_document(plan.shape),
        "ask": _ask_document(plan.ask),
        "gpu": {"name": gpu.name, "memory_bytes": gpu.memory_bytes, "usable_bytes": plan.room.usable_bytes},
        "n_gpus": plan.n_gpus,
        "split": _split_document(plan.split),
        "verdict": plan.verdict,
        "most": plan.most,
        "terms": [{"name": t.name, **_interval_document(t.size), "why": t.why} for t in plan.breakdown.terms],
        "total": _interval_document(plan.breakdown.total),
        "fewer": [_rung_document(rung) for rung in plan.fewer],
        "advice_for_n_gpus": plan.advice_for,
        "advice": [
            {"change": a.change, "saves_bytes": a.saves_bytes, "then_fits": a.then_fits} for a in plan.advice
        ],
        "notes": list(plan.notes),
    }


def comparison_document(shape: Shape, ask: Workload | TrainingJob, rungs: Sequence[Rung]) -> dict[str, object]:
    """Give a comparison as plain data for JSON."""
    return {
        "version": VERSION,
        "model": _model_document(shape),
        "ask": _ask_document(ask),
        "gpus": [_rung_document(rung) for rung in rungs],
        "notes": list(context_notes(shape, ask)),
    }


def _interval_document(size: Interval) -> dict[str, object]:
    return {"low_bytes": size.low_bytes, "likely_bytes": size.likely_bytes, "high_bytes": size.high_bytes}


def _rung_document(rung: Rung) -> dict[str, object]:
    return {
        "gpu": rung.room.gpu.name,
        "n_gpus": rung.n_gpus,
        "split": _split_document(rung.split),
        "verdict": rung.verdict,
        "total": _interval_document(rung.total),
        "most": rung.most,
    }


def _split_document(split: Split) -> dict[str, object]:
    return {
        "tensor": split.tensor,
        "pipeline": split.pipeline,
        "expert": split.expert,
        "replicas": split.replicas,
    }


def _model_document(shape: Shape) -> dict[str, object]:
    return {
        "name": shape.name,
        "n_parameters": parameter_count(shape),
        "n_layers": len(shape.layers),
        "mixers": shape.mixers(),
        "native_context_tokens": shape.native_context,
        "max_context_tokens": shape.max_context,
        "rope": asdict(shape.rope) if shape.rope else None,
    }


def _ask_document(ask: Workload | TrainingJob) -> dict[str, object]:
    kind = "serve" if isinstance(ask, Workload) else "train"
    return {"kind": kind, **asdict(ask)}
