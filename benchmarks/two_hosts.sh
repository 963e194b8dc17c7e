#!/bin/bash
# One run on two hosts, which are network namespaces of this machine, and the end of it when one of
# them vanishes. Needs root and iproute2: sudo benchmarks/two_hosts.sh PYTHON FOLDER
set -euo pipefail
PYTHON=${1:?the Python of an environment with the zoo}
FOLDER=${2:?a new folder for the runs}
export TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1 ZOO_PEER_TIMEOUT=20 OMP_NUM_THREADS=1 GLOO_SOCKET_IFNAME=veth

clean() { ip netns del zoo-a 2>/dev/null || true; ip netns del zoo-b 2>/dev/null || true; }
trap clean EXIT
clean
ip netns add zoo-a
ip netns add zoo-b
ip link add veth netns zoo-a type veth peer name veth netns zoo-b
for host in a b; do
    number=$([ $host = a ] && echo 1 || echo 2)
    ip -n zoo-$host addr add 10.77.0.$number/24 dev veth
    ip -n zoo-$host link set veth up
    ip -n zoo-$host link set lo up
done

run() { # host rank folder epochs
    ip netns exec "zoo-$1" "$PYTHON" -m torch.distributed.run --nnodes 2 --nproc-per-node 1 \
        --node-rank "$2" --master-addr 10.77.0.1 --master-port 29511 \
        -m zoo_cli train lstm-embed --trainer.epochs "$4" --trainer.save-every 1 \
        --threads 1 --out "$3"
}

echo "== both hosts to the end"
run b 1 "$FOLDER/whole" 20 & OTHER=$!
run a 0 "$FOLDER/whole" 20
wait $OTHER

echo "== the second host vanishes"
run b 1 "$FOLDER/cut" 100000 & OTHER=$!
run a 0 "$FOLDER/cut" 100000 & FIRST=$!
until [ -e "$FOLDER/cut/state/CURRENT" ] && [ "$(cat "$FOLDER/cut/state/CURRENT")" -gt 2 ]; do sleep 1; done
ip -n zoo-a link set veth down
BEGAN=$SECONDS
wait $FIRST && exit 1 || echo "the first host ended after $((SECONDS - BEGAN)) s with code $?"
kill $OTHER 2>/dev/null || true
wait $OTHER || true
"$PYTHON" -m zoo_cli resume "$FOLDER/cut" --nproc 1 --epochs $(($(cat "$FOLDER/cut/state/CURRENT") + 5))
