"""Weights in bytes: of a whole model, of one pipeline stage on one GPU, and of a GGUF file."""

from collections import Counter

from mainspring.gpu.formats import Format, bits_of, weight_format
from mainspring.gpu.gguf import Mix, header_bytes
from mainspring.gpu.interval import NOTHING, Interval, total
from mainspring.gpu.shape import Shape
from mainspring.gpu.split import Split
from mainspring.gpu.tensors import Tensor, embedding_tensors, head_tensors, layer_tensors

_ALLOCATOR = 1.01
"""Blocks of the caching allocator and a vocabulary padded for the kernels: up to 1 % more."""


def weight_bytes(shape: Shape, dtype: str) -> Interval:
    """Sum all weights: `sum(elements x bits / 8)` over the matrices, each with the bits its format gives it."""
    return stage_weight_bytes(shape, dtype, Split(), (0, len(shape.layers)))


def stage_weight_bytes(shape: Shape, dtype: str, split: Split, stage: tuple[int, int]) -> Interval:
    """Sum what one GPU of a pipeline stage holds.

    Args:
        shape: The model.
        dtype: A weight format's name.
        split: Divides each matrix by its own rule; MLA's down-projections and routers are copied.
        stage: The first layer and the one after the last.
    """
    fmt = weight_format(dtype)
    parts = [_layers_bytes(shape, fmt, split, stage)]
    is_first, is_last = stage[0] == 0, stage[1] == len(shape.layers)
    if is_first:
        parts.append(_sum(embedding_tensors(shape), fmt, shape, split, (0, 1)))
    if is_last:
        parts.append(_sum(head_tensors(shape), fmt, shape, split, (0, 1)))
        parts.append(_tied_head(shape, fmt, split, is_first=is_first))
    return total(parts)


def gguf_file_bytes(shape: Shape, mix: str) -> Interval:
    """Estimate the size of a GGUF file: tensors and header."""
    sizes = weight_bytes(shape, mix)
    header = header_bytes(shape)
    return Interval.of(sizes.low_bytes + header, sizes.likely_bytes + header, sizes.high_bytes + header)


def _tied_head(shape: Shape, fmt: Format | Mix, split: Split, *, is_first: bool) -> Interval:
    """Count a tied head where it is held again: on a later stage, or twice in some GGUF files."""
    if not shape.tied:
        return NOTHING
    head = _sum((Tensor("output", shape.hidden, shape.vocab),), fmt, shape, split, (0, 1))
    if not is_first:
        return head
    if not isinstance(fmt, Mix):
        return NOTHING
    if not shape.gguf_copies_head:
        return Interval(0, 0, head.high_bytes)
    embedding = _sum(embedding_tensors(shape), fmt, shape, split, (0, 1))
    shared = max(0, head.low_bytes - embedding.low_bytes)  # Other builds hold the one matrix as the head's type.
    return Interval(shared, head.likely_bytes, head.high_bytes)


def _layers_bytes(shape: Shape, fmt: Format | Mix, split: Split, stage: tuple[int, int]) -> Interval:
    if isinstance(fmt, Mix):  # A mix gives equal layers different types.
        places = [(shape.layers[index], (index, len(shape.layers)), 1) for index in range(*stage)]
    else:
        equal = Counter(shape.layers[stage[0] : stage[1]])
        places = [(layer, (0, 1), n_layers) for layer, n_layers in equal.items()]
    return total(
        _sum(layer_tensors(layer, shape.hidden, shape.layer_norm), fmt, shape, split, place).times(n_layers)
        for layer, place, n_layers in places
    )


def _sum(
    tensors: tuple[Tensor, ...], fmt: Format | Mix, shape: Shape, split: Split, place: tuple[int, int]
) -> Interval:
    low = likely = high = 0.0
    for tensor in tensors:
        share = tensor.n_params / split.divisor(tensor) / 8
        bits = bits_of(tensor, fmt, shape, place)
        low, likely, high = low + share * bits[0], likely + share * bits[1], high + share * bits[2]
    return Interval.of(low, likely, high * _ALLOCATOR)
