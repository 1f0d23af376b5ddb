/** A tuning job over several nodes, with everything for its script. Paths are absolute and visible to every node. */
export interface ClusterJob {
  readonly name: string;
  readonly scheduler: "slurm" | "pbs";
  readonly nodes: number;
  readonly gpusPerNode: number;
  readonly strategy: "ddp" | "fsdp2" | "zero3";
  /** The layer class that FSDP2 wraps, such as `GPTNeoXLayer`; if unknown, FSDP2 wraps by size. */
  readonly layerClass?: string | undefined;
  readonly precision: "bf16" | "fp32";
  readonly time: string;
  readonly account?: string | undefined;
  readonly queue?: string | undefined;
  readonly select?: string | undefined;
  readonly filesystems?: string | undefined;
  readonly interface: string;
  readonly start?: string | undefined;
  readonly before: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** The folder of the tuned model, with `config.json` in it. */
  readonly folder: string;
  readonly python: string;
  readonly trainer: string;
}

/** Seconds for the nodes to meet, and for the network test of the preflight. */
const joinSeconds = 45;

/**
 * The job script. It starts with the scheduler's directives. The rank is read on each node, in a here-document with a
 * quoted delimiter: if the head node expanded it, every node would have rank 0.
 */
export function jobScript(job: ClusterJob): string {
  const { directives, rank, jobNumber, start } = schedulers[job.scheduler];
  return `#!/bin/bash
${directives(job).join("\n")}
#
# Tunes ${oneLine(job.name)} on ${job.nodes} nodes with ${job.gpusPerNode} GPUs each (${strategyNames[job.strategy]}). Written by \`tinylove tune submit\`; it runs
# on the first node of the job and starts ON_NODE once on each.
set -euo pipefail

# Storage: every node has to see this folder, the model, the corpus and Python under the same paths.
FOLDER=${quoted(job.folder)}
NODES=${job.nodes}
START=(${job.start ?? start} -n "$NODES")

# Rendezvous: at this node's address on the interface over which the nodes meet, at the job's own port.
INTERFACE=${quoted(job.interface)}
PATH=$PATH:/usr/sbin:/sbin # \`ip\` is often there
HEAD=$(ip -4 -o addr show dev "$INTERFACE" | awk '{ sub("/.*", "", $4); print $4; exit }') || true
if [ -z "$HEAD" ]; then
  echo "error: the first node has no address on $INTERFACE (it has: $(ls /sys/class/net | tr '\\n' ' '))" >&2
  exit 1
fi
JOB=\${${jobNumber}%%[!0-9]*}
PORT=$((20000 + JOB % 20000))

ON_NODE=$(cat <<'NODE'
set -euo pipefail
command=$1 config=$2 head=$3 port=$4 job=$5
${nodePart(job, rank)}
NODE
)

# Prints the last error of a failed trainer.
reason() {
  tail -n 1 "$1" | sed -n 's/.*"event": "error", "message": "\\(.*\\)", "hint": "\\(.*\\)".*/error: \\1 \\2/p' >&2
}

# Check that the nodes see each other: a minute now can save hours later.
rm -rf "$FOLDER/job/meeting-$JOB"-*
PREFLIGHT_LOG="$FOLDER/job/preflight-$JOB.jsonl"
if ! timeout --kill-after=10 300 "\${START[@]}" bash -c "$ON_NODE" node preflight "$FOLDER/job/preflight.json" "$HEAD" "$PORT" "$JOB" | tee "$PREFLIGHT_LOG"; then
  reason "$PREFLIGHT_LOG"
  echo "error: the preflight failed (see above); nothing was trained" >&2
  exit 1
fi

# If this job is stopped, submit it again: it continues from its last checkpoint.
if ! "\${START[@]}" bash -c "$ON_NODE" node tune "$FOLDER/config.json" "$HEAD" "$((PORT + 1))" "$JOB" | tee -a "$FOLDER/events.jsonl"; then
  reason "$FOLDER/events.jsonl"
  echo "error: the training ended early (see above or the log); submit it again to continue from its last checkpoint" >&2
  exit 1
fi
`;
}

