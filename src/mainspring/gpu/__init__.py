"""GPU memory: what a language model takes to serve or to train, and how many GPUs that is.

Pure functions over a model's shape. Every figure is an interval whose terms are named and whose formulas carry
their source. `find_model` and `find_gpu` read the two data files of this room; nothing reaches the network.
May import `mainspring.core` and the standard library.
"""

from mainspring.gpu.advice import Advice
from mainspring.gpu.cache import kv_bytes_per_sequence, kv_bytes_per_token, state_bytes_per_sequence
from mainspring.gpu.catalog import Gpu, find_gpu, find_model, list_gpus, list_models
from mainspring.gpu.config import read_shape
from mainspring.gpu.fit import Room, Verdict
from mainspring.gpu.interval import GIB, Breakdown, Interval, Term
from mainspring.gpu.notes import context_notes
from mainspring.gpu.plan import Plan, Rung, compare, plan
from mainspring.gpu.rope import read_rope, stretched
from mainspring.gpu.serving import Workload, serving_breakdown
from mainspring.gpu.shape import Rope, Shape
from mainspring.gpu.split import Split
from mainspring.gpu.tensors import active_parameter_count, parameter_count
from mainspring.gpu.training import TrainingJob, lora_parameter_count, training_breakdown
from mainspring.gpu.weights import gguf_file_bytes, weight_bytes

__all__ = [
    "GIB",
    "Advice",
    "Breakdown",
    "Gpu",
    "Interval",
    "Plan",
    "Room",
    "Rope",
    "Rung",
    "Shape",
    "Split",
    "Term",
    "TrainingJob",
    "Verdict",
    "Workload",
    "active_parameter_count",
    "compare",
    "context_notes",
    "find_gpu",
    "find_model",
    "gguf_file_bytes",
    "kv_bytes_per_sequence",
    "kv_bytes_per_token",
    "list_gpus",
    "list_models",
    "lora_parameter_count",
    "parameter_count",
    "plan",
    "read_rope",
    "read_shape",
    "serving_breakdown",
    "state_bytes_per_sequence",
    "stretched",
    "training_breakdown",
    "weight_bytes",
]
