"""The conversation that a run's events make: all that was said, whether the model is still shown it or not."""

from collections import defaultdict
from collections.abc import Iterable

from mainspring.agent.observations import observed
from mainspring.agent.outgrown import is_outgrown
from mainspring.core import Act, Event, Message
from mainspring.core.events import Compacted, Corrected, ModelReplied, RunStarted, ToolReturned


def transcript(events: Iterable[Event]) -> list[Message]:
    """Give a run's messages, instructions first where there are any."""
    messages: list[Message] = []
    returned: dict[int, dict[str, ToolReturned]] = defaultdict(dict)
    acts: dict[int, Act] = {}
    for event in events:
        match event:
            case RunStarted(messages=said):
                messages = list(said)
            case ModelReplied(turn=turn, decision=decision) if not is_outgrown(decision):
                messages.append(event.message)
                if isinstance(decision, Act):
                    acts[turn] = decision
            case ToolReturned(turn=turn, result=result):
                calls = acts[turn].calls if turn in acts else ()
                if result.call_id not in {call.id for call in calls}:
                    continue  # what the loop called by itself, such as a judge, was said to nobody
                returned[turn][result.call_id] = event
                if all(call.id in returned[turn] for call in calls):
                    messages.append(observed([returned[turn][call.id] for call in calls]))
            case Corrected(message=message) | Compacted(message=Message() as message):
                messages.append(message)
    return messages
