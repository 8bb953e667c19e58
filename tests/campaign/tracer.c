/* Runs a program and watches every call to the system that changes or reads files below given folders.
 *
 *   tracer LOG ROOTS ACTION N -- PROGRAM ARGUMENTS…
 *
 * LOG is the journal: a line of tab-separated fields for each step, followed by the bytes that were written.
 * ROOTS are folders separated by `:`. Steps are counted from 1. ACTION is what happens at step N:
 *
 *   none         nothing; the journal alone
 *   kill-before  SIGKILL before the step is done
 *   kill-after   SIGKILL after the step is done
 *   kill-torn    SIGKILL after half of the bytes of a write (else as kill-after)
 *   enospc       the step fails with ENOSPC, once
 *   full         every step that needs room fails with ENOSPC from N on
 *   short        a write takes half of its bytes, and then as full
 *   eio          the step fails with EIO, once
 *   broken       every step from N on fails with EIO
 *   eio-read     reading step N (counted apart) fails with EIO, once
 *
 * Works on the calls themselves (seccomp and ptrace), so nothing that a program does is missed, whichever library
 * does it. A limit: what is written through a mapping is not seen; of SQLite that is the index of its log, which
 * it makes anew after a crash. Ends as the program did: its exit code, or 128 plus its signal.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef __x86_64__
#error "the tracer knows the registers of x86-64 only"
#endif

/* How a call names what it works on. */
enum shape { FD, FD_AT, PATH, AT, PATH_PATH, AT_AT, OPEN, OPENAT, TO_FD };
/* What a call does: R reads, W writes data, S flushes, N changes names, C may create, M changes a mode. */
struct call { long number; const char *name; enum shape shape; char class; };

static const struct call CALLS[] = {
    {SYS_write, "write", FD, 'W'}, {SYS_pwrite64, "pwrite", FD_AT, 'W'}, {SYS_writev, "writev", FD, 'W'},
    {SYS_pwritev, "pwritev", FD_AT, 'W'}, {SYS_pwritev2, "pwritev2", FD_AT, 'W'},
    {SYS_sendfile, "sendfile", FD, 'W'}, {SYS_copy_file_range, "copy_file_range", TO_FD, 'W'},
    {SYS_ftruncate, "ftruncate", FD, 'T'}, {SYS_truncate, "truncate", PATH, 'T'}, {SYS_fallocate, "fallocate", FD, 'W'},
    {SYS_fsync, "fsync", FD, 'S'}, {SYS_fdatasync, "fdatasync", FD, 'S'}, {SYS_sync_file_range, "sync_file_range", FD, 'S'},
    {SYS_rename, "rename", PATH_PATH, 'N'}, {SYS_renameat, "rename", AT_AT, 'N'}, {SYS_renameat2, "rename", AT_AT, 'N'},
    {SYS_link, "link", PATH_PATH, 'N'}, {SYS_linkat, "link", AT_AT, 'N'},
    {SYS_unlink, "unlink", PATH, 'N'}, {SYS_unlinkat, "unlink", AT, 'N'}, {SYS_rmdir, "rmdir", PATH, 'N'},
    {SYS_mkdir, "mkdir", PATH, 'N'}, {SYS_mkdirat, "mkdir", AT, 'N'}, {SYS_symlink, "symlink", PATH_PATH, 'N'},
    {SYS_open, "create", OPEN, 'C'}, {SYS_openat, "create", OPENAT, 'C'}, {SYS_creat, "create", PATH, 'C'},
    {SYS_chmod, "chmod", PATH, 'M'}, {SYS_fchmod, "chmod", FD, 'M'}, {SYS_fchmodat, "chmod", AT, 'M'},
    {SYS_read, "read", FD, 'R'}, {SYS_pread64, "pread", FD_AT, 'R'}, {SYS_readv, "readv", FD, 'R'},
    {SYS_preadv, "preadv", FD_AT, 'R'},
};
enum { CALLS_COUNT = sizeof CALLS / sizeof *CALLS, TRACED_MAX = 256, BYTES_MAX = 64 << 20 };

