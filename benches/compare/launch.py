"""Runs one command and writes what it cost: `status wall_ns cpu_us peak_kib written_blocks`.

    python3 -I -S launch.py FIGURES STDOUT STDERR CPUS COMMAND...

A process of its own, because the kernel counts the memory of the parent at the moment of the exec as the
child's: started from here the floor is the few MiB of an interpreter without modules. Only built-in
modules are imported, for that reason.
"""

import posix
import sys
import time


def main():
    figures, out, err, cpus, *command = sys.argv[1:]
    allowed = sorted(posix.sched_getaffinity(0))
    posix.sched_setaffinity(0, allowed[: int(cpus)])
    flags = posix.O_WRONLY | posix.O_CREAT | posix.O_TRUNC
    actions = [
        (posix.POSIX_SPAWN_OPEN, 0, "/dev/null", posix.O_RDONLY, 0),
        (posix.POSIX_SPAWN_OPEN, 1, out, flags, 0o600),
        (posix.POSIX_SPAWN_OPEN, 2, err, flags, 0o600),
    ]
    begun = time.monotonic_ns()
    child = posix.posix_spawn(command[0], command, posix.environ, file_actions=actions)
    _, status, usage = posix.wait4(child, 0)
    wall = time.monotonic_ns() - begun
    cpu = int((usage.ru_utime + usage.ru_stime) * 1_000_000)
    code = posix.waitstatus_to_exitcode(status)
    with open(figures, "w") as file:
        file.write(f"{code} {wall} {cpu} {usage.ru_maxrss} {usage.ru_oublock}\n")


main()