/** What each node runs: first quick checks for common mistakes, then the launcher. */
function nodePart(job: ClusterJob, rank: string): string {
  const environment = {
    PYTHONPATH: job.trainer,
    PYTHONUNBUFFERED: "1",
    // Compute nodes often have no internet access; the model is in the shared storage.
    HF_HUB_OFFLINE: "1",
    NCCL_SOCKET_IFNAME: job.interface,
    GLOO_SOCKET_IFNAME: job.interface,
    OMP_NUM_THREADS: "8",
    ...job.environment,
  };
  return `folder=${quoted(job.folder)} python=${quoted(job.python)} interface=${quoted(job.interface)} nodes=${job.nodes}
host=\${TINYLOVE_HOST:-$(hostname)}
fail() { echo "error: node $host: $1" >&2; exit 1; }

rank=${rank}
[[ $rank =~ ^[0-9]+$ ]] || fail "the scheduler gave it no rank"
[ "$rank" -lt "$nodes" ] || fail "its rank is $rank, of $nodes nodes"
[ -e "/sys/class/net/$interface" ] || fail "no network interface $interface (it has: $(ls /sys/class/net | tr '\\n' ' '))"
[ -r "$config" ] || fail "cannot read $config: is the storage shared?"
[ -x "$python" ] || fail "no Python at $python: is the storage shared?"

# The nodes sign in. Otherwise two nodes with the same rank, or a missing node, would make all wait forever.
meeting="$folder/job/meeting-$job-$command"
mkdir -p "$meeting"
(set -o noclobber && echo "$host" > "$meeting/$rank") 2> /dev/null ||
  fail "its rank $rank is also that of $(cat "$meeting/$rank"): a variable was expanded on the wrong node"
for ((waited = 0; waited < ${joinSeconds}; waited++)); do
  [ "$(ls "$meeting" | wc -l)" -lt "$nodes" ] || break
  sleep 1
done
for ((other = 0; other < nodes; other++)); do
  [ -e "$meeting/$other" ] || fail "no node with rank $other came within ${joinSeconds} s"
done

${[...loaded(job), ...Object.entries(environment).map(([name, value]) => `export ${name}=${quoted(value)}`)].join("\n")}
exec "$python" -m accelerate.commands.launch \\
  --num_machines ${job.nodes} --num_processes ${job.nodes * job.gpusPerNode} --machine_rank "$rank" \\
  --main_process_ip "$head" --main_process_port "$port" --rdzv_backend static --rdzv_conf timeout=${joinSeconds} \\
  ${launchFlags(job).join(" \\\n  ")} \\
  --mixed_precision ${job.precision === "bf16" ? "bf16" : "no"} --dynamo_backend no \\
  --module tinylove_trainer "$command" --config "$config"`;
}

/**
 * Module files often use unset variables, so `set -u` is off here. `module` is only known after reading the profile,
 * unless the scheduler passes functions on.
 */
const loaded = ({ before }: ClusterJob): string[] =>
  before.length > 0
    ? [
        "set +u",
        "type module > /dev/null 2>&1 || [ ! -r /etc/profile ] || . /etc/profile > /dev/null 2>&1 || true",
        ...before,
        "set -u",
      ]
    : [];

function launchFlags({ strategy, layerClass }: ClusterJob): string[] {
  // The trainer configures DeepSpeed itself, so the launcher must not.
  if (strategy !== "fsdp2") return ["--multi_gpu"];
  const wrap = layerClass
    ? `--fsdp_auto_wrap_policy TRANSFORMER_BASED_WRAP --fsdp_transformer_layer_cls_to_wrap ${layerClass}`
    : "--fsdp_auto_wrap_policy SIZE_BASED_WRAP --fsdp_min_num_params 10000000";
  return [
    "--use_fsdp --fsdp_version 2 --fsdp_reshard_after_forward true",
    wrap,
    "--fsdp_state_dict_type SHARDED_STATE_DICT --fsdp_cpu_ram_efficient_loading true",
  ];
}

const strategyNames = { ddp: "a whole copy on each GPU", fsdp2: "FSDP2", zero3: "DeepSpeed ZeRO-3" } as const;

interface Scheduler {
  directives(job: ClusterJob): string[];
  /** The node's rank, as the shell on the node reads it. */
  readonly rank: string;
  /** The variable with the job's number. */
  readonly jobNumber: string;
  readonly start: string;
}

const schedulers: Readonly<Record<ClusterJob["scheduler"], Scheduler>> = {
  slurm: {
    directives: (job) => [
      `#SBATCH --job-name=${jobName(job)}`,
      `#SBATCH --nodes=${job.nodes}`,
      "#SBATCH --ntasks-per-node=1",
      `#SBATCH --gpus-per-node=${job.gpusPerNode}`,
      "#SBATCH --exclusive",
      `#SBATCH --time=${job.time}`,
      ...(job.account ? [`#SBATCH --account=${job.account}`] : []),
      ...(job.queue ? [`#SBATCH --partition=${job.queue}`] : []),
      `#SBATCH --output=${quoted(`${job.folder}/job/%j.log`)}`,
    ],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's placeholder.
    rank: "${SLURM_NODEID:-}",
    jobNumber: "SLURM_JOB_ID",
    // Without the last flag a task may be bound to one core, which slows down all GPUs of the node.
    start: "srun --ntasks-per-node=1 --kill-on-bad-exit=1 --cpu-bind=none",
  },
  pbs: {
    directives: (job) => [
      `#PBS -N ${jobName(job)}`,
      `#PBS -l select=${job.nodes}:${job.select ?? `ngpus=${job.gpusPerNode}`}`,
      "#PBS -l place=scatter",
      `#PBS -l walltime=${job.time}`,
      ...(job.filesystems ? [`#PBS -l filesystems=${job.filesystems}`] : []),
      ...(job.account ? [`#PBS -A ${job.account}`] : []),
      ...(job.queue ? [`#PBS -q ${job.queue}`] : []),
      "#PBS -j oe",
      `#PBS -o ${job.folder}/job/`,
    ],
    // PALS and MPICH set PMI_RANK, Open MPI the other.
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's placeholder.
    rank: "${PMI_RANK:-${OMPI_COMM_WORLD_RANK:-}}",
    jobNumber: "PBS_JOBID",
    start: "mpiexec --ppn 1 --cpu-bind none",
  },
};

/** PBS allows 15 characters. */
const jobName = ({ name }: ClusterJob): string => `tl-${name}`.replace(/[^\w-]/g, "-").slice(0, 15);

const oneLine = (text: string): string => text.replace(/\s+/g, " ");

/** Quotes a text as one word of the shell. */
export const quoted = (text: string): string =>
  /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
