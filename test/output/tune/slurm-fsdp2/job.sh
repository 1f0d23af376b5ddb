#!/bin/bash
#SBATCH --job-name=tl-neox-20b-ful
#SBATCH --nodes=3
#SBATCH --ntasks-per-node=1
#SBATCH --gpus-per-node=4
#SBATCH --exclusive
#SBATCH --time=06:00:00
#SBATCH --account=proj42
#SBATCH --partition=gpu
#SBATCH --output=/project/love/tuned/neox-20b-full/job/%j.log
#
# Tunes neox-20b-full on 3 nodes with 4 GPUs each (FSDP2). Written by `tinylove tune submit`; it runs
# on the first node of the job and starts ON_NODE once on each.
set -euo pipefail

# Storage: every node has to see this folder, the model, the corpus and Python under the same paths.
FOLDER=/project/love/tuned/neox-20b-full
NODES=3
START=(srun --ntasks-per-node=1 --kill-on-bad-exit=1 --cpu-bind=none -n "$NODES")

# Rendezvous: at this node's address on the interface over which the nodes meet, at the job's own port.
INTERFACE=ib0
PATH=$PATH:/usr/sbin:/sbin # `ip` is often there
HEAD=$(ip -4 -o addr show dev "$INTERFACE" | awk '{ sub("/.*", "", $4); print $4; exit }') || true
if [ -z "$HEAD" ]; then
  echo "error: the first node has no address on $INTERFACE (it has: $(ls /sys/class/net | tr '\n' ' '))" >&2
  exit 1
fi
JOB=${SLURM_JOB_ID%%[!0-9]*}
PORT=$((20000 + JOB % 20000))

ON_NODE=$(cat <<'NODE'
set -euo pipefail
command=$1 config=$2 head=$3 port=$4 job=$5
folder=/project/love/tuned/neox-20b-full python=/project/tinylove/.venv/bin/python interface=ib0 nodes=3
host=${TINYLOVE_HOST:-$(hostname)}
fail() { echo "error: node $host: $1" >&2; exit 1; }

rank=${SLURM_NODEID:-}
[[ $rank =~ ^[0-9]+$ ]] || fail "the scheduler gave it no rank"
[ "$rank" -lt "$nodes" ] || fail "its rank is $rank, of $nodes nodes"
[ -e "/sys/class/net/$interface" ] || fail "no network interface $interface (it has: $(ls /sys/class/net | tr '\n' ' '))"
[ -r "$config" ] || fail "cannot read $config: is the storage shared?"
[ -x "$python" ] || fail "no Python at $python: is the storage shared?"

# The nodes sign in. Otherwise two nodes with the same rank, or a missing node, would make all wait forever.
meeting="$folder/job/meeting-$job-$command"
mkdir -p "$meeting"
(set -o noclobber && echo "$host" > "$meeting/$rank") 2> /dev/null ||
  fail "its rank $rank is also that of $(cat "$meeting/$rank"): a variable was expanded on the wrong node"
for ((waited = 0; waited < 45; waited++)); do
  [ "$(ls "$meeting" | wc -l)" -lt "$nodes" ] || break
  sleep 1
done
for ((other = 0; other < nodes; other++)); do
  [ -e "$meeting/$other" ] || fail "no node with rank $other came within 45 s"
done

set +u
type module > /dev/null 2>&1 || [ ! -r /etc/profile ] || . /etc/profile > /dev/null 2>&1 || true
module load cuda/12.6
set -u
export PYTHONPATH=/project/tinylove/trainer
export PYTHONUNBUFFERED=1
export HF_HUB_OFFLINE=1
export NCCL_SOCKET_IFNAME=ib0
export GLOO_SOCKET_IFNAME=ib0
export OMP_NUM_THREADS=16
exec "$python" -m accelerate.commands.launch \
  --num_machines 3 --num_processes 12 --machine_rank "$rank" \
  --main_process_ip "$head" --main_process_port "$port" --rdzv_backend static --rdzv_conf timeout=45 \
  --use_fsdp --fsdp_version 2 --fsdp_reshard_after_forward true \
  --fsdp_auto_wrap_policy TRANSFORMER_BASED_WRAP --fsdp_transformer_layer_cls_to_wrap GPTNeoXLayer \
  --fsdp_state_dict_type SHARDED_STATE_DICT --fsdp_cpu_ram_efficient_loading true \
  --mixed_precision bf16 --dynamo_backend no \
  --module tinylove_trainer "$command" --config "$config"
NODE
)

# Prints the last error of a failed trainer.
reason() {
  tail -n 1 "$1" | sed -n 's/.*"event": "error", "message": "\(.*\)", "hint": "\(.*\)".*/error: \1 \2/p' >&2
}

# Check that the nodes see each other: a minute now can save hours later.
rm -rf "$FOLDER/job/meeting-$JOB"-*
PREFLIGHT_LOG="$FOLDER/job/preflight-$JOB.jsonl"
if ! timeout --kill-after=10 300 "${START[@]}" bash -c "$ON_NODE" node preflight "$FOLDER/job/preflight.json" "$HEAD" "$PORT" "$JOB" | tee "$PREFLIGHT_LOG"; then
  reason "$PREFLIGHT_LOG"
  echo "error: the preflight failed (see above); nothing was trained" >&2
  exit 1
fi

# If this job is stopped, submit it again: it continues from its last checkpoint.
if ! "${START[@]}" bash -c "$ON_NODE" node tune "$FOLDER/config.json" "$HEAD" "$((PORT + 1))" "$JOB" | tee -a "$FOLDER/events.jsonl"; then
  reason "$FOLDER/events.jsonl"
  echo "error: the training ended early (see above or the log); submit it again to continue from its last checkpoint" >&2
  exit 1
fi
