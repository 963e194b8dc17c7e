#!/bin/bash
# One run on two nodes of four GPUs each: sbatch docs/slurm.sh
#SBATCH --job-name=zoo
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --gpus-per-node=4
#SBATCH --cpus-per-task=32
#SBATCH --time=12:00:00
#SBATCH --requeue
#SBATCH --signal=TERM@120

set -euo pipefail

# The environment and the run folder lie on a file system that all nodes share.
source "$HOME/zoo/.venv/bin/activate"
OUT="$HOME/zoo/runs/large"
HOST=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)

# A job that SLURM starts again continues the run of the first start.
if [ -e "$OUT/state/CURRENT" ]; then
    COMMAND=(resume "$OUT")
else
    COMMAND=(train lstm-stacked.python-docs --device cuda --precision bf16 --out "$OUT")
fi

# Processes that are started again must not find the addresses of those that died.
export TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1
srun torchrun \
    --nnodes "$SLURM_NNODES" --nproc-per-node 4 --max-restarts 3 \
    --rdzv-backend c10d --rdzv-id "$SLURM_JOB_ID" --rdzv-endpoint "$HOST:29400" \
    -m zoo_cli "${COMMAND[@]}"