/* A thread that is between the entry and the exit of a step. */
struct pending { pid_t thread; const struct call *call; long step; char path[PATH_MAX], path2[PATH_MAX]; int kill; };

static struct pending PENDING[TRACED_MAX];
static const char *ROOTS, *ACTION;
static long AT_STEP, STEPS, READS;
static int FAILING;
static FILE *LOG;

static void fail(const char *what) { perror(what); exit(99); }

static int below_roots(const char *path) {
    for (const char *root = ROOTS; *root;) {
        size_t length = strcspn(root, ":");
        if (length && !strncmp(path, root, length) && (path[length] == '/' || !path[length])) return 1;
        root += length + (root[length] == ':');
    }
    return 0;
}

static void fd_path(pid_t thread, long fd, char *into) {
    char link[64];
    snprintf(link, sizeof link, "/proc/%d/fd/%d", thread, (int)fd);
    ssize_t length = readlink(link, into, PATH_MAX - 1);
    into[length < 0 ? 0 : length] = 0;
    char *gone = strstr(into, " (deleted)");
    if (gone) *gone = 0;
}

static void memory(pid_t thread, unsigned long from, void *into, size_t length, size_t *got) {
    struct iovec here = {into, length}, there = {(void *)from, length};
    ssize_t read = process_vm_readv(thread, &here, 1, &there, 1, 0);
    *got = read < 0 ? 0 : (size_t)read;
}

/* Page by page, since the text may end just before memory that is not there. */
static void text(pid_t thread, unsigned long from, char *into) {
    size_t filled = 0;
    while (filled < PATH_MAX - 1) {
        size_t part = 4096 - ((from + filled) & 4095), got;
        if (part > PATH_MAX - 1 - filled) part = PATH_MAX - 1 - filled;
        memory(thread, from + filled, into + filled, part, &got);
        if (!got || memchr(into + filled, 0, got)) { filled += got; break; }
        filled += got;
    }
    into[filled] = 0;
}

/* The path that a call means, made absolute. */
static void at_path(pid_t thread, long folder, unsigned long name, char *into) {
    char own[PATH_MAX], base[PATH_MAX];
    text(thread, name, own);
    if (*own == '/') { snprintf(into, PATH_MAX, "%s", own); return; }
    if ((int)folder == AT_FDCWD) {
        char link[64];
        snprintf(link, sizeof link, "/proc/%d/cwd", thread);
        ssize_t length = readlink(link, base, sizeof base - 1);
        base[length < 0 ? 0 : length] = 0;
    } else fd_path(thread, folder, base);
    if (snprintf(into, PATH_MAX, "%s/%s", base, own) >= PATH_MAX) into[0] = 0;
}

static long position(pid_t thread, long fd) {
    char name[64], line[128];
    long at = 0;
    snprintf(name, sizeof name, "/proc/%d/fdinfo/%d", thread, (int)fd);
    FILE *info = fopen(name, "r");
    if (!info) return 0;
    while (fgets(line, sizeof line, info)) if (sscanf(line, "pos: %ld", &at) == 1) break;
    fclose(info);
    return at;
}

static const struct call *call_of(long number) {
    for (int i = 0; i < CALLS_COUNT; i++) if (CALLS[i].number == number) return &CALLS[i];
    return NULL;
}

static void resolve(pid_t thread, const struct call *call, const struct user_regs_struct *r, struct pending *step) {
    step->path[0] = step->path2[0] = 0;
    switch (call->shape) {
    case FD: case FD_AT: fd_path(thread, r->rdi, step->path); break;
    case TO_FD: fd_path(thread, r->rdx, step->path); break;
    case PATH: case OPEN: at_path(thread, AT_FDCWD, r->rdi, step->path); break;
    case AT: case OPENAT: at_path(thread, r->rdi, r->rsi, step->path); break;
    case PATH_PATH: at_path(thread, AT_FDCWD, r->rdi, step->path); at_path(thread, AT_FDCWD, r->rsi, step->path2); break;
    case AT_AT: at_path(thread, r->rdi, r->rsi, step->path); at_path(thread, r->rdx, r->r10, step->path2); break;
    }
}

