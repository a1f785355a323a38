"""Launching: a folder for a job, processes that train, and what becomes of it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mainspring.core.errors import ConfigError, TrainingError
from mainspring.train.folder import RunFolder
from mainspring.train.launching import prepare, read_base, read_job, train
from mainspring.train.launching.engine import check_installed
from mainspring.train.metrics import Line, Started, Step
from tests.unit.train.standing import ENDED, STARTED, dataset, evaluation, job, stand_in, step

DONE = f"""
tell({STARTED}); tell({step(1, 2.0)}); tell({evaluation(1, 1.5)}); tell({step(2, 1.0)})
checkpoint("step-000002")
(out / "model").mkdir(); tell({ENDED})
"""
REPORT = """
sys.stderr.write('''
============================================================
mainspring.train.engine FAILED
------------------------------------------------------------
Root Cause (first observed failure):
[0]:
  time      : 2026-11-26_09:00:00
  host      : here
  rank      : 1 (local_rank: 1)
  exitcode  : -9 (pid: 4711)
  error_file: <N/A>
  traceback : Signal 9 (SIGKILL) received by PID 4711
============================================================
''')
sys.exit(1)
"""


def quiet(line: Line) -> None:
    """Listen to nothing."""


def test_a_run_hands_on_what_the_engine_tells_and_leaves_a_report(tmp_path: Path) -> None:
    told: list[Line] = []
    folder = train(job(tmp_path), on_line=told.append, python=stand_in(tmp_path, DONE))

    assert [line.kind for line in told] == ["started", "step", "evaluation", "step", "ended"]
    assert folder.report.is_file()
    assert Path(read_job(folder).base) == tmp_path / "base"
    assert read_base(folder).given == str(tmp_path / "base")
    assert len(folder.rows("train").read_text().splitlines()) == 20


def test_the_same_job_goes_on_and_tells_only_what_is_new(tmp_path: Path) -> None:
    first = stand_in(tmp_path, f'tell({STARTED}); tell({step(1, 2.0)}); checkpoint("step-000001"); sys.exit(1)')
    with pytest.raises(TrainingError):
        train(job(tmp_path), on_line=quiet, python=first)
    told: list[Line] = []
    again = {**STARTED, "step": 1}
    second = stand_in(tmp_path, f'tell({again}); tell({step(2, 1.0)}); (out / "model").mkdir()')

    train(job(tmp_path, processes=2, save_every=5), on_line=told.append, python=second)

    assert [(type(line), line.step) for line in told] == [(Started, 1), (Step, 2)]


def test_another_job_may_not_go_on_in_a_folder_with_checkpoints(tmp_path: Path) -> None:
    train(job(tmp_path), on_line=quiet, python=stand_in(tmp_path, DONE))
    dataset(tmp_path / "other", n_rows=5)
    other = job(tmp_path, data=tmp_path / "other", seed=7, adapter={"rank": 4})

    with pytest.raises(ConfigError) as refused:
        prepare(other)

    said = str(refused.value)
    assert "seed was 0 and is 7" in said
    assert "'rank': 4" in said
    assert "the rows are others" in said
    assert "processes" not in said


def test_a_folder_without_checkpoints_takes_another_job(tmp_path: Path) -> None:
    prepare(job(tmp_path))
    assert read_job(prepare(job(tmp_path, seed=7))).seed == 7


def test_what_the_engine_says_of_its_end_is_what_the_user_is_told(tmp_path: Path) -> None:
    says = '{"kind": "loss", "says": "the loss is nan at step 3: lower the rate", "rank": 1, "step": 3}'
    play = f"(out / 'failure.json').write_text({says!r}); sys.exit(1)"
    with pytest.raises(TrainingError, match=r"process 1, step 3\): the loss is nan at step 3: lower the rate"):
        train(job(tmp_path), on_line=quiet, python=stand_in(tmp_path, play))


def test_out_of_memory_comes_with_what_was_planned(tmp_path: Path) -> None:
    says = '{"kind": "memory", "says": "there is not enough memory"}'
    play = f"(out / 'failure.json').write_text({says!r}); sys.exit(1)"
    with pytest.raises(
        TrainingError, match=r"not enough memory\nplanned: 3\d\d MB for each of 1, of [\d,]+ MB here"
    ):
        train(job(tmp_path), on_line=quiet, python=stand_in(tmp_path, play))


@pytest.mark.parametrize("neighbour", ["", '{"kind": "rank", "says": "another process is gone", "rank": 0}'])
def test_a_killed_process_is_named_with_its_signal(neighbour: str, tmp_path: Path) -> None:
    play = f"(out / 'failure.json').write_text({neighbour!r})\n{REPORT}"
    with pytest.raises(TrainingError, match=r"process 1 was ended by SIGKILL; the same command goes on"):
        train(job(tmp_path), on_line=quiet, python=stand_in(tmp_path, play))


def test_an_engine_that_says_nothing_is_told_of_by_the_end_of_its_log(tmp_path: Path) -> None:
    play = 'sys.stderr.write("first\\nImportError: no such thing\\n"); sys.exit(3)'
    with pytest.raises(TrainingError, match=r"(?s)ended with 3 and said nothing.*ImportError: no such thing"):
        train(job(tmp_path), on_line=quiet, python=stand_in(tmp_path, play))


def test_a_failure_of_an_earlier_start_is_forgotten(tmp_path: Path) -> None:
    out = RunFolder(tmp_path / "out")
    out.path.mkdir()
    out.failure.write_text('{"kind": "loss", "says": "long ago"}')
    with pytest.raises(TrainingError, match="said nothing"):
        train(job(tmp_path), on_line=quiet, python=stand_in(tmp_path, "sys.exit(1)"))


def test_a_listener_that_raises_ends_the_processes(tmp_path: Path) -> None:
    play = f"tell({STARTED}); (out / 'pid').write_text(str(os.getpid())); signal.pause()"

    def interrupt(line: Line) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(job(tmp_path), on_line=interrupt, python=stand_in(tmp_path, play))

    pid = int((tmp_path / "out" / "pid").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.skipif(sys.platform != "linux", reason="only there orphans come to the guard")
def test_no_process_outlives_a_parent_that_is_killed(tmp_path: Path) -> None:
    """The pipe has an end only once everybody who holds it is gone, the child with a session of its own too."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    play = f"""
held = open({str(pipe)!r}, "w")
subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"], pass_fds=[held.fileno()],
                 start_new_session=True)
held.write("all are here\\n"); held.flush()
signal.pause()
"""
    script = (
        "from pathlib import Path\n"
        "from mainspring.train.launching import train\n"
        "from tests.unit.train.standing import job\n"
        f"train(job(Path({str(tmp_path)!r})), on_line=print, python={stand_in(tmp_path, play)!r})\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], cwd=Path(__file__).parents[3])
    with pipe.open() as held:
        assert held.readline() == "all are here\n"
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        assert held.read() == ""


def test_a_missing_extra_is_named_with_the_command_that_installs_it() -> None:
    with pytest.raises(ConfigError, match=r"needs no_such_library: pip install 'mainspring\[train\]'"):
        check_installed(sys.executable, ["no_such_library"])
