"""What lends GPUs to Spaces, as far as the package ``spaces`` asks it; the GPUs are not there."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit


@dataclass
class DeviceAPI:
    """A server that lends.

    Attributes:
        lends: whether it has a GPU.
        asked: the calls in order, with their parameters.
        environment: of a process that is to ask it.
    """

    lends: bool
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)


@contextmanager
def device_api(folder: Path, *, lends: bool = True) -> Iterator[DeviceAPI]:
    """While it runs; ``folder`` is the home of those who ask."""
    api = DeviceAPI(lends)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            url = urlsplit(self.path)
            api.asked.append((url.path, {name: values[0] for name, values in parse_qs(url.query).items()}))
            schedule = url.path == "/schedule"
            answer = {"idle": True, "nvidiaIndex": 0, "nvidiaUUID": "", "allowToken": "token"} if schedule else {}
            self.send_response(503 if schedule and not api.lends else 200)
            self.send_header("content-type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, *_: object) -> None:
            pass

    (folder / "cgroup").write_text("0::/space\n")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    api.environment = {
        "SPACES_ZERO_GPU": "true",
        "SPACES_ZERO_DEVICE_API_URL": f"http://127.0.0.1:{server.server_port}",
        "ZEROGPU_PROC_SELF_CGROUP_PATH": str(folder / "cgroup"),
        "HOME": str(folder),
        "OMP_NUM_THREADS": "1",
    }
    yield api
    server.shutdown()
