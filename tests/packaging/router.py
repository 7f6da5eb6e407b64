# SPDX-License-Identifier: GPL-3.0-or-later
"""A root directory as a router has one: busybox, stand-ins for OpenWrt's own scripts, and the package,
installed by its own Makefile. Programs run in it by chroot, in a namespace of the laboratory.

OPENWRT_ROOT names another directory to take in place of the stand-ins: lib/functions.sh and so on as
they are in OpenWrt, with the programs that they need."""
import json
import os
import shutil
import subprocess
from pathlib import Path

TREE = Path(__file__).parent.parent.parent
PACKAGE = TREE / "packaging" / "openwrt" / "mpbridge"
STANDINS = Path(__file__).parent / "openwrt"
DEVICES = {"br-lan": "192.168.1.1/24", "br0.11": "10.10.1.1/24", "br0.12": "10.10.2.1/24"}
ROLES = ["client", "server"]


def make(target, build, *words, package=PACKAGE):
    """Run a target of a package's Makefile; what it printed."""
    result = subprocess.run(
        ["make", "-s", "-C", str(package), f"TOPDIR={STANDINS}", f"BUILD_DIR={build}", target, *words],
        check=True, text=True, capture_output=True)
    return result.stdout


def variables(build, package=PACKAGE):
    """{"PKG_NAME": "mpbridge", ...}"""
    return dict(line.split("=", 1) for line in make("show", build, package=package).splitlines())


def methods():
    """Those that UCI may name."""
    return (PACKAGE / "files" / "options.sh").read_text().split("MPBRIDGE_METHODS='")[1].split("'")[0].split("|")


class Router:
    """A namespace with the devices, and that root."""

    def __init__(self, node, directory):
        self.node = node
        self.root = directory / "root"
        self.build = directory / "build"
        shutil.copytree(STANDINS / "root", self.root)
        if "OPENWRT_ROOT" in os.environ:
            shutil.copytree(os.environ["OPENWRT_ROOT"], self.root, dirs_exist_ok=True, symlinks=True)
        self._install_busybox()
        self._install_package()
        for device, address in DEVICES.items():
            node.ip("link", "add", device, "type", "veth", "peer", "name", f"x{device}")
            node.ip("address", "add", address, "dev", device)
            node.ip("link", "set", device, "up")

    def _install_busybox(self):
        for name in ("bin", "sbin", "usr/bin", "usr/sbin", "var/run", "dev", "tmp"):
            (self.root / name).mkdir(parents=True, exist_ok=True)
        shutil.copy(shutil.which("busybox"), self.root / "bin" / "busybox")
        subprocess.run(["chroot", str(self.root), "/bin/busybox", "--install", "-s"], check=True)
        (self.root / "dev" / "null").touch()

    def _install_package(self):
        """All but the daemon, which runs outside of this root."""
        program = Path(variables(self.build)["PKG_INSTALL_DIR"]) / "usr" / "sbin" / "mpbridge"
        program.parent.mkdir(parents=True)
        program.touch()
        make("install", self.build, f"DESTDIR={self.root}")

    def write(self, path, text):
        (self.root / path).write_text(text)

    def take_case(self, case):
        """Its UCI files."""
        for name in ("network", "firewall", "mpbridge"):
            if (case / name).exists():
                shutil.copy(case / name, self.root / "etc" / "config" / name)

    def init(self, action):
        """Run the init script: (exit status, what was asked of procd, what was logged)."""
        result = self.node.run(
            ["chroot", self.root, "/bin/sh", "/etc/rc.common", "/etc/init.d/mpbridge", action], check=False)
        return result.returncode, result.stdout, result.stderr.splitlines()

    def config_path(self, role):
        return self.root / "var" / "run" / f"mpbridge-{role}.json"

    def configs(self):
        """{"client": {...}}: what the daemon would read."""
        return {role: json.loads(self.config_path(role).read_text())
                for role in ROLES if self.config_path(role).exists()}
