"""`mainspring train`: jobs from options and files, plans, figures, templates."""

import json
from pathlib import Path

import pytest
import yaml

from mainspring.train.launching import prepare
from tests.unit.cli.conftest import Cli
from tests.unit.train.export import small
from tests.unit.train.standing import ENDED, STARTED, dataset, evaluation, job, step, tiny_base


@pytest.fixture
def _ready() -> None:
    tiny_base(Path("base"))
    dataset(Path("data"))


@pytest.mark.usefixtures("_ready")
def test_a_plan_says_memory_time_and_gpus(cli: Cli) -> None:
    result = cli("train", "plan", "data", "--base", "base", "--method", "full")
    assert result.exit_code == 0, result.output
    shown = result.stdout
    assert "(full)" in shown
    assert "optimizer" in shown
    assert "H200" in shown
    assert "fits" in shown


@pytest.mark.usefixtures("_ready")
def test_options_go_over_a_job_file_and_its_paths_are_meant_from_its_folder(cli: Cli) -> None:
    Path("jobs").mkdir()
    Path("jobs/small.toml").write_text(
        'data = "../data"\nbase = "../base"\nmethod = "full"\nepochs = 4\nbatch_tokens = 64\n[adapter]\nrank = 4\n'
    )
    full = cli("train", "plan", "--job", "jobs/small.toml", "--json")
    lora = cli("train", "plan", "--job", "jobs/small.toml", "--method", "lora", "--rank", "2", "--json")

    assert full.exit_code == lora.exit_code == 0, full.output + lora.output
    planned, smaller = json.loads(full.stdout), json.loads(lora.stdout)
    assert planned["method"] == "full"
    assert planned["trained_parameters"] == planned["parameters"]
    assert smaller["trained_parameters"] == 2 * 2 * (6 * 32 + 2 * 16 + 2 * 64 + 4 * 32 + 64 - 2 * 16)


@pytest.mark.usefixtures("_ready")
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["plan", "data"], "--base is missing"),
        (["run", "data", "--base", "base"], "--out is missing"),
        (
            ["plan", "data", "--base", "base", "--method", "lara"],
            "method: Input should be 'full', 'lora' or 'qlora'",
        ),
        (["plan", "data", "--base", "base", "--packing", "tight"], "packing"),
        (["plan", "nowhere", "--base", "base"], "'nowhere' is no dataset"),
        (["plan", "--job", "none.toml"], "job file 'none.toml' cannot be read"),
        (["show", "nowhere"], "holds no training that has begun"),
        (["template", "cron", "job.toml"], "no template for 'cron'"),
    ],
)
def test_what_is_missing_or_wrong_is_said_in_one_line(arguments: list[str], says: str, cli: Cli) -> None:
    Path("job.toml").write_text('data = "data"\nbase = "base"\nout = "out"\n')
    result = cli("train", *arguments)
    assert result.exit_code == 2
    assert says in result.stderr


@pytest.mark.usefixtures("_ready")
def test_a_job_file_with_an_unknown_field_is_refused_with_its_name(cli: Cli) -> None:
    Path("job.toml").write_text('data = "data"\nbase = "base"\nlearning = 3\n')
    result = cli("train", "plan", "--job", "job.toml")
    assert result.exit_code == 2
    assert "learning: Extra inputs are not permitted" in result.stderr


def test_a_prepared_folder_holds_the_job_and_the_rows(cli: Cli) -> None:
    tiny_base(Path("base"))
    dataset(Path("data"))
    result = cli("train", "run", "data", "--base", "base", "--out", "out", "--lr", "0.01", "--prepare")
    assert result.exit_code == 0, result.output
    written = json.loads(Path("out/job.json").read_text())
    assert written["optimization"]["learning_rate"] == 0.01
    assert len(Path("out/rows/train.jsonl").read_text().splitlines()) == 20
    assert not Path("out/metrics.jsonl").exists()


def test_show_draws_the_figures_and_writes_the_report(cli: Cli) -> None:
    folder = prepare(job(Path.cwd()))
    lines = [STARTED, step(1, 3.0), evaluation(1, 2.5), step(2, 1.0), ENDED]
    folder.metrics.write_text("".join(json.dumps(line) + "\n" for line in lines))
    folder.model.mkdir()

    drawn, told = cli("train", "show", "out"), cli("train", "show", "out", "--json")

    assert drawn.exit_code == told.exit_code == 0, drawn.output
    assert "2 of 2, 1.00 epochs: done" in drawn.stdout
    assert "3.0000 at first, 1.0000 at last" in drawn.stdout
    assert json.loads(told.stdout)["best_held_out"] == 2.5
    assert folder.report.is_file()


def test_templates_start_torchrun_on_each_machine(cli: Cli) -> None:
    Path("job.toml").write_text('data = "data"\nbase = "base"\nout = "runs/Big_1"\nprocesses = 8\n')

    slurm = cli("train", "template", "slurm", "job.toml", "--machines", "4")
    kubernetes = cli("train", "template", "kubernetes", "job.toml", "--machines", "4")

    assert slurm.exit_code == kubernetes.exit_code == 0, slurm.output + kubernetes.output
    out = str(Path("runs/Big_1").absolute())
    assert "#SBATCH --nodes=4" in slurm.stdout
    assert "--nproc-per-node=8" in slurm.stdout
    assert f"-m mainspring.train.engine {out}" in slurm.stdout
    service, batch = yaml.safe_load_all(kubernetes.stdout)
    command = batch["spec"]["template"]["spec"]["containers"][0]["command"]
    assert command[0] == "torchrun"
    assert command[-3:] == ["-m", "mainspring.train.engine", out]
    assert "--nnodes=4" in command
    name = service["metadata"]["name"]
    assert name == "train-big-1"
    assert f"--rdzv-endpoint={name}-0.{name}:29500" in command


def test_an_export_names_its_folder_and_files(cli: Cli) -> None:
    small.run(Path("tuned"), small.base(Path("tuned-base")))

    drawn = cli("train", "export", "tuned", "--to", "adapter")
    told = cli("train", "export", "tuned", "--quantization", "f16", "--name", "served", "--json")

    assert drawn.exit_code == told.exit_code == 0, drawn.output + told.output
    assert "adapter_model.safetensors" in drawn.stdout
    document = json.loads(told.stdout)
    assert (document["form"], document["quantization"]) == ("gguf", "f16")
    folder = Path(document["folder"])
    assert folder == Path("tuned/exports/served")
    assert [one["name"] for one in document["files"]] == ["model.gguf"]
    assert {one.name for one in folder.iterdir()} == {"model.gguf", "README.md", "lineage.json"}


@pytest.mark.parametrize(
    ("option", "says"),
    [
        (("--to", "onnx"), "--to 'onnx' is none of adapter, safetensors"),
        (("--quantization", "q3"), "--quantization 'q3' is none of"),
    ],
)
def test_a_form_that_there_is_not_is_refused_with_those_there_are(
    option: tuple[str, str], says: str, cli: Cli
) -> None:
    result = cli("train", "export", "tuned", *option)

    assert result.exit_code == 2
    assert says in result.stderr