static struct pending *pending_of(pid_t thread) {
    for (int i = 0; i < TRACED_MAX; i++) if (PENDING[i].thread == thread) return &PENDING[i];
    return NULL;
}

static struct pending *new_pending(pid_t thread) {
    struct pending *step = pending_of(0);
    if (!step) { fprintf(stderr, "tracer: too many threads\n"); exit(99); }
    step->thread = thread;
    step->kill = 0;
    return step;
}

/* The step is skipped and answers with an error. */
static void refuse(pid_t thread, struct user_regs_struct *r, struct pending *step, int why) {
    fprintf(LOG, "%ld\t%s\t%s\t%s\t0\t0\t%d\n", step->step, step->call->name, step->path, step->path2, -why);
    r->orig_rax = (unsigned long long)-1;
    r->rax = (unsigned long long)(long long)-why;
    if (ptrace(PTRACE_SETREGS, thread, 0, r)) fail("setregs");
    step->thread = 0;
}

static int needs_room(char class) { return class == 'W' || class == 'C' || class == 'N'; }

/* Before a call: counts it where it concerns us, and does what was asked. 1 where its end is to be seen. */
static int enter(pid_t thread, pid_t group) {
    struct user_regs_struct r;
    if (ptrace(PTRACE_GETREGS, thread, 0, &r)) return 0;
    const struct call *call = call_of((long)r.orig_rax);
    if (!call) return 0;
    if (call->shape == OPEN && !(r.rsi & (O_CREAT | O_TRUNC))) return 0;
    if (call->shape == OPENAT && !(r.rdx & (O_CREAT | O_TRUNC))) return 0;
    struct pending *step = new_pending(thread);
    resolve(thread, call, &r, step);
    step->call = call;
    if (!below_roots(step->path) && !below_roots(step->path2)) { step->thread = 0; return 0; }
    if (call->class == 'R') {
        step->step = ++READS;
        if (!strcmp(ACTION, "eio-read") && READS == AT_STEP) refuse(thread, &r, step, EIO);
        else step->thread = 0;
        return 0;
    }
    step->step = ++STEPS;
    int here = STEPS == AT_STEP;
    if (here && !strcmp(ACTION, "kill-before")) { kill(group, SIGKILL); step->thread = 0; return 0; }
    if (here && !strcmp(ACTION, "kill-after")) step->kill = 1;
    if (here && (!strcmp(ACTION, "kill-torn") || !strcmp(ACTION, "short"))) {
        if (*ACTION == 'k') step->kill = 1; else FAILING = 1;
        if ((r.orig_rax == SYS_write || r.orig_rax == SYS_pwrite64) && r.rdx > 1) {
            r.rdx /= 2;
            if (ptrace(PTRACE_SETREGS, thread, 0, &r)) fail("setregs");
        }
        return 1;
    }
    if (here && !strcmp(ACTION, "enospc")) { refuse(thread, &r, step, ENOSPC); return 0; }
    if (here && !strcmp(ACTION, "eio")) { refuse(thread, &r, step, EIO); return 0; }
    if (here && (!strcmp(ACTION, "full") || !strcmp(ACTION, "broken"))) FAILING = 1;
    if (FAILING && *ACTION == 'b') { refuse(thread, &r, step, EIO); return 0; }
    /* On a full disk names can still be taken away. */
    if (FAILING && needs_room(call->class) && strcmp(call->name, "unlink") && strcmp(call->name, "rmdir")) {
        refuse(thread, &r, step, ENOSPC);
        return 0;
    }
    return 1;
}

