"""The parts of `benchmarks.teams` in small: they measure what they say, and would see what must not be."""

import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from rich.console import Console
from sqlalchemy import update

from apps.storefront.shop import schema
from apps.storefront.shop.database import open_database
from benchmarks import teams_delegation, teams_plan
from benchmarks.teams_conversation import measure_conversation
from benchmarks.teams_delegation import measure_delegation
from benchmarks.teams_orders import counted, measure_orders, sold_out
from benchmarks.teams_plan import measure_plan
from benchmarks.teams_report import as_document, as_tables


class Words:
    """A tokenizer whose tokens are words."""

    async def prompt(self, messages: Sequence[Mapping[str, str]]) -> str:
        """Put a role before each message."""
        return "".join(f"<{message['role']}> {message['content']} </>\n" for message in messages) + "<assistant> "

    async def tokens(self, text: str) -> Sequence[int]:
        """Split a text into words."""
        return [hash(word) for word in re.findall(r"\S+", text)]


async def test_a_conversation_without_compaction_is_read_once_and_one_with_it_has_shorter_prompts() -> None:
    figures = await measure_conversation(Words(), n_turns=24)
    assert figures["n_compactions"] > 0
    assert figures["longest_prompt_tokens_compacted"] < figures["longest_prompt_tokens"]
    assert figures["prompt_tokens_compacted"] < figures["prompt_tokens"]
    # what is not served from the cache is the conversation itself, once
    assert figures["read_tokens"] < figures["longest_prompt_tokens"]
    assert figures["read_tokens_compacted"] > figures["read_tokens"]


async def test_all_parts_end_up_in_one_document_and_in_tables_for_people(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(teams_plan, "TOOL_S", 0.0)
    monkeypatch.setattr(teams_delegation, "N_STEPS", 2)
    taken = {
        "delegation": await measure_delegation(sample_cpu_s=0.01),
        "plan": await measure_plan(n_rounds=1),
        "conversation": await measure_conversation(Words(), n_turns=12),
        "orders": measure_orders(None, n_buyers=3, n_chairs=4),
    }
    document = as_document(taken)
    assert document["delegation"]["cpu_ms"] > 0
    assert document["delegation"]["sqlite"]["ratio"] > 1  # a run of its own is dearer than a function
    assert document["plan_parallel"]["ratio_to_one"] > 0
    assert document["conversation_40"]["prompt_tokens"] > 0
    assert (document["orders"]["sqlite_n_orders"], document["orders"]["oversold"]) == (4, 0)
    assert document["orders"]["money_missing"] == 0
    console = Console(width=110, file=io.StringIO(), record=True)
    for table in as_tables(document):
        console.print(table)
    shown = console.export_text()
    assert all(word in shown for word in ("delegation", "five steps", "compacted", "oversold"))


def test_chairs_that_there_never_were_and_bills_that_nobody_sent_would_be_seen(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    figures, chair = sold_out(url, n_buyers=2, n_chairs=3)
    assert figures["n_orders"] == 3
    database = open_database(url)
    with database.write() as db:
        db.execute(update(schema.order_lines).values(n=2))
    database.close()

    tampered = counted(url, chair, 3)

    assert tampered.oversold == 3
    assert tampered.owed > tampered.charged
