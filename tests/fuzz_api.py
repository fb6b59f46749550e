#!/usr/bin/env python3
"""Sends made-up and broken requests to every operation of infra/openapi.json on the running local stack.

Fails on any 5xx and on any status or body that the contract does not name; content types are not looked at, since the
emulator itself answers a path with a line feed. Uses schemathesis in a venv of
its own below .habeas, a tenant of its own, and stops by itself after SECONDS (150) for each role.

    cargo habeas up --detach && python3 tests/fuzz_api.py [SECONDS]
"""

import json
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".habeas" / "schemathesis"
PACKAGE = "schemathesis==4.32.5"
TENANT = "fuzz"
ROLES = ["dpo", "developer", "operator", "owner", "data_subject", "auditor"]
CHECKS = "not_a_server_error,status_code_conformance,response_schema_conformance"


def habeas(*arguments: str) -> str:
    """What the program prints on standard output."""
    command = ["cargo", "habeas", *arguments]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


def program() -> Path:
    """The fuzzer, installed at its first use."""
    found = VENV / "bin" / "schemathesis"
    if not found.exists():
        venv.create(VENV, with_pip=True)
        subprocess.run([VENV / "bin" / "pip", "install", "--quiet", PACKAGE], check=True)
    return found


def fuzz(role: str, url: str, seconds: str) -> bool:
    """Whether every answer to this role is one the contract names."""
    token = habeas("token", "--tenant", TENANT, "--role", role, "--subject", "fuzz@example.com")
    command = [program(), "run", ROOT / "infra" / "openapi.json", "--url", url, "--checks", CHECKS]
    command += ["--header", f"Authorization: Bearer {token}", "--max-time", seconds, "--continue-on-failure"]
    command += ["--phases", "examples,coverage,fuzzing", "--warnings", "off"]
    print(f"as {role}:", flush=True)
    return subprocess.run(command, cwd=ROOT / ".habeas").returncode == 0


def main() -> int:
    seconds = sys.argv[1] if len(sys.argv) > 1 else "150"
    url = json.loads((ROOT / ".habeas" / "stack.json").read_text())["api_url"]
    if not url.startswith("http://127.0.0.1:"):
        print(f"{url} is not on this machine: nothing was sent", file=sys.stderr)
        return 2
    habeas("datamap", "publish", "infra/sample", "--tenant", TENANT)
    failed = [role for role in ROLES if not fuzz(role, url, seconds)]
    print(f"failed as {', '.join(failed)}" if failed else f"every answer to {len(ROLES)} roles is in the contract")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
