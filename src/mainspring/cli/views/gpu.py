"""How `mainspring gpu` shows its answers: a proportional bar and tables of terms.

Keeps true: nothing is said by colour alone. Each term has a mark of its own in the bar, so that piped output reads
the same.
"""

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mainspring.gpu import (
    GIB,
    Breakdown,
    Interval,
    Plan,
    Rung,
    Shape,
    TrainingJob,
    Workload,
    context_notes,
    kv_bytes_per_token,
    lora_parameter_count,
    parameter_count,
)

_COLOURS = ("blue", "magenta", "cyan", "yellow", "green", "red", "bright_blue", "bright_magenta", "bright_cyan")
_MARKS = ("█", "▓", "▒", "▚", "▞", "▙", "▟", "▛", "▜")
_PLAIN_MARKS = ("#", "=", "+", "%", "*", "o", "x", "@", "&")
_VERDICT = {"fits": "bold green", "tight": "bold yellow", "too big": "bold red"}
_N_ADVICE = 6


def draw_plan(console: Console, plan: Plan) -> None:
    """Draw one plan: the question, the answer, the bar, the terms, fewer GPUs, what to change, notes."""
    _draw_question(console, plan.shape, plan.ask)
    headline = Text.assemble(
        (f"{plan.n_gpus} x {plan.room.gpu.name}", "bold"),
        f"  {plan.split.words()}  ",
        (_verdict_words(plan), _VERDICT[plan.verdict]),
    )
    _print_apart(console, headline)
    _draw_bar(console, plan)
    _draw_terms(console, plan.breakdown)
    console.print(Text(f"Most that fits on {_gpus(plan.n_gpus)}: {_amount(plan.ask, plan.most)}."))
    _draw_fewer(console, plan)
    _draw_advice(console, plan)
    _draw_notes(console, plan.notes)


def draw_comparison(console: Console, shape: Shape, ask: Workload | TrainingJob, rungs: Sequence[Rung]) -> None:
    """Draw how many of each kind of GPU are needed."""
    _draw_question(console, shape, ask)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for name, justify in (("GPUs", "right"), ("kind", "left"), ("split", "left"), ("each GiB", "right")):
        table.add_column(name, justify="right" if justify == "right" else "left", no_wrap=True)
    table.add_column("of", justify="right")
    table.add_column("at most", no_wrap=True)
    for rung in rungs:
        enough = rung.verdict == "fits"
        table.add_row(
            Text(
                f"{rung.n_gpus}" if enough else f">{rung.n_gpus}", style="bold" if enough else _VERDICT["too big"]
            ),
            rung.room.gpu.name,
            rung.split.words(),
            _gib(rung.total.likely_bytes),
            _gib(rung.room.usable_bytes),
            _amount(ask, rung.most),
        )
    _print_apart(console, table)
    console.print(Text("Name one with --gpu for its breakdown.", style="dim"))
    _draw_notes(console, context_notes(shape, ask))


def _draw_question(console: Console, shape: Shape, ask: Workload | TrainingJob) -> None:
    mixers = ", ".join(f"{n} {kind}" for kind, n in shape.mixers().items())
    n_params = parameter_count(shape) / 1e9
    console.print(
        Text.assemble((shape.name, "bold"), f"  {n_params:.2f} B parameters, {len(shape.layers)} layers: {mixers}")
    )
    if isinstance(ask, Workload):
        per_token = kv_bytes_per_token(shape, ask.kv_dtype)
        line = (
            f"serve {_amount(ask, ask.n_users)} at {ask.context_tokens:,} tokens: weights {ask.dtype}, "
            f"KV cache {ask.kv_dtype}, {per_token:,} B a token"
        )
    else:
        n_adapted = lora_parameter_count(shape, ask.rank, ask.targets)
        adapters = f" (rank {ask.rank}, {n_adapted:,} parameters)" if ask.method != "full" else ""
        line = (
            f"train {ask.method}{adapters}: {ask.micro_batch} x {ask.sequence_tokens:,} tokens a GPU, "
            f"{ask.optimizer}, {ask.precision} precision, ZeRO {ask.zero_stage}, checkpointing {ask.checkpointing}"
        )
    console.print(Text(line, style="dim"))


