#!/bin/sh
# Compares every recurrent model of characters that predicts the next symbol at each step: the same text,
# the same hidden size and learning rate, three seeds, and 20 seconds for each run.
#
# 13 models x 3 seeds x 21 s are 14 minutes, on a machine that does nothing else.
# The same command continues where it was interrupted. Arguments are added, and beat those here; a
# trial of two minutes:
#
#     sh benchmarks/recurrent_models.sh --budget 3s --seeds 0 --out /tmp/trial
set -e
exec uv run zoo compare \
    rnn-cell rnn-stacked rnn-embed rnn-scratch char-seq-rnn \
    lstm-manual lstm-stacked lstm-embed lstm-scratch \
    gru-manual gru-stacked gru-embed gru-scratch \
    --dataset python-docs --model.hidden-size 256 --trainer.learning-rate 0.004 \
    --seeds 0,1,2 --budget 20s --target 1.8 \
    --out docs/results/recurrent-models "$@"
