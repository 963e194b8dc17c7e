"""The Python API: what the commands of the same names do.

``zoo_core`` has these functions too, but for a few that only commands and plugins call.
"""

from zoo_core.runtime.api.arguments import Settings as Settings
from zoo_core.runtime.api.checkpoints import export as export
from zoo_core.runtime.api.checkpoints import load as load
from zoo_core.runtime.api.checkpoints import pull as pull
from zoo_core.runtime.api.checkpoints import push as push
from zoo_core.runtime.api.checkpoints import verify as verify
from zoo_core.runtime.api.comparisons import compare as compare
from zoo_core.runtime.api.data import check_data as check_data
from zoo_core.runtime.api.evaluation import evaluate as evaluate
from zoo_core.runtime.api.generation import generate as generate
from zoo_core.runtime.api.generation import stream as stream
from zoo_core.runtime.api.inspection import attention as attention
from zoo_core.runtime.api.inspection import embeddings as embeddings
from zoo_core.runtime.api.inspection import inspect as inspect
from zoo_core.runtime.api.inspection import states as states
from zoo_core.runtime.api.models import create_model as create_model
from zoo_core.runtime.api.prediction import Prediction as Prediction
from zoo_core.runtime.api.prediction import numbers as numbers
from zoo_core.runtime.api.prediction import predict as predict
from zoo_core.runtime.api.prediction import predict_batch as predict_batch
from zoo_core.runtime.api.prediction import predictions as predictions
from zoo_core.runtime.api.prediction import probabilities as probabilities
from zoo_core.runtime.api.prediction import values as values
from zoo_core.runtime.api.sweeps import SweepResult as SweepResult
from zoo_core.runtime.api.sweeps import sweep as sweep
from zoo_core.runtime.api.training import resume as resume
from zoo_core.runtime.api.training import train as train