def _draw_bar(console: Console, plan: Plan) -> None:
    """Draw the likely figure to scale: a mark per term, dots up to the high bound, a line at the usable memory."""
    plain = console.options.ascii_only
    total, usable = plan.breakdown.total, plan.room.usable_bytes
    width = min(console.width, 100) - 2
    scale = max(plan.room.gpu.memory_bytes, total.high_bytes) / width
    cells: list[tuple[str, str]] = []
    reached = 0
    for term, (mark, colour) in zip(plan.breakdown.terms, _marks(plain=plain), strict=False):
        reached += term.size.likely_bytes
        cells += [(mark, colour)] * (round(reached / scale) - len(cells))
    cells += [("." if plain else "·", "dim")] * (round(total.high_bytes / scale) - len(cells))
    cells += [(" ", "")] * (width - len(cells))
    cells[min(int(usable / scale), width - 1)] = ("|" if plain else "┃", "bold")
    console.print(Text.assemble(*cells))
    likely, high = _gib(total.likely_bytes), _gib(total.high_bytes)
    share = f"{plan.room.usable_share:.0%} of {_gib(plan.room.gpu.memory_bytes)}"
    console.print(Text(f"each GPU: likely {likely}, at most {high} of {_gib(usable)} GiB usable ({share})\n"))


def _draw_terms(console: Console, breakdown: Breakdown) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("")
    table.add_column("GiB per GPU", no_wrap=True)
    for name in ("low", "likely", "high"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("", style="dim", overflow="fold")
    marks = _marks(plain=console.options.ascii_only)
    for term, (mark, colour) in zip(breakdown.terms, marks, strict=False):
        table.add_row(Text(mark, style=colour), term.name, *_bounds(term.size), term.why)
    table.add_row("", Text("total", style="bold"), *(Text(b, style="bold") for b in _bounds(breakdown.total)), "")
    console.print(table)
    console.print()


def _draw_fewer(console: Console, plan: Plan) -> None:
    if not plan.fewer:
        return
    table = _table()
    for rung in reversed(plan.fewer):
        table.add_row(
            f"on {_gpus(rung.n_gpus)}",
            rung.split.words(),
            f"{_gib(rung.total.likely_bytes)} GiB each",
            Text(rung.verdict, style=_VERDICT[rung.verdict]),
            f"{_amount(plan.ask, rung.most)} at most" if rung.most else "not even one",
        )
    console.print(table)


def _draw_advice(console: Console, plan: Plan) -> None:
    if not plan.advice:
        console.print()
        return
    what = "What would make it fit" if plan.verdict != "fits" else f"To do it with {_gpus(plan.advice_for)}"
    table = _table()
    for advice in (*plan.advice[:_N_ADVICE], *(a for a in plan.advice[_N_ADVICE:] if not a.saves_bytes)):
        table.add_row(
            advice.change,
            f"saves {_gib(advice.saves_bytes)} GiB" if advice.saves_bytes else "",
            Text("fits", style="green") if advice.then_fits else Text("not enough alone", style="yellow"),
        )
    _print_apart(console, Text(f"{what} (bytes of the fullest GPU)", style="bold"), table)


def _draw_notes(console: Console, notes: Iterable[str]) -> None:
    for note in notes:
        console.print(Text(f"Note: {note}.", style="dim"))


def _table() -> Table:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 2))
    for _ in range(5):
        table.add_column(no_wrap=True)
    return table


def _print_apart(console: Console, *parts: Text | Table) -> None:
    """Print with an empty line before and after; padding would leave spaces in piped output."""
    console.print()
    for part in parts:
        console.print(part)
    console.print()


def _verdict_words(plan: Plan) -> str:
    words = {
        "fits": "fits",
        "tight": "tight: the likely figure fits, the high one does not",
        "too big": "does not fit",
    }
    return words[plan.verdict]


def _marks(*, plain: bool) -> list[tuple[str, str]]:
    """Pair marks with colours; more terms than marks begin again."""
    marks = _PLAIN_MARKS if plain else _MARKS
    return [*zip(marks, _COLOURS, strict=True)] * 2


def _amount(ask: Workload | TrainingJob, n: int) -> str:
    unit = "user" if isinstance(ask, Workload) else "sequence"
    return f"{n:,} {unit}{'' if n == 1 else 's'}"


def _gpus(n: int) -> str:
    return "1 GPU" if n == 1 else f"{n} GPUs"


def _gib(size_bytes: int) -> str:
    return f"{size_bytes / GIB:,.1f}"


def _bounds(size: Interval) -> tuple[str, str, str]:
    low, likely, high = (f"{b / GIB:,.2f}" for b in (size.low_bytes, size.likely_bytes, size.high_bytes))
    return low, likely, high