/* After a call: its result and, of a write, its bytes into the journal. */
static void leave(struct pending *step, pid_t group) {
    static unsigned char bytes[BYTES_MAX];
    struct user_regs_struct r;
    pid_t thread = step->thread;
    const struct call *call = step->call;
    step->thread = 0;
    if (ptrace(PTRACE_GETREGS, thread, 0, &r)) return;
    long result = (long)r.rax, at = 0;
    size_t length = 0;
    if (call->class == 'W' && result > 0 && call->number != SYS_fallocate) {
        at = call->shape == FD_AT ? (long)r.r10 : position(thread, call->shape == TO_FD ? r.rdx : r.rdi) - result;
        if (call->number == SYS_write || call->number == SYS_pwrite64) {
            if (result > BYTES_MAX) { fprintf(stderr, "tracer: a write of %ld bytes\n", result); exit(99); }
            memory(thread, r.rsi, bytes, (size_t)result, &length);
        } else {
            /* Gathered or copied by the system: read back what it became. */
            int file = open(step->path, O_RDONLY);
            ssize_t read = file < 0 ? -1 : pread(file, bytes, (size_t)result, at);
            length = read < 0 ? 0 : (size_t)read;
            if (file >= 0) close(file);
        }
    }
    if (call->class == 'T') at = (long)r.rsi;
    if (call->shape == OPEN) at = (long)(r.rsi & O_TRUNC);
    if (call->shape == OPENAT) at = (long)(r.rdx & O_TRUNC);
    fprintf(LOG, "%ld\t%s\t%s\t%s\t%ld\t%zu\t%ld\n", step->step, call->name, step->path, step->path2, at, length, result);
    fwrite(bytes, 1, length, LOG);
    if (step->kill) kill(group, SIGKILL);
}

/* In the child: only the calls in the table stop. */
static void watch_me(int with_reads) {
    struct sock_filter filter[2 * CALLS_COUNT + 4];
    unsigned short n = 0;
    filter[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (int i = 0; i < CALLS_COUNT; i++) {
        if (CALLS[i].class == 'R' && !with_reads) continue;
        filter[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)CALLS[i].number, 0, 1);
        filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE);
    }
    filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog program = {n, filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) fail("seccomp");
}

int main(int count, char **words) {
    if (count < 7 || strcmp(words[5], "--")) { fprintf(stderr, "usage: tracer LOG ROOTS ACTION N -- PROGRAM…\n"); return 99; }
    ROOTS = words[2];
    ACTION = words[3];
    AT_STEP = atol(words[4]);
    int with_reads = !strcmp(ACTION, "eio-read");
    if (!(LOG = fopen(words[1], "we"))) fail(words[1]);
    pid_t group = fork();
    if (group < 0) fail("fork");
    if (!group) {
        if (ptrace(PTRACE_TRACEME, 0, 0, 0)) _exit(99);
        raise(SIGSTOP);
        watch_me(with_reads);
        execv(words[6], words + 6);
        _exit(99);
    }
    int status, result = 99;
    if (waitpid(group, &status, 0) < 0 || !WIFSTOPPED(status)) fail("the program did not start");
    long options = PTRACE_O_TRACESECCOMP | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                   PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD;
    if (ptrace(PTRACE_SETOPTIONS, group, 0, options)) fail("ptrace");
    ptrace(PTRACE_CONT, group, 0, 0);
    for (pid_t thread; (thread = waitpid(-1, &status, __WALL)) > 0;) {
        if (WIFEXITED(status) || WIFSIGNALED(status)) {
            struct pending *lost = pending_of(thread);
            if (lost) lost->thread = 0;
            if (thread == group) result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
            continue;
        }
        int event = status >> 16, signal = WSTOPSIG(status), to_its_end = 0;
        if (signal == (SIGTRAP | 0x80)) {
            struct pending *step = pending_of(thread);
            if (step) leave(step, group);
            signal = 0;
        } else if (event == PTRACE_EVENT_SECCOMP) {
            to_its_end = enter(thread, group);
            signal = 0;
        } else if (event || signal == SIGSTOP || signal == SIGTRAP) {
            signal = 0;
        }
        ptrace(to_its_end ? PTRACE_SYSCALL : PTRACE_CONT, thread, 0, signal);
    }
    fprintf(LOG, "%ld\tend\t\t\t%ld\t0\t%d\n", STEPS, READS, result);
    fclose(LOG);
    return result;
}
