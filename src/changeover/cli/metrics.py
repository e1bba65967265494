"""`changeover metrics`: Prometheus' numbers, printed once or served at /metrics."""

from __future__ import annotations

import click

from changeover.cli.options import Where, located, run


@click.command()
@located
@click.option("--listen", default="", metavar="[ADDRESS:]PORT", help="Serve /metrics there until stopped.")
@click.pass_obj
def metrics(where: Where, listen: str) -> None:
    """Print phase, gate closed seconds, age of the last backup for Prometheus; --listen serves them."""
    if not listen:
        click.echo(_scraped(where), nl=False)
        return
    host, _, port = listen.rpartition(":")
    if not port.isdigit():
        raise click.UsageError(f"--listen wants [ADDRESS:]PORT, not {listen}")
    _serve(where, host or "127.0.0.1", int(port))


def _scraped(where: Where) -> str:
    from changeover.actions import metrics as action

    return run(where, action.metrics)


def _serve(where: Where, host: str, port: int) -> None:
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    from changeover.errors import Problem

    class Scrapes(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path != "/metrics":
                self.send_error(404)
                return
            try:
                body, code = _scraped(where).encode(), 200
            except Problem as problem:  # the cluster may come back: say so and go on serving
                body, code = f"# {problem.message}\n".encode(), 503
            self.send_response(code)
            self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_values: object) -> None:
            """Scrapes are not worth a line each."""

    with ThreadingHTTPServer((host, port), Scrapes) as server:
        click.echo(f"http://{host}:{server.server_address[1]}/metrics")
        server.serve_forever()
