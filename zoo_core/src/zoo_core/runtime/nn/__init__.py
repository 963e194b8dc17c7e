"""Everything that a model is made of: cells, states, layers, models, kernels and batches.

This is the public module for authors of models and kernels. Declarations, such as ``ModelSpec``
and ``config``, come from ``zoo_core``.
"""

from zoo_core.runtime.nn.attention import AbstractAttention as AbstractAttention
from zoo_core.runtime.nn.batch import IGNORED as IGNORED
from zoo_core.runtime.nn.batch import Batch as Batch
from zoo_core.runtime.nn.batch import Output as Output
from zoo_core.runtime.nn.cell import AbstractCell as AbstractCell
from zoo_core.runtime.nn.cell import GatedCell as GatedCell
from zoo_core.runtime.nn.cell import Weights as Weights
from zoo_core.runtime.nn.elapsed import elapsed_feature as elapsed_feature
from zoo_core.runtime.nn.elapsed import split_elapsed as split_elapsed
from zoo_core.runtime.nn.embedding import Embedding as Embedding
from zoo_core.runtime.nn.kernel import AbstractKernel as AbstractKernel
from zoo_core.runtime.nn.kernel import ScanCase as ScanCase
from zoo_core.runtime.nn.model import AbstractModel as AbstractModel
from zoo_core.runtime.nn.model import RecurrentModel as RecurrentModel
from zoo_core.runtime.nn.model import recurrent_model as recurrent_model
from zoo_core.runtime.nn.recurrent import Recurrent as Recurrent
from zoo_core.runtime.nn.recurrent import recurrent_layer as recurrent_layer
from zoo_core.runtime.nn.reference import ReferenceKernel as ReferenceKernel
from zoo_core.runtime.nn.resets import starting_steps as starting_steps
from zoo_core.runtime.nn.scanned_cell import AbstractScannedCell as AbstractScannedCell
from zoo_core.runtime.nn.scanned_cell import LinearScan as LinearScan
from zoo_core.runtime.nn.state import HiddenState as HiddenState
from zoo_core.runtime.nn.state import LayerState as LayerState
from zoo_core.runtime.nn.state import LstmState as LstmState
from zoo_core.runtime.nn.state import State as State
from zoo_core.runtime.nn.state import choose_rows as choose_rows
from zoo_core.runtime.nn.state import detach as detach
from zoo_core.runtime.nn.state import valid_steps as valid_steps

__all__ = [
    "IGNORED",
    "AbstractAttention",
    "AbstractCell",
    "AbstractKernel",
    "AbstractModel",
    "AbstractScannedCell",
    "Batch",
    "Embedding",
    "GatedCell",
    "HiddenState",
    "LayerState",
    "LinearScan",
    "LstmState",
    "Output",
    "Recurrent",
    "RecurrentModel",
    "ReferenceKernel",
    "ScanCase",
    "State",
    "Weights",
    "choose_rows",
    "detach",
    "elapsed_feature",
    "recurrent_layer",
    "recurrent_model",
    "split_elapsed",
    "starting_steps",
    "valid_steps",
]
