"""The stub that every contender stands in front of, and nginx as a reverse proxy.

The stub is nginx over files, with the headers of a Get Blob answer; where nginx is not installed
it is this module: `python -m bench.rig.upstream --port P --root FOLDER`.
"""

import argparse
import asyncio
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import uvicorn

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
ACCOUNT = "clinicdata"
COUNT = "/count"

FIELDS = {
    "x-ms-blob-type": "BlockBlob",
    "x-ms-request-id": "11111111-1111-1111-1111-111111111111",
    "x-ms-version": "2023-11-03",
    "x-ms-creation-time": "Mon, 03 Aug 2026 12:00:00 GMT",
    "x-ms-lease-status": "unlocked",
    "x-ms-lease-state": "available",
    "x-ms-server-encrypted": "true",
}

_FRAME = """
daemon off; worker_processes 1; pid {folder}/{name}.pid; error_log {folder}/{name}.log crit;
events {{ worker_connections 512; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000; keepalive_timeout 300;
  client_body_temp_path {folder}/{name}-body; proxy_temp_path {folder}/{name}-proxy;
  fastcgi_temp_path {folder}/{name}-f; uwsgi_temp_path {folder}/{name}-u;
  scgi_temp_path {folder}/{name}-s;
  types {{ application/json json; }}
{server}
}}
"""


def stub_command(folder: Path, root: Path, port: int) -> list[str]:
    """The command that serves `root` as blobs of the account."""
    if NGINX is None:
        module = ["-m", "bench.rig.upstream", "--port", str(port), "--root", str(root)]
        return [sys.executable, *module]
    added = "".join(f'    add_header {name} "{value}";\n' for name, value in FIELDS.items())
    count = f"location = {COUNT} {{ stub_status; }}"
    server = f"  server {{ listen 127.0.0.1:{port}; root {root}; {count}\n{added}  }}"
    return _nginx(folder, "stub", server)


def proxy_command(folder: Path, port: int, upstream: int) -> list[str]:
    """The command of nginx as a reverse proxy with kept-alive upstream connections."""
    server = f"""  upstream stub {{
    server 127.0.0.1:{upstream}; keepalive 64; keepalive_requests 100000000;
  }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://stub; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_buffers 16 64k; proxy_max_temp_file_size 0;
    }}
  }}"""
    return _nginx(folder, "proxy", server)


def _nginx(folder: Path, name: str, server: str) -> list[str]:
    if NGINX is None:
        raise ValueError("nginx is not installed")
    config = folder / f"{name}.conf"
    config.write_text(_FRAME.format(folder=folder, name=name, server=server), "ascii")
    return [NGINX, "-c", str(config), "-e", str(folder / f"{name}.log")]


def version() -> str:
    """What the stub is."""
    if NGINX is None:
        return "not found; the stub is one of our own on uvicorn"
    done = subprocess.run([NGINX, "-v"], capture_output=True, text=True, timeout=10, check=False)
    return done.stderr.strip().rpartition("/")[2]


def _application(root: Path) -> Any:
    found = {f"/{path.relative_to(root)}": path.read_bytes() for path in root.rglob("*.json")}
    common = [(name.encode(), value.encode()) for name, value in FIELDS.items()]
    common += [(b"content-type", b"application/json"), (b"etag", b'"0x1"')]
    common += [(b"last-modified", b"Mon, 03 Aug 2026 12:00:00 GMT")]

    async def application(scope: Any, receive: Any, send: Any) -> None:
        del receive
        body = found.get(scope["path"])
        length = (b"content-length", str(len(body or b"")).encode())
        status = 404 if body is None else 200
        headers = [*common, length]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body or b""})

    return application


async def _serve(port: int, root: Path) -> None:
    config = uvicorn.Config(
        _application(root), port=port, access_log=False, log_level="critical", lifespan="off"
    )
    await uvicorn.Server(config).serve()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--root", type=Path, required=True)
    options = parser.parse_args()
    asyncio.run(_serve(options.port, options.root))
