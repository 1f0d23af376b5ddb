#!/bin/bash
# Two network namespaces as two hosts with addresses of their own: the job script that `tinylove tune submit` writes
# trains across them on the CPU (gloo), with the losses of one process; and what users get wrong ends in a named error.
# Needs root, iproute2, and a Python with the trainer's packages (TINYLOVE_PYTHON).
#
#   TINYLOVE_PYTHON=.venv/bin/python bench/tune-two-hosts.sh STUDY MODEL      (npm run build first)
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
study=$1 model=$2
export NAMESPACE=tinylove OMP_NUM_THREADS=1 PATH=$here/test/tune/stand-ins:$PATH
tinylove() { node "${TINYLOVE_PROGRAM:-$here/bin/tinylove.mjs}" "$@"; }

clean() {
  ip netns del ${NAMESPACE}0 2> /dev/null || true
  ip netns del ${NAMESPACE}1 2> /dev/null || true
}
trap clean EXIT
clean
for host in 0 1; do ip netns add $NAMESPACE$host; done
ip link add host0 netns ${NAMESPACE}0 type veth peer name host0 netns ${NAMESPACE}1
for host in 0 1; do
  ip -n $NAMESPACE$host address add 10.77.0.$((host + 1))/24 dev host0
  ip -n $NAMESPACE$host link set host0 up
  ip -n $NAMESPACE$host link set lo up
done

# run NAME INTERFACE [SED]: submits as the first host would, and tells how long it took and what it said.
run() {
  rm -rf "$study/tuned/$1"
  tinylove tune submit --study "$study" --model "$model" --output "$1" --scheduler slurm --nodes 2 --gpus-per-node 1 \
    --strategy ddp --interface "$2" --learning-rate 1e-3 > /dev/null 2>&1
  sed -i "${3:-}" "$study/tuned/$1/job/job.sh"
  local began=$SECONDS
  SLURM_JOB_ID=$RANDOM ACCELERATE_USE_CPU=true timeout 300 ip netns exec ${NAMESPACE}0 bash "$study/tuned/$1/job/job.sh" \
    > /dev/null 2> "$study/tuned/$1.err" || true
  echo "$1, $((SECONDS - began)) s: $(grep -h '^error' "$study/tuned/$1.err" | head -n 1 || true)"
}

run two-hosts host0
tail -n 1 "$study/tuned/two-hosts/events.jsonl" | cut -c 1-200
rm -rf "$study/tuned/one-host"
tinylove tune run --study "$study" --model "$model" --output one-host --learning-rate 1e-3 2> /dev/null
"$TINYLOVE_PYTHON" - "$study/tuned" <<'PYTHON'
import json, sys
one, two = ([json.loads(line) for line in open(f"{sys.argv[1]}/{name}/curve.jsonl")] for name in ("one-host", "two-hosts"))
# A validation loss is the mean of its batches' means, and two processes part the stories into other batches.
for key in ("loss", "validation_loss"):
    pairs = [(a[key], b[key]) for a, b in zip(one, two, strict=True) if key in a]
    print(f"{key}: largest of {len(pairs)} differences {max(abs(a - b) for a, b in pairs):.1e}")
PYTHON

RANKS="0 0" run wrong-rank host0
RANKS="0" run stopped-host host0
run missing-interface ib7
# What accelerate makes of --cpu: as many jobs of one process as there are nodes.
run world-of-one host0 's/--multi_gpu/--cpu/'
