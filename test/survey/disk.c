/*
 * What a disk is asked to do. Loaded into a process before the C library (LD_PRELOAD), it writes down every change to
 * the files below one folder and every sync, in the order in which they were done, so that the disk as a power cut
 * would leave it can be made of the record afterwards (disk.ts). It can also let syncs fail.
 *
 *   TINYLOVE_DISK_FOLDER  the folder that is watched
 *   TINYLOVE_DISK_RECORD  where the record is written
 *   TINYLOVE_DISK_FAILS   while a file of this name exists, every sync of a watched file fails with EIO
 *   TINYLOVE_DISK_SLOW    microseconds that every sync takes longer: who does not wait for it is found out
 *
 * A change is written down after it was done and a sync when it begins and when it has ended, so whatever has
 * happened before a process heard of it stands before it in the record.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define REAL(type, name, ...) \
  static type (*real)(__VA_ARGS__); \
  if (!real) real = (type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name)

/* The head of an entry; a name and the bytes that were written follow it. */
struct entry {
  uint32_t kind, name_length;
  uint64_t nanoseconds, file, thread, offset, length;
};

static const char *folder;
static size_t folder_length;
static int record = -1;

__attribute__((constructor)) static void begin(void) {
  const char *given = getenv("TINYLOVE_DISK_FOLDER");
  const char *path = getenv("TINYLOVE_DISK_RECORD");
  if (!given || !path) return;
  /* A copy: PostgreSQL writes the name that `ps` shows over its first environment. */
  folder = strdup(given);
  folder_length = strlen(folder);
  int opened = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
  /* Far from the numbers that daemons close when they start. */
  record = fcntl(opened, F_DUPFD_CLOEXEC, 900);
  syscall(SYS_close, opened);
}

static void note(char kind, uint64_t file, uint64_t offset, uint64_t length, const char *name,
                 const struct iovec *parts, int count) {
  int kept = errno;
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  struct entry entry = {kind, name ? strlen(name) : 0, now.tv_sec * 1000000000ull + now.tv_nsec, file,
                        syscall(SYS_gettid), offset, length};
  struct iovec all[64] = {{&entry, sizeof entry}, {(void *)name, entry.name_length}};
  uint64_t left = parts ? length : 0, size = sizeof entry + entry.name_length + left;
  int used = 2;
  for (int at = 0; at < count && left > 0 && used < 64; at++, used++) {
    all[used] = parts[at];
    if (all[used].iov_len > left) all[used].iov_len = left;
    left -= all[used].iov_len;
  }
  /* One call, so that entries of several processes do not mix. A record with a hole would prove nothing. */
  if (left > 0 || syscall(SYS_writev, record, all, used) != (long)size) {
    dprintf(2, "the record of the disk could not be written\n");
    abort();
  }
  errno = kept;
}

/* The path of an open file below the folder, as the kernel knows it now. */
static int watched(int fd, char *path) {
  if (record < 0) return 0;
  int kept = errno;
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, PATH_MAX - 1);
  errno = kept;
  if (length <= 0) return 0;
  path[length] = 0;
  return strncmp(path, folder, folder_length) == 0 && (path[folder_length] == '/' || path[folder_length] == 0);
}

/* The same for a name, which may be relative to the folder that the process works in. */
static int named(const char *name, char *path) {
  if (record < 0) return 0;
  char here[PATH_MAX];
  if (name[0] == '/') snprintf(path, PATH_MAX, "%s", name);
  else if (!getcwd(here, sizeof here)) return 0;
  else snprintf(path, PATH_MAX, "%.2000s/%.2000s", here, strncmp(name, "./", 2) == 0 ? name + 2 : name);
  return strncmp(path, folder, folder_length) == 0 && path[folder_length] == '/';
}

static uint64_t file_of(int fd) {
  int kept = errno;
  struct stat found;
  uint64_t file = fstat(fd, &found) == 0 ? found.st_ino : 0;
  errno = kept;
  return file;
}

/* ---- Files come and go. */

static int opened(int fd, int flags, int existed) {
  char path[PATH_MAX];
  if (fd < 0 || !(flags & (O_CREAT | O_TRUNC)) || !watched(fd, path)) return fd;
  if (!existed) note('c', file_of(fd), 0, 0, path, NULL, 0);
  else if (flags & O_TRUNC) note('t', file_of(fd), 0, 0, NULL, NULL, 0);
  return fd;
}

static int exists_at(int at, const char *path, int flags) {
  return record < 0 || !(flags & (O_CREAT | O_TRUNC)) || syscall(SYS_faccessat, at, path, F_OK) == 0;
}

#define OPEN(name) \
  int name(const char *path, int flags, ...) { \
    REAL(int, name, const char *, int, ...); \
    va_list more; \
    va_start(more, flags); \
    mode_t mode = va_arg(more, mode_t); \
    va_end(more); \
    int kept = errno, existed = exists_at(AT_FDCWD, path, flags); \
    errno = kept; \
    return opened(real(path, flags, mode), flags, existed); \
  }
OPEN(open)
OPEN(open64)

#define OPENAT(name) \
  int name(int at, const char *path, int flags, ...) { \
    REAL(int, name, int, const char *, int, ...); \
    va_list more; \
    va_start(more, flags); \
    mode_t mode = va_arg(more, mode_t); \
    va_end(more); \
    int kept = errno, existed = exists_at(at, path, flags); \
    errno = kept; \
    return opened(real(at, path, flags, mode), flags, existed); \
  }
OPENAT(openat)
OPENAT(openat64)

