"""The packages of `make package`, used by another user from another folder."""

import os
import pwd
import shutil
import stat
import subprocess
import tarfile
import tempfile
from pathlib import Path

import pytest
from PIL import Image

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGES = Path(os.environ.get("SD_WORKER_BUILD", REPOSITORY / "build")) / "packages"
PICTURE = ["--prompt", "a red circle on a blue background", "--seed", "3", "--steps", "12"]


def only(pattern: str) -> Path:
    found = list(PACKAGES.glob(pattern))
    assert len(found) == 1, f"expected one {pattern} in {PACKAGES}, got {found}: make package"
    return found[0]


@pytest.fixture
def place():
    """A folder that every user may enter."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


def as_another_user(folder: Path):
    """Options of subprocess for a user who owns nothing but the folder that it starts in."""
    folder.mkdir()
    if os.geteuid() != 0:
        return {"cwd": folder, "env": {"PATH": "/usr/bin:/bin", "HOME": str(folder)}}
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return {"cwd": folder, "env": {"PATH": "/usr/bin:/bin", "HOME": str(folder)}, "user": nobody.pw_uid, "group": nobody.pw_gid,
            "extra_groups": []}


def draws(prefix: Path, place: Path) -> None:
    """The program below `prefix` makes the picture that the build's own program makes."""
    options = as_another_user(place / "elsewhere")
    model = prefix / "share" / "sd-worker" / "models" / "shapes-128"
    done = subprocess.run([prefix / "bin" / "sd-worker", "generate", "--model", model, *PICTURE, "--output", "picture.png"],
                          capture_output=True, text=True, timeout=120, **options)
    assert done.returncode == 0, done.stderr
    expected = place / "expected.png"
    subprocess.run([PACKAGES.parent / "sd-worker", "generate", "--model", REPOSITORY / "models" / "shapes-128", *PICTURE, "--output",
                    expected], check=True, capture_output=True)
    with Image.open(place / "elsewhere" / "picture.png") as picture, Image.open(expected) as other:
        assert picture.tobytes() == other.tobytes()


def loaded_libraries(prefix: Path) -> set[Path]:
    listing = subprocess.run(["ldd", prefix / "bin" / "sd-worker"], capture_output=True, text=True, check=True).stdout
    assert "not found" not in listing, listing
    return {Path(line.split("=>")[1].split()[0]) for line in listing.splitlines() if "=>" in line}


def test_the_tarball_works_where_it_is_unpacked(place):
    with tarfile.open(only("*.tar.gz")) as archive:
        archive.extractall(place / "unpacked", filter="tar")
    (folder,) = (place / "unpacked").iterdir()
    moved = Path(shutil.move(folder, place / "moved"))
    draws(moved, place)
    outside = {library.name for library in loaded_libraries(moved) if not library.resolve().is_relative_to(moved)}
    of_the_c_library = {"libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1", "libresolv.so.2"}
    assert outside <= of_the_c_library, f"the tarball lacks {outside - of_the_c_library}"


def test_the_debian_package_works_and_names_what_it_needs(place):
    package = only("*.deb")
    subprocess.run(["dpkg-deb", "-x", package, place / "root"], check=True)
    draws(place / "root" / "usr", place)
    needs = subprocess.run(["dpkg-deb", "-f", package, "Depends"], capture_output=True, text=True, check=True).stdout
    for library in ("libc6", "libicu", "libssl", "libwebp"):
        assert library in needs, needs
    control = subprocess.run(["dpkg-deb", "--ctrl-tarfile", package], capture_output=True, check=True).stdout
    assert b"/etc/sd-worker/sd-worker.toml" in control  # an edited file survives an upgrade
    assert (place / "root" / "lib" / "systemd" / "system" / "sd-worker.service").is_file()


def test_every_file_can_be_read_by_every_user(place):
    subprocess.run(["dpkg-deb", "-x", only("*.deb"), place / "root"], check=True)
    closed = [file for file in (place / "root").rglob("*") if not file.is_symlink() and not file.stat().st_mode & stat.S_IROTH]
    assert closed == []
