"""`preflight`: run by the launcher on every node before hours are spent. Do the nodes see one another?

What users meet: a rank that was expanded on the head node, so that every machine is the first; machines that each
train alone; an interface that gloo or NCCL does not find; sharding that is silently not done. Each has its name here.
"""

import datetime
import os
import socket

import torch
import torch.distributed as dist

from .events import UserError, emit
from .settings import one_of, positive, settled
from .zero3 import check_deepspeed

DEFAULTS = {
    "nodes": 1,
    "processes": 1,  # over all nodes
    "sharded": False,  # as in `tune`: true, zero3 or not
    "parameters": 1_000_000,  # of the probe that is sharded
    "timeout": 60,  # seconds
}


def preflight(config: dict) -> None:
    """Each rank checks the plan in the config; the first one tells it as a `preflight` event. Throws what is wrong."""
    settings = settled(config, DEFAULTS)
    for name in ("nodes", "processes", "timeout", "parameters"):
        positive(name, getattr(settings, name))
    one_of("sharded", settings.sharded, (False, True, "zero3"))
    if settings.sharded == "zero3":
        check_deepspeed()
    check_environment(settings)
    join(settings)
    try:
        ranks = check_ranks(settings)
        check_sum()
        held = check_sharding(settings) if settings.sharded is True else None
        # Nobody leaves before all have finished: a rank that goes first closes the connection of one still at work.
        dist.barrier()
        emit("preflight", world=dist.get_world_size(), hosts=sorted({host for host, _ in ranks}), backend=dist.get_backend(), parameters_held=held)
        emit("done")
    finally:
        dist.destroy_process_group()


def check_environment(settings) -> None:
    world = os.environ.get("WORLD_SIZE")
    if world is None:
        raise UserError("The launcher set no WORLD_SIZE: this process stands alone.", "Start it with torchrun or accelerate launch.")
    if int(world) != settings.processes:
        hint = "Each machine trains alone: with accelerate, give --multi_gpu (or ACCELERATE_USE_CPU=true), not --cpu." if world == "1" else "Mend --num_processes or --nnodes."
        raise UserError(f"The world has {world} processes; {settings.processes} were planned.", hint)


def join(settings) -> None:
    """Two first ranks wait for each other for ever: so a time is set, and the likely reasons are named."""
    backend = "nccl" if torch.cuda.is_available() else "gloo"
    if backend == "nccl":
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    try:
        dist.init_process_group(backend, timeout=datetime.timedelta(seconds=settings.timeout))
    except (RuntimeError, ValueError, dist.DistError) as problem:
        rank, address, port = (os.environ.get(name, "unset") for name in ("RANK", "MASTER_ADDR", "MASTER_PORT"))
        interface = os.environ.get("GLOO_SOCKET_IFNAME" if backend == "gloo" else "NCCL_SOCKET_IFNAME", "unset")
        raise UserError(
            f"Rank {rank} on {socket.gethostname()} did not meet the others at {address}:{port} within {settings.timeout} s (interface {interface}): {str(problem).splitlines()[0][:160]}",
            "A node that did not start? Two nodes with one rank (a variable expanded on the head node)? An interface of another name (ip addr)?",
        ) from None


def check_ranks(settings) -> list[tuple[str, int]]:
    ranks: list = [None] * dist.get_world_size()
    dist.all_gather_object(ranks, (os.environ.get("TINYLOVE_HOST", socket.gethostname()), dist.get_rank()))
    numbers = sorted(rank for _, rank in ranks)
    if numbers != list(range(settings.processes)):
        raise UserError(f"The ranks are {numbers}.", "Each process needs a rank of its own: per-node variables stand in single quotes in the job script.")
    hosts = {host for host, _ in ranks}
    if len(hosts) != settings.nodes:
        raise UserError(f"The processes run on {len(hosts)} hosts ({', '.join(sorted(hosts))}); {settings.nodes} nodes were planned.", "Mend the node count of the job or --ppn.")
    return ranks


def check_sum() -> None:
    """What every gradient goes through."""
    world = dist.get_world_size()
    tensor = torch.full((1024,), float(dist.get_rank() + 1), device="cuda" if torch.cuda.is_available() else "cpu")
    dist.all_reduce(tensor)
    if tensor.unique().tolist() != [world * (world + 1) / 2]:
        raise UserError("An all-reduce over the nodes gave a wrong sum.", "The network library is broken or mixed: the same PyTorch on every node?")


def check_sharding(settings) -> int:
    """Shards a model of so many parameters; each rank must hold about its part of them."""
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard

    world = dist.get_world_size()
    side = max(world, int(settings.parameters**0.5) // world * world)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = torch.nn.Linear(side, side, bias=False, device=device)
    fully_shard(model, mesh=init_device_mesh(device, (world,)))
    held = sum(parameter.to_local().numel() for parameter in model.parameters())
    if abs(held - side * side / world) > side:
        raise UserError(f"Rank {dist.get_rank()} holds {held:,} of {side * side:,} parameters: the model is not sharded.", "Set ACCELERATE_USE_FSDP=true and fsdp_version 2.")
    model(torch.ones(1, side, device=device)).sum().backward()
    return held
