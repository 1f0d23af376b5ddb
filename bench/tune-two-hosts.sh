#!/bin/bash
# Two network namespaces as two hosts with addresses of their own: the job script that `tinylove tune submit` writes
# trains across them on the CPU (gloo), whole copies (ddp) and parts of the model (fsdp2), with the losses of one
# process; and what users get wrong ends in a named error, with the seconds that it took.
# The study trains with `tune: { precision: fp32 }`: in bf16 the losses agree to its rounding, some 1e-4.
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

# run NAME STRATEGY INTERFACE [SED]: submits as the first host would, and tells how long it took and what it said.
run() {
  rm -rf "$study/tuned/$1"
  tinylove tune submit --study "$study" --model "$model" --output "$1" --scheduler slurm --nodes 2 --gpus-per-node 1 \
    --strategy "$2" --interface "$3" --learning-rate 1e-3 > /dev/null 2>&1
  sed -i "${4:-}" "$study/tuned/$1/job/job.sh"
  local began=$SECONDS
  SLURM_JOB_ID=$RANDOM ACCELERATE_USE_CPU=true timeout 400 ip netns exec ${NAMESPACE}0 bash "$study/tuned/$1/job/job.sh" \
    > /dev/null 2> "$study/tuned/$1.err" || true
  echo "$1, $((SECONDS - began)) s: $(grep -h '^error' "$study/tuned/$1.err" | head -n 1 || true)"
}

# stop NAME: a host that stops in the midst of training, all of its processes at once.
stop() {
  until grep -q '"event": "progress"' "$study/tuned/$1/events.jsonl" 2> /dev/null; do sleep 0.2; done
  ip netns pids ${NAMESPACE}1 | xargs kill -KILL
  date +%s > "$study/tuned/$1.stopped"
}

rm -rf "$study/tuned/one-host"
tinylove tune run --study "$study" --model "$model" --output one-host --learning-rate 1e-3 2> /dev/null
run ddp ddp host0
run fsdp2 fsdp2 host0
"$TINYLOVE_PYTHON" - "$study/tuned" <<'PYTHON'
import json, sys
def lines(name): return [json.loads(line) for line in open(f"{sys.argv[1]}/{name}") if line.startswith("{")]
one = lines("one-host/curve.jsonl")
for strategy in ("ddp", "fsdp2"):
    for key in ("loss", "validation_loss"):
        pairs = [(a[key], b[key]) for a, b in zip(one, lines(f"{strategy}/curve.jsonl"), strict=True) if key in a]
        print(f"{strategy}, {key}: largest of {len(pairs)} differences {max(abs(a - b) for a, b in pairs):.1e}")
for event in lines("fsdp2/events.jsonl"):
    if event["event"] == "sharding":
        print("fsdp2, share of the parameters:", [f"{held / event['parameters']:.4f}" for held in event["held"]])
PYTHON

RANKS="0 0" run wrong-rank fsdp2 host0
RANKS="0" run absent-host fsdp2 host0
run missing-interface fsdp2 ib7
# What accelerate makes of --cpu: as many jobs of one process as there are nodes.
run world-of-one ddp host0 's/--multi_gpu/--cpu/'
rm -rf "$study/tuned/stopped-host"
stop stopped-host &
run stopped-host fsdp2 host0
echo "stopped-host: named $(($(stat -c %Y "$study/tuned/stopped-host.err") - $(cat "$study/tuned/stopped-host.stopped"))) s after the stop"
