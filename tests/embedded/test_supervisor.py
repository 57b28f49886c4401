"""What the supervisor promises, seen from outside with children of a few words."""

import json
import os
import signal
import subprocess
import sys
import time

import psutil

from mybcat.embedded.home import Home
from tests.embedded.programs import CHECKOUT, PATIENCE, child, gone, supervised, until

# Says when it begins and, asked to stop, when it ends.
POLITE = """
import signal, sys, time
def end(*_):
    print("bye"); sys.exit()
signal.signal(signal.SIGTERM, end)
print("hello")
while True: time.sleep(1)
"""
DEAF = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("hello")
while True: time.sleep(1)
"""
PARENT = f"""
import subprocess, sys
print("hello")
subprocess.run([sys.executable, "-c", {DEAF!r}])
"""


def line(name: str, text: str) -> str:
    return f"{name:<8} | {text}\n"


class TestOutput:
    def test_each_line_carries_its_process_and_stands_in_its_log(self, home: Home) -> None:
        with supervised(
            home.root, child("api", POLITE), child("worker", "print('one\\ntwo'); import time; time.sleep(9)")
        ):
            until(lambda: home.log("worker").exists() and home.log("worker").read_text() == "one\ntwo\n")
            until(lambda: home.log("api").exists() and home.log("api").read_text() == "hello\n")
        text = (home.root.parent / "home.output").read_text()
        assert line("api", "hello") in text
        # What another child says may come between two lines, never within one.
        assert -1 < text.find(line("worker", "one")) < text.find(line("worker", "two"))

    def test_the_last_words_without_line_end_are_kept(self, home: Home) -> None:
        with supervised(home.root, child("api", "print('gone', end='')")) as program:
            program.wait_for("api ended with 0")
        assert home.log("api").read_text().startswith("gone\n")

    def test_a_log_over_10_mb_is_set_aside_at_start(self, home: Home) -> None:
        home.log("api").write_bytes(b"x" * (10 * 1024 * 1024 + 1))
        with supervised(home.root, child("api", POLITE)) as program:
            program.wait_for("hello")
        assert home.log("api").read_text() == "hello\nbye\n"
        assert home.log("api").with_name("api.log.1").stat().st_size > 10 * 1024 * 1024

    def test_a_log_over_10_mb_is_set_aside_while_its_process_runs(self, home: Home) -> None:
        chatty = "for n in range(24_000): print('x' * 999)\nprint('last')"
        with supervised(home.root, child("api", chatty)) as program:
            program.wait_for("last")
        sizes = [path.stat().st_size for path in home.logs.glob("api.log*")]
        assert len(sizes) == 2
        assert all(size < 11 * 1024 * 1024 for size in sizes)

    def test_a_reader_who_reads_no_more_delays_neither_the_children_nor_the_end(self, home: Home) -> None:
        chatty = "import time\nfor n in range(40000): print('x' * 50)\nopen('done', 'w')\ntime.sleep(99)"
        chatty = f"import os; os.chdir({str(home.root)!r})\n{chatty}"
        words = [sys.executable, "-m", "tests.embedded.supervised", str(home.root), json.dumps([child("api", chatty)])]
        with subprocess.Popen(words, cwd=CHECKOUT, stdout=subprocess.PIPE) as process:
            until((home.root / "done").exists)
            process.terminate()
            assert process.wait(PATIENCE) == 0


class TestRestart:
    def test_a_crash_is_answered_after_half_a_second_then_one_then_two(self, home: Home) -> None:
        note = f"open({str(home.file('times'))!r}, 'a').write(f'{{time.monotonic()}}\\n')"
        code = f"import time; {note}; raise SystemExit(3)"
        with supervised(home.root, child("api", code), child("live", POLITE)) as program:
            text = program.wait_for("api ended with 3; starting it again in 2 s")
            assert "in 0.5 s" in text
            assert "in 1 s" in text
        times = [float(value) for value in home.file("times").read_text().split()]
        assert times[1] - times[0] >= 0.5
        assert times[2] - times[1] >= 1.0
        assert program.text.count(line("live", "hello")) == 1

    def test_what_a_crashed_process_had_started_is_ended_before_its_successor_starts(self, home: Home) -> None:
        with supervised(home.root, child("api", PARENT)) as program:
            until(lambda: len(program.family()) == 2)
            parent, grandchild = program.family()
            parent.kill()
            program.wait_for("api ended with -9")
            until(lambda: gone([grandchild]))


class TestStop:
    def test_the_application_ends_before_valkey_and_postgres_last(self, home: Home) -> None:
        children = (
            child("postgres", POLITE, stage="POSTGRES"),
            child("valkey", POLITE, stage="VALKEY"),
            child("api", POLITE),
        )
        with supervised(home.root, *children) as program:
            until(lambda: program.text.count("hello") == 3)
            family = program.family()
            assert program.stop() == 0
        byes = [text.split()[0] for text in program.text.splitlines() if text.endswith("bye")]
        assert byes == ["api", "valkey", "postgres"]
        assert gone(family)

    def test_ctrl_c_and_hang_up_end_it_as_well(self, home: Home) -> None:
        for number in (signal.SIGINT, signal.SIGHUP):
            with supervised(home.root, child("api", POLITE)) as program:
                program.wait_for("hello")
                family = program.family()
                assert program.stop(number) == 0
                assert gone(family)

    def test_who_does_not_listen_is_killed_after_its_grace_with_all_it_started(self, home: Home) -> None:
        with supervised(home.root, child("api", PARENT, grace=0.5), child("live", DEAF, grace=0.5)) as program:
            until(lambda: len(program.family()) == 3)
            family = program.family()
            assert program.stop() == 0
            assert gone(family)

    def test_a_second_signal_kills(self, home: Home) -> None:
        with supervised(home.root, child("api", DEAF, grace=60)) as program:
            program.wait_for("hello")
            family = program.family()
            program.process.terminate()
            time.sleep(0.7)
            assert not gone(family)
            assert program.stop() == 0
            assert gone(family)

    def test_one_request_that_arrives_twice_is_one(self, home: Home) -> None:
        slow = POLITE.replace('print("bye")', 'time.sleep(0.5); print("bye")')
        with supervised(home.root, child("api", slow)) as program:
            program.wait_for("hello")
            # As from make, which is told by the terminal and then tells its children.
            program.process.terminate()
            time.sleep(0.02)
            assert program.stop() == 0
        assert line("api", "bye") in program.text

    def test_a_crash_during_the_end_is_not_answered(self, home: Home) -> None:
        with supervised(home.root, child("api", "import time; print('hello'); time.sleep(99)")) as program:
            program.wait_for("hello")
            assert program.stop() == 0
        assert "starting it again" not in program.text


class TestKilledSupervisor:
    def test_its_children_end_with_it_in_their_own_way(self, home: Home) -> None:
        with supervised(home.root, child("api", POLITE), child("live", POLITE)) as program:
            until(lambda: program.text.count("hello") == 2)
            family = program.family()
            assert len(family) == 2
            program.process.kill()
            until(lambda: gone(family))

    def test_what_would_not_end_is_ended_by_the_next_start(self, home: Home) -> None:
        with supervised(home.root, child("api", DEAF, grace=0.5)) as program:
            program.wait_for("hello")
            family = program.family()
            program.process.kill()
            program.process.wait()
        assert not gone(family)
        stored = json.loads(home.file("processes.json").read_text())
        assert list(stored) == [str(family[0].pid)]
        with supervised(home.root):
            assert gone(family)

    def test_a_process_that_only_has_the_same_number_is_left_alone(self, home: Home) -> None:
        me = {"pid": os.getpid(), "born": "another boot 1", "stop_signal": int(signal.SIGKILL), "grace": 0}
        home.file("processes.json").write_text(json.dumps({"1": me}))
        with supervised(home.root):
            assert psutil.pid_exists(os.getpid())
        assert not home.file("processes.json").exists()
