"""How containers start, and end."""

from __future__ import annotations

from typing import Final

from reconciler.core.causes import Kind
from reconciler.core.symptoms.symptoms import Of, Symptom

TABLE: Final[tuple[Symptom, ...]] = (
    # Starting containers
    Symptom(
        Kind.IMAGE,
        r"exec format error",
        "the image {image} is built for another processor than the task's",
        "build it for the task's (`docker buildx build --platform`), or set runtimePlatform.cpuArchitecture to its own",
        "reported: exec … exec format error",
        of=Of.LOG,
    ),
    Symptom(
        Kind.START,
        r"Cannot(?:Start|Create)ContainerError.*(?:executable file not found|no such file or directory)",
        "the command of {container} is not in the image {image}",
        "check entryPoint and command: without a shell, each word is an item of its own",
        "reported: OCI runtime create failed: exec: … executable file not found in $PATH",
    ),
    Symptom(
        Kind.START,
        r"port is already allocated|address already in use",
        "a host port that {container} wants is taken",
        "set hostPort to 0 for a dynamic one, use awsvpc, or run at most one such task an instance",
        "reported: CannotStartContainerError: Bind for 0.0.0.0:… failed: port is already allocated",
    ),
    Symptom(
        Kind.START,
        r"Cannot(?:Start|Create)Container(?:Error)?",
        "{container} cannot be started",
        "check entryPoint, command, user, devices and mount points; raise memory if the limit is tight",
        "stopped: CannotStartContainerError: failed to get container status",
    ),
    Symptom(
        Kind.START,
        r"ContainerRuntimeTimeoutError|DockerTimeoutError|Could not transition to (?P<state>\w+)",
        "{container} did not get from one state to the next in time",
        "a very large image or a busy instance is slow: make the image smaller, give the task more CPU, or try again",
        "stopped: ContainerRuntimeTimeoutError: Could not transition to running; timed out after waiting 1m",
    ),
    Symptom(
        Kind.INFRASTRUCTURE,
        r"Cannot(?:Inspect|Stop)ContainerError|ContainerRuntimeError",
        "the container runtime failed with {container}",
        "try again; if it lasts, replace the container instance, or ask AWS",
        "stopped: CannotInspectContainerError, CannotStopContainerError",
    ),
    Symptom(
        Kind.MEMORY,
        r"OutOfMemory|memory usage",
        "{container} was killed because it used more memory than it has ({memory})",
        "raise `memory` of the container and the task, or make the application use less",
        "stopped: OutOfMemoryError: Container killed due to memory usage",
    ),
    # Exit codes
    Symptom(
        Kind.EXIT,
        r"^0$",
        "{container} ended by itself, with exit code 0",
        "a service's container has to keep running: start the program in the foreground; a job is no service",
        "stopped: Essential container in task exited",
        of=Of.EXIT,
    ),
    Symptom(
        Kind.EXIT,
        r"^126$",
        "the command of {container} cannot be executed (exit code 126)",
        "make the file executable in the image, and check its interpreter and platform",
        "Docker, exit status of `docker run`",
        of=Of.EXIT,
    ),
    Symptom(
        Kind.EXIT,
        r"^127$",
        "the command of {container} was not found (exit code 127)",
        "check entryPoint and command against what the image {image} holds",
        "Docker, exit status of `docker run`",
        of=Of.EXIT,
    ),
    Symptom(
        Kind.EXIT,
        r"^137$",
        "{container} was killed (exit code 137, SIGKILL)",
        "most often it ran out of memory ({memory}): raise it; else it did not end within stopTimeout",
        "repost.aws ecs-resolve-outofmemory-errors; 128 + signal",
        of=Of.EXIT,
    ),
    Symptom(
        Kind.EXIT,
        r"^139$",
        "{container} crashed with a segmentation fault (exit code 139, SIGSEGV)",
        "check that the image fits the task's processor, and the program's native libraries",
        "128 + signal",
        of=Of.EXIT,
    ),
    Symptom(
        Kind.EXIT,
        r"^134$",
        "{container} aborted (exit code 134, SIGABRT)",
        "its last lines mostly say which assertion failed; memory may be too short",
        "128 + signal",
        of=Of.EXIT,
    ),
    Symptom(
        Kind.EXIT,
        r"^143$",
        "{container} was told to end (exit code 143, SIGTERM)",
        "another container of the task may have ended first; look for what stopped it",
        "128 + signal",
        of=Of.EXIT,
    ),
    Symptom(
        Kind.EXIT,
        r"^(?P<code>\d+)$",
        "{container} exited with code {code}",
        "its last lines mostly say why; else run the image with the same environment and command",
        "stopped: Essential container in task exited",
        of=Of.EXIT,
    ),
)
