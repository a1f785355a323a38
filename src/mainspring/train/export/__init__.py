"""What came of a training run, in the forms that servers take, each with a card that says where it comes from.

No torch: the weights go from file to file, one tensor at a time. That an export says what the trained model says is
proven by serving it (`prove`).

May import what `train` may.
"""

from mainspring.train.export.exporting import Exported, Form, export
from mainspring.train.export.proving import Proof, prove
from mainspring.train.weights.gguf_writing import Quantization

__all__ = ["Exported", "Form", "Proof", "Quantization", "export", "prove"]
