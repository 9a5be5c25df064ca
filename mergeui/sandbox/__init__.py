"""A stand-in Invent: as a WSGI app, over a socket, or as an httpx transport in this process."""

from mergeui.sandbox import seed
from mergeui.sandbox.app import Sandbox
from mergeui.sandbox.faults import Drop, Fault, Faults, Hang
from mergeui.sandbox.journal import Journal
from mergeui.sandbox.state import Change, Counters, Org, World
from mergeui.sandbox.transport import SandboxTransport

__all__ = [
    "Change",
    "Counters",
    "Drop",
    "Fault",
    "Faults",
    "Hang",
    "Journal",
    "Org",
    "Sandbox",
    "SandboxTransport",
    "World",
    "seed",
]
