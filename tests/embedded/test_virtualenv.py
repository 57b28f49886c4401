"""The virtual environment, made by a Python that has nothing else."""

import subprocess
import sys
from pathlib import Path

import pytest

from mybcat.embedded import virtualenv
from mybcat.embedded.home import Home
from mybcat.embedded.refusal import Refusal
from tests.embedded.programs import CHECKOUT


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One whose requirements are ours to write."""
    monkeypatch.setattr(virtualenv, "CHECKOUT", tmp_path)
    (tmp_path / "requirements.txt").write_text("")
    return tmp_path


def prepare(home: Home) -> None:
    virtualenv.prepare(directory=home.file("venv"), requirements="requirements.txt", home=home)


def test_it_is_made_once_and_again_when_what_it_should_hold_changes(
    home: Home, checkout: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    # What is there already does not run, as after Python was upgraded.
    python = home.file("venv") / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to("/nowhere/python")
    prepare(home)
    assert capfd.readouterr().out.startswith("Installing requirements.txt")
    assert python.exists()
    prepare(home)
    assert capfd.readouterr().out == ""
    (checkout / "requirements.txt").write_text("# another reason\n")
    prepare(home)
    assert capfd.readouterr().out.startswith("Installing requirements.txt")

    # A package that cannot be had: a sentence that names the log, and no belief that it was installed.
    (checkout / "requirements.txt").write_text(f"./missing.whl --hash=sha256:{'0' * 64}\n")
    for _ in range(2):
        with pytest.raises(Refusal, match=rf"^Installing requirements\.txt failed: .* {home.log('pip')}\.$"):
            prepare(home)
    assert "missing.whl" in home.log("pip").read_text()


def test_one_that_was_moved_with_its_checkout_is_made_anew(
    home: Home, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []

    def run(words: list[str | Path], *, log: Path) -> bool:
        ran.append(str(words[2]))
        if words[2] == "venv":
            (Path(words[3]) / "bin").mkdir(parents=True)
            (Path(words[3]) / "bin" / "python").symlink_to(sys.executable)
        return True

    monkeypatch.setattr(virtualenv, "_run", run)
    prepare(home)
    moved = Home(home.root.rename(home.root.with_name("moved")))
    ran.clear()
    prepare(moved)
    assert ran == ["venv", "pip"]


def test_a_named_one_is_used_as_it_is_or_refused(home: Home) -> None:
    with pytest.raises(Refusal, match="holds no Python that runs"):
        virtualenv.enter(home=home, requirements="requirements.txt", environ={"MYBCAT_VENV": str(home.file("none"))})
    assert not home.file("none").exists()


def test_nothing_but_the_standard_library_is_read_before_it_exists() -> None:
    code = """
import sys; sys.path.insert(0, ".")
import mybcat.embedded.__main__
print([name for name, module in sys.modules.items() if "site-packages" in str(getattr(module, "__file__", ""))])
"""
    # -I -S: as if nothing had ever been installed.
    words = [sys.executable, "-I", "-S", "-c", code]
    done = subprocess.run(words, cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
