#!/bin/bash
# Two network namespaces as two hosts with addresses of their own: the job script that `tinylove tune submit` writes
# trains across them on the CPU (gloo), whole copies (ddp) and parts of the model (fsdp2), with the losses of one
# process; and what users get wrong ends in a named error, with the seconds that it took. So does a host that falls
# silent, frozen or cut off by the network, whose connections stay as they are; one that is back in time does no harm.
# The study trains with `tune: { precision: fp32 }`: in bf16 the losses agree to its rounding, some 1e-4.
# Needs root, iproute2, and a Python with the trainer's packages (TINYLOVE_PYTHON).
#
#   TINYLOVE_PYTHON=.venv/bin/python bench/tune-two-hosts.sh STUDY MODEL      (npm run build first)
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
study=$1 model=$2
export NAMESPACE=${NAMESPACE:-tinylove} OMP_NUM_THREADS=1 PATH=$here/test/tune/stand-ins:$PATH
tinylove() { node "${TINYLOVE_PROGRAM:-$here/bin/tinylove.mjs}" "$@"; }

# Each host hangs on a switch, which is a namespace as well: what it drops, no host hears of.
clean() {
  for name in ${NAMESPACE}0 ${NAMESPACE}1 ${NAMESPACE}-switch; do ip netns del "$name" 2> /dev/null || true; done
}
trap clean EXIT
clean
ip netns add $NAMESPACE-switch
ip -n $NAMESPACE-switch link add switch type bridge
ip -n $NAMESPACE-switch link set switch up
for host in 0 1; do
  ip netns add $NAMESPACE$host
  ip link add host0 netns $NAMESPACE$host type veth peer name port$host netns $NAMESPACE-switch
  ip -n $NAMESPACE-switch link set port$host master switch up
  ip -n $NAMESPACE$host address add 10.77.0.$((host + 1))/24 dev host0
  ip -n $NAMESPACE$host link set host0 up
  ip -n $NAMESPACE$host link set lo up
done

# prepare NAME STRATEGY INTERFACE [SED]: has the job script written, and changes it.
prepare() {
  rm -rf "$study/tuned/$1"
  tinylove tune submit --study "$study" --model "$model" --output "$1" --scheduler slurm --nodes 2 --gpus-per-node 1 \
    --strategy "$2" --interface "$3" --learning-rate 1e-3 > /dev/null 2>&1
  sed -i "${4:-}" "$study/tuned/$1/job/job.sh"
}

# submit NAME: as the first host would run it.
submit() {
  SLURM_JOB_ID=$RANDOM ACCELERATE_USE_CPU=true timeout 400 ip netns exec ${NAMESPACE}0 bash "$study/tuned/$1/job/job.sh" \
    > /dev/null 2> "$study/tuned/$1.err" || true
}

# run NAME STRATEGY INTERFACE [SED]: how long it took and what it said.
run() {
  prepare "$@"
  local began=$SECONDS
  submit "$1"
  echo "$1, $((SECONDS - began)) s: $(grep -h '^error' "$study/tuned/$1.err" | head -n 1 || true)"
}

# steps NAME: that were trained; fails before the first.
steps() { grep -sc '"event": "progress"' "$study/tuned/$1/events.jsonl"; }

# long NAME STRATEGY: a training of an hour, up to its first step.
long() {
  prepare "$1" "$2" host0
  sed -i 's/"\(epochs\|patience\)": [0-9.]*/"\1": 9999/; s/"evaluations": [0-9]*/"evaluations": 1/' "$study/tuned/$1/config.json"
  submit "$1" 2> /dev/null &
  until steps "$1" > /dev/null; do sleep 0.2; done
}

# told NAME RANK: what a rank says of one that is silent.
told() { grep -hos "[^\"]*has been silent[^\"]*according to rank $2 on node$2\." "$study/tuned/$1/events.jsonl" "$study/tuned/$1.err" | sed 's/^rank [0-9]*: //'; }

# trains HOST: is a process of Python left there?
trains() { ip netns pids "$NAMESPACE$1" | xargs -r ps -o comm= -p | grep -q python; }

# silence NAME STRATEGY RANKS COMMAND: the command cuts a host off; when the ranks that go on say so, and have ended.
silence() {
  local name=$1 ranks=$3 rank
  long "$name" "$2"
  "${@:4}"
  local began=$SECONDS
  for rank in $ranks; do
    until told "$name" "$rank" > /dev/null || ((SECONDS - began > 300)); do sleep 0.2; done
    echo "$name, $((SECONDS - began)) s: $(told "$name" "$rank")"
  done
  for rank in $ranks; do
    while trains "$rank"; do sleep 0.2; done
  done
  echo "$name, $((SECONDS - began)) s: ended"
  finish
}

# finish: the scheduler's part, which ends what is frozen; and the network is well again.
finish() {
  for host in 0 1; do ip netns pids $NAMESPACE$host | xargs -r kill -KILL 2> /dev/null || true; done
  wait
  for host in 0 1; do plug $host; done
}
freeze() { ip netns pids "$NAMESPACE$1" | xargs kill -STOP; }
unplug() { ip -n $NAMESPACE-switch link set "port$1" nomaster; }
plug() { ip -n $NAMESPACE-switch link set "port$1" master switch; }

# outage NAME STRATEGY SECONDS: a network that is silent for so long and then back.
outage() {
  long "$1" "$2"
  unplug 1
  sleep "$3"
  local before=$(steps "$1") began=$SECONDS
  plug 1
  until (($(steps "$1") > before)) || ((SECONDS - began > 60)); do sleep 0.2; done
  echo "$1: $before steps before $3 s of silence, $(steps "$1") some $((SECONDS - began)) s after; said of silent hosts: $(told "$1" 0)$(told "$1" 1)"
  finish
}

# stop NAME: a host that stops in the midst of training, all of its processes at once.
stop() {
  until steps "$1" > /dev/null; do sleep 0.2; done
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

for host in 0 1; do
  silence "frozen-host-$host" fsdp2 $((1 - host)) freeze $host
done
silence silent-network fsdp2 "0 1" unplug 1
silence silent-network-ddp ddp "0 1" unplug 0
outage short-outage ddp 25
