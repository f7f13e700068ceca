"""A disk that remembers every write and every flush, in their order.

The disk is one file, `disk.img`, of a FUSE file system that lives in this process; a loop
device on top of it is what a file system is made on. The kernel sends a write here when it
gives it to the disk, and an fsync when it asks the disk to flush its cache (also for FUA).
What was written after the last flush may be lost, in any part: see `replay.py`.

Speaks the kernel's protocol itself (linux/fuse.h), so that nothing need be installed.
"""

import ctypes
import errno
import mmap
import os
import pathlib
import struct
import subprocess
import threading

BLOCK = 4096
MAX_WRITE = 1 << 20
HEADER = struct.Struct("<IIQQIIII")
REPLY = struct.Struct("<IiQ")
ROOT, FILE = 1, 2
NAME = b"disk.img"
FLUSH = None  # in a log, between writes
LIBC = ctypes.CDLL(None, use_errno=True)

# Requests, by their numbers in linux/fuse.h.
LOOKUP, FORGET, GETATTR, SETATTR, OPEN, READ, WRITE, STATFS = 1, 2, 3, 4, 14, 15, 16, 17
RELEASE, FSYNC, FLUSH_FILE, INIT, OPENDIR, RELEASEDIR, ACCESS = 18, 20, 25, 26, 27, 29, 34
INTERRUPT, DESTROY, BATCH_FORGET, FALLOCATE = 36, 38, 42, 43
SILENT = {FORGET, INTERRUPT, BATCH_FORGET}
EMPTY = {RELEASE, FLUSH_FILE, RELEASEDIR, ACCESS, DESTROY}


class Blocks:
    """The contents of a disk; most of it was never written."""

    def __init__(self, size):
        self.size = size
        self.data = mmap.mmap(-1, size)
        self.written = set()

    def write(self, offset, data):
        self.data[offset : offset + len(data)] = data
        self.written.update(range(offset // BLOCK, (offset + len(data) + BLOCK - 1) // BLOCK))

    def copy(self):
        other = Blocks(self.size)
        for block in self.written:
            other.write(block * BLOCK, self.data[block * BLOCK : (block + 1) * BLOCK])
        return other

    def save(self, path, patches=()):
        """Writes the disk, with some more writes, into the sparse file `path`."""
        with open(path, "wb") as file:
            file.truncate(self.size)
            for block in self.written:
                os.pwrite(file.fileno(), self.data[block * BLOCK : (block + 1) * BLOCK], block * BLOCK)
            for offset, data in patches:
                os.pwrite(file.fileno(), data, offset)


class Disk:
    """The served disk. `log` holds (offset, bytes) for a write and FLUSH for a flush."""

    def __init__(self, folder, size):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir()
        self.blocks = Blocks(size)
        self.log = []
        self.fuse = os.open("/dev/fuse", os.O_RDWR)
        options = f"fd={self.fuse},rootmode=40000,user_id=0,group_id=0"
        if LIBC.mount(b"powerloss", os.fsencode(self.folder), b"fuse", 0, options.encode()) != 0:
            raise OSError(ctypes.get_errno(), "cannot mount a FUSE file system")
        threading.Thread(target=self._serve, daemon=True).start()
        self.device = subprocess.run(
            ["losetup", "--show", "-f", self.folder / NAME.decode()], check=True, capture_output=True, text=True
        ).stdout.strip()

    def close(self):
        subprocess.run(["losetup", "-d", self.device], check=False)
        subprocess.run(["umount", "-l", self.folder], check=False)

    def _serve(self):
        while True:
            try:
                request = os.read(self.fuse, MAX_WRITE + 8192)
            except InterruptedError:
                continue
            except OSError:
                return  # unmounted
            _, opcode, unique, node, *_ = HEADER.unpack_from(request)
            if opcode in SILENT:
                continue
            answer = self._answer(opcode, node, memoryview(request)[HEADER.size :])
            error, body = (-answer, b"") if isinstance(answer, int) else (0, answer)
            os.write(self.fuse, REPLY.pack(REPLY.size + len(body), error, unique) + body)

    def _answer(self, opcode, node, body):
        if opcode == INIT:
            minor = min(struct.unpack_from("<II", body)[1], 31)
            # Large writes, in up to 256 pages.
            flags = 1 << 5 | 1 << 22
            return struct.pack("<IIIIHHIIHH", 7, minor, 1 << 17, flags, 16, 12, MAX_WRITE, 1, 256, 0) + bytes(32)
        if opcode == LOOKUP:
            if node != ROOT or bytes(body).rstrip(b"\0") != NAME:
                return errno.ENOENT
            return struct.pack("<QQQQII", FILE, 0, 3600, 3600, 0, 0) + self._attributes(FILE)
        if opcode in (GETATTR, SETATTR):
            return struct.pack("<QII", 3600, 0, 0) + self._attributes(node)
        if opcode in (OPEN, OPENDIR):
            return struct.pack("<QII", 0, 0, 0)
        if opcode == READ:
            _, offset, size = struct.unpack_from("<QQI", body)
            return self.blocks.data[offset : offset + size]
        if opcode == WRITE:
            _, offset, size = struct.unpack_from("<QQI", body)
            data = bytes(body[40 : 40 + size])
            self.blocks.write(offset, data)
            self.log.append((offset, data))
            return struct.pack("<II", size, 0)
        if opcode == FSYNC:
            self.log.append(FLUSH)
            return b""
        if opcode == STATFS:
            return struct.pack("<QQQQQIIII", 0, 0, 0, 0, 0, BLOCK, 255, BLOCK, 0) + bytes(24)
        if opcode == FALLOCATE:
            return errno.EOPNOTSUPP
        return b"" if opcode in EMPTY else errno.ENOSYS

    def _attributes(self, node):
        mode, size = (0o40755, 0) if node == ROOT else (0o100600, self.blocks.size)
        return struct.pack("<QQQQQQIIIIIIIIII", node, size, size // 512, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, BLOCK, 0)
