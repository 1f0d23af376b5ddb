"""`preflight`: checks, on every node and before hours are spent, that the nodes can work together.

It names the usual mistakes: a rank that was expanded on the head node, so that every machine has rank 0; machines that
each train alone; a network interface that gloo or NCCL does not find; sharding that is silently off.
"""

import datetime
import os
import socket
from typing import Any, cast

import torch
import torch.distributed as dist

from .events import UserError, emit
from .settings import PreflightSettings
from .zero3 import check_deepspeed


def preflight(config: dict[str, Any]) -> None:
    """Each rank checks the plan in the config; rank 0 reports it as a `preflight` event. Raises UserError for what is wrong."""
    settings = PreflightSettings.read(config)
    if settings.sharded == "zero3":
        check_deepspeed()
    check_environment(settings)
    join(settings)
    try:
        ranks = check_ranks(settings)
        check_sum()
        held = check_sharding(settings) if settings.sharded is True else None
        # Wait for all: a rank that ends first closes the connection of one that is still working.
        dist.barrier()
        emit(
            "preflight",
            world=dist.get_world_size(),
            hosts=sorted({host for host, _ in ranks}),
            backend=dist.get_backend(),
            parameters_held=held,
        )
        emit("done")
    finally:
        dist.destroy_process_group()


def check_environment(settings: PreflightSettings) -> None:
    world = os.environ.get("WORLD_SIZE")
    if world is None:
        raise UserError(
            "The launcher did not set WORLD_SIZE: this process is alone.",
            "Start it with torchrun or accelerate launch.",
        )
    if int(world) != settings.processes:
        hint = (
            "Each machine trains alone: with accelerate, give --multi_gpu (or ACCELERATE_USE_CPU=true), not --cpu."
            if world == "1"
            else "Correct --num_processes or --nnodes."
        )
        raise UserError(f"The world has {world} processes; {settings.processes} were planned.", hint)


def join(settings: PreflightSettings) -> None:
    """Opens the process group. Two processes with rank 0 would wait for each other forever, so there is a time limit."""
    backend = "nccl" if torch.cuda.is_available() else "gloo"
    if backend == "nccl":
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    try:
        dist.init_process_group(backend, timeout=datetime.timedelta(seconds=settings.timeout))
    except (RuntimeError, ValueError, dist.DistError) as problem:
        rank, address, port = (os.environ.get(name, "unset") for name in ("RANK", "MASTER_ADDR", "MASTER_PORT"))
        interface = os.environ.get("GLOO_SOCKET_IFNAME" if backend == "gloo" else "NCCL_SOCKET_IFNAME", "unset")
        raise UserError(
            f"Rank {rank} on {socket.gethostname()} did not reach the other ranks at {address}:{port} within {settings.timeout} s (interface {interface}): {str(problem).splitlines()[0][:160]}",
            "Did a node not start? Do two nodes have the same rank (a variable expanded on the head node)? Is the interface's name right (ip addr)?",
        ) from None


def check_ranks(settings: PreflightSettings) -> list[tuple[str, int]]:
    ranks: list[Any] = [None] * dist.get_world_size()
    dist.all_gather_object(ranks, (os.environ.get("TINYLOVE_HOST", socket.gethostname()), dist.get_rank()))
    numbers = sorted(rank for _, rank in ranks)
    if numbers != list(range(settings.processes)):
        raise UserError(
            f"The ranks are {numbers}.",
            "Each process needs a rank of its own: put per-node variables in single quotes in the job script.",
        )
    hosts = {host for host, _ in ranks}
    if len(hosts) != settings.nodes:
        raise UserError(
            f"The processes run on {len(hosts)} hosts ({', '.join(sorted(hosts))}); {settings.nodes} nodes were planned.",
            "Correct the node count of the job, or --ppn.",
        )
    return ranks


def check_sum() -> None:
    """Checks the all-reduce, through which every gradient goes."""
    world = dist.get_world_size()
    tensor = torch.full((1024,), float(dist.get_rank() + 1), device="cuda" if torch.cuda.is_available() else "cpu")
    dist.all_reduce(tensor)
    if tensor.unique().tolist() != [world * (world + 1) / 2]:
        raise UserError(
            "An all-reduce over the nodes gave a wrong sum.",
            "The network library is broken or differs between nodes: install the same PyTorch on every node.",
        )


def check_sharding(settings: PreflightSettings) -> int:
    """Shards a model with this number of parameters; each rank must hold about its part. Returns how many it holds."""
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard
    from torch.distributed.tensor import DTensor

    world = dist.get_world_size()
    side = max(world, int(settings.parameters**0.5) // world * world)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = torch.nn.Linear(side, side, bias=False, device=device)
    fully_shard(model, mesh=init_device_mesh(device, (world,)))
    held = sum(cast(DTensor, parameter).to_local().numel() for parameter in model.parameters())
    if abs(held - side * side / world) > side:
        raise UserError(
            f"Rank {dist.get_rank()} holds {held:,} of {side * side:,} parameters: the model is not sharded.",
            "Set ACCELERATE_USE_FSDP=true and fsdp_version 2.",
        )
    model(torch.ones(1, side, device=device)).sum().backward()
    return held
