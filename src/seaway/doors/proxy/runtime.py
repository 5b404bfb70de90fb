"""HAProxy's Runtime API: one command per connection to the master's socket, which passes it on to a worker.

The answer ends with the connection, and HAProxy closes it only after we have closed our half.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from seaway.core.ports import Server
from seaway.doors.proxy import snapshot
from seaway.doors.proxy.config import HOSTS_MAP, MASTER_SOCKET, endpoint, server_arguments
from seaway.doors.proxy.errors import CommandRefused, ProxyDown
from seaway.doors.proxy.snapshot import ServerState, Snapshot, Worker

ANSWER_TIMEOUT_S = 30.0
RETRY_PAUSE_S = 0.05
# The kernel's limit for a socket's path, with its closing zero.
_LONGEST_SOCKET_PATH = 107
# Far below the master's buffer of 16 KB.
_COMMANDS_AT_ONCE = 50


class RuntimeApi:
    """`patience_s`: how long a socket that is not there may take to appear; Docker may just be restarting the proxy."""

    def __init__(self, run: Path, patience_s: float = 5.0) -> None:
        self._run = run
        self._patience_s = patience_s

    # Looking ---------------------------------------------------------------------------------------------------------

    async def workers(self) -> list[Worker]:
        return snapshot.parse_workers(await self.ask("show proc"))

    async def answers(self) -> bool:
        """Whether a worker is there and answers now."""
        try:
            return "\nPid: " in await self.ask("@1 show info", patience_s=0)
        except ProxyDown:
            return False

    async def look(self) -> Snapshot:
        backends = await self._show("backend", begin="# name\n")
        hosts = await self._show(f"map {HOSTS_MAP}", begin="0x", may_be_empty=True)
        servers = await self._show("servers state", begin="1\n# ")
        return Snapshot(snapshot.parse_backends(backends), snapshot.parse_hosts(hosts), snapshot.parse_servers(servers))

    async def servers(self, key: str) -> tuple[ServerState, ...]:
        return snapshot.parse_servers(await self._show(f"servers state {key}", begin="1\n# "))

    async def connections(self, key: str, names: Collection[str]) -> int:
        """Over all workers: an old one still serves what it had when it was replaced."""
        total = 0
        for worker in await self.workers():
            sessions = snapshot.parse_sessions(await self.ask(f"@!{worker.pid} show stat {key} 4 -1"))
            total += sum(count for name, count in sessions.items() if name in names)
        return total

    async def busy_in_old_workers(self, key: str) -> set[str]:
        busy: set[str] = set()
        for worker in (worker for worker in await self.workers() if not worker.current):
            sessions = snapshot.parse_sessions(await self.ask(f"@!{worker.pid} show stat {key} 4 -1"))
            busy |= {name for name, count in sessions.items() if count}
        return busy

    async def is_stopping(self, worker: Worker) -> bool:
        """Also when it is gone already."""
        answer = await self.ask(f"@!{worker.pid} show info")
        return "\nPid: " not in answer or snapshot.is_stopping(answer)

    # Changing --------------------------------------------------------------------------------------------------------

    async def add_server(self, key: str, server: Server) -> None:
        await self.tell(f"add server {key}/{server.name} {server_arguments(server)}", expect="New server registered.")

    async def move_server(self, key: str, server: Server) -> None:
        address, _, port = endpoint(server).rpartition(":")
        command = f"set server {key}/{server.name} addr {address.strip('[]')} port {port}"
        answer = await self.tell(command)
        if not answer.startswith(("IP changed", "port changed", "nothing changed", "no need to change")):
            raise CommandRefused(command, answer)

    async def set_state(self, key: str, name: str, state: str) -> None:
        """`ready`, `drain` (no new traffic) or `maint`."""
        await self.tell(f"set server {key}/{name} state {state}", expect="")

    async def delete_server(self, key: str, name: str) -> bool:
        """False when it still has connections; it must be in maintenance."""
        answer = await self.tell(f"del server {key}/{name}")
        return answer.startswith(("Server deleted", "No such server"))

    async def map_hosts(self, now: dict[str, str], wanted: dict[str, str]) -> None:
        """Let hosts lead where `wanted` says; those that are only in `now` lead nowhere."""
        commands = [f"del map {HOSTS_MAP} {host}" for host in now.keys() - wanted.keys()]
        for host, key in wanted.items():
            if host not in now:
                commands.append(f"add map {HOSTS_MAP} {host} {key}")
            elif now[host] != key:
                commands.append(f"set map {HOSTS_MAP} {host} {key}")
        for start in range(0, len(commands), _COMMANDS_AT_ONCE):
            await self._tell_all(commands[start : start + _COMMANDS_AT_ONCE])

    async def reload(self) -> tuple[bool, str]:
        """Whether the new worker has taken over, and what was logged. The old one goes on when it has not."""
        answer = await self.ask("reload")
        return answer.startswith("Success=1"), answer

    # The socket ------------------------------------------------------------------------------------------------------

    async def tell(self, command: str, *, expect: str | None = None) -> str:
        """One command for the current worker."""
        answer = (await self.ask(f"@1 {command}")).strip()
        if expect is not None and answer != expect:
            raise CommandRefused(command, answer)
        return answer

    async def _show(self, what: str, *, begin: str, may_be_empty: bool = False) -> str:
        """A whole answer of the current worker. Half of one, from a worker that just ended, would be missing routes."""
        deadline = time.monotonic() + self._patience_s
        while True:
            try:
                answer = await self.ask(f"@1 show {what}")
                if (may_be_empty and answer == "\n") or (answer.startswith(begin) and answer.endswith("\n\n")):
                    return answer
                error = ProxyDown(str(self._run / MASTER_SOCKET), answer.strip() or "half an answer")
            except ProxyDown as refused:
                error = refused
            if time.monotonic() >= deadline:
                raise error
            await asyncio.sleep(RETRY_PAUSE_S)

    async def _tell_all(self, commands: Sequence[str]) -> None:
        """Commands that answer nothing when they succeed."""
        answer = (await self.ask(";".join(f"@1 {command}" for command in commands))).strip()
        if answer:
            raise CommandRefused("; ".join(commands), answer)

    async def ask(self, command: str, *, patience_s: float | None = None) -> str:
        async with self._connection(self._patience_s if patience_s is None else patience_s) as (reader, writer):
            try:
                writer.write(command.encode() + b"\n")
                writer.write_eof()
                async with asyncio.timeout(ANSWER_TIMEOUT_S):
                    return (await reader.read()).decode(errors="replace")
            except (OSError, TimeoutError) as error:
                raise ProxyDown(str(self._run / MASTER_SOCKET), str(error) or "no answer in time") from error

    @asynccontextmanager
    async def _connection(self, patience_s: float) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        deadline = time.monotonic() + patience_s
        while True:
            try:
                reader, writer = await self._open()
                break
            except OSError as error:
                if time.monotonic() >= deadline:
                    raise ProxyDown(str(self._run / MASTER_SOCKET), error.strerror or str(error)) from error
                await asyncio.sleep(RETRY_PAUSE_S)
        try:
            yield reader, writer
        finally:
            writer.close()

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        path = self._run / MASTER_SOCKET
        if len(os.fsencode(path)) <= _LONGEST_SOCKET_PATH:
            return await asyncio.open_unix_connection(path)
        folder = os.open(self._run, os.O_PATH | os.O_DIRECTORY)
        try:
            return await asyncio.open_unix_connection(f"/proc/self/fd/{folder}/{MASTER_SOCKET}")
        finally:
            os.close(folder)