#define FOPEN(name) \
  FILE *name(const char *path, const char *mode) { \
    REAL(FILE *, name, const char *, const char *); \
    int flags = mode[0] == 'r' ? 0 : mode[0] == 'w' ? O_CREAT | O_TRUNC : O_CREAT; \
    int existed = exists_at(AT_FDCWD, path, flags); \
    FILE *file = real(path, mode); \
    /* What a stream writes goes past the functions below: only its coming is known, and the store uses none. */ \
    if (file) opened(fileno(file), flags, existed); \
    return file; \
  }
FOPEN(fopen)
FOPEN(fopen64)

#define GOES(name, kind) \
  int name(const char *path) { \
    REAL(int, name, const char *); \
    char full[PATH_MAX]; \
    int done = real(path); \
    if (done == 0 && named(path, full)) note(kind, 0, 0, 0, full, NULL, 0); \
    return done; \
  }
GOES(unlink, 'u')
GOES(rmdir, 'u')

int mkdir(const char *path, mode_t mode) {
  REAL(int, mkdir, const char *, mode_t);
  char full[PATH_MAX];
  int done = real(path, mode);
  if (done == 0 && named(path, full)) note('d', 0, 0, 0, full, NULL, 0);
  return done;
}

int rename(const char *from, const char *to) {
  REAL(int, rename, const char *, const char *);
  char one[PATH_MAX], other[PATH_MAX], both[2 * PATH_MAX];
  int done = real(from, to);
  if (done == 0 && named(from, one) && named(to, other)) {
    snprintf(both, sizeof both, "%s\n%s", one, other);
    note('r', 0, 0, 0, both, NULL, 0);
  }
  return done;
}

int link(const char *from, const char *to) {
  REAL(int, link, const char *, const char *);
  char one[PATH_MAX], other[PATH_MAX], both[2 * PATH_MAX];
  int done = real(from, to);
  if (done == 0 && named(from, one) && named(to, other)) {
    snprintf(both, sizeof both, "%s\n%s", one, other);
    note('l', 0, 0, 0, both, NULL, 0);
  }
  return done;
}

/* ---- Bytes are written, in every way that the stores write them. */

static ssize_t written(int fd, int64_t offset, const struct iovec *parts, int count, ssize_t done) {
  char path[PATH_MAX];
  if (done <= 0 || !watched(fd, path)) return done;
  /* Without an offset the bytes went to where the file's own place is now, less their number. */
  if (offset < 0) offset = lseek(fd, 0, SEEK_CUR) - done;
  note('w', file_of(fd), offset, done, NULL, parts, count);
  return done;
}

ssize_t write(int fd, const void *bytes, size_t length) {
  REAL(ssize_t, write, int, const void *, size_t);
  struct iovec part = {(void *)bytes, length};
  return written(fd, -1, &part, 1, real(fd, bytes, length));
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
  REAL(ssize_t, writev, int, const struct iovec *, int);
  return written(fd, -1, parts, count, real(fd, parts, count));
}

#define PWRITE(name) \
  ssize_t name(int fd, const void *bytes, size_t length, off64_t offset) { \
    REAL(ssize_t, name, int, const void *, size_t, off64_t); \
    struct iovec part = {(void *)bytes, length}; \
    return written(fd, offset, &part, 1, real(fd, bytes, length, offset)); \
  }
PWRITE(pwrite)
PWRITE(pwrite64)

#define PWRITEV(name) \
  ssize_t name(int fd, const struct iovec *parts, int count, off64_t offset) { \
    REAL(ssize_t, name, int, const struct iovec *, int, off64_t); \
    return written(fd, offset, parts, count, real(fd, parts, count, offset)); \
  }
PWRITEV(pwritev)
PWRITEV(pwritev64)

#define TRUNCATE(name) \
  int name(int fd, off64_t length) { \
    REAL(int, name, int, off64_t); \
    char path[PATH_MAX]; \
    int done = real(fd, length); \
    if (done == 0 && watched(fd, path)) note('t', file_of(fd), 0, length, NULL, NULL, 0); \
    return done; \
  }
TRUNCATE(ftruncate)
TRUNCATE(ftruncate64)

#define ALLOCATE(name) \
  int name(int fd, off64_t offset, off64_t length) { \
    REAL(int, name, int, off64_t, off64_t); \
    char path[PATH_MAX]; \
    int done = real(fd, offset, length); \
    if (done == 0 && watched(fd, path)) note('a', file_of(fd), 0, offset + length, NULL, NULL, 0); \
    return done; \
  }
ALLOCATE(posix_fallocate)
ALLOCATE(posix_fallocate64)

/* ---- Bytes are synced, or cannot be. */

static int fails(void) {
  const char *path = getenv("TINYLOVE_DISK_FAILS");
  return path && syscall(SYS_faccessat, AT_FDCWD, path, F_OK) == 0;
}

#define SYNC(name) \
  int name(int fd) { \
    REAL(int, name, int); \
    char path[PATH_MAX]; \
    if (!watched(fd, path)) return real(fd); \
    uint64_t file = file_of(fd); \
    note('b', file, 0, 0, path, NULL, 0); \
    if (getenv("TINYLOVE_DISK_SLOW")) usleep(atoi(getenv("TINYLOVE_DISK_SLOW"))); \
    int done = fails() ? (errno = EIO, -1) : real(fd); \
    note(done == 0 ? 's' : 'f', file, 0, 0, path, NULL, 0); \
    return done; \
  }
SYNC(fsync)
SYNC(fdatasync)
