"""A cluster of Dask's in this process: who takes part, what becomes of jobs, and how a run ends."""

from __future__ import annotations

import functools
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cluster_jobs
import faulty_jobs
import msgspec
import pytest
import tiny_course

pytest.importorskip("distributed", reason="the cluster extra is not installed")

import distributed

from grader.cluster import cluster, connect, station
from grader.cluster.cluster import Cluster
from grader.cluster.task import Task
from grader.cluster.terms import difference, facts
from grader.course import Course
from grader.errors import ClusterError, ClusterLostError
from grader.grading.worker import Event, Raised, portable
from grader.grading.workers import Died
from grader.student.isolation import choose
from grader.student.levels import Isolation, IsolationError


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    try:
        choose()
    except IsolationError as reason:
        pytest.skip(str(reason))
    return tiny_course.make(tmp_path_factory.mktemp("cluster") / "course")


@pytest.fixture
def dask(tmp_path: Path) -> Iterator[Callable[..., distributed.LocalCluster]]:
    """Starts a scheduler and workers in this process, and ends them."""
    started = []

    def start(workers: int = 1, **more: Any) -> distributed.LocalCluster:
        started.append(
            distributed.LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=False,
                dashboard_address=None,
                local_directory=str(tmp_path / "dask"),
                silence_logs=False,
                **more,
            )
        )
        return started[-1]

    yield start
    for each in started:
        each.close(timeout=5)


def team(scheduler: distributed.LocalCluster, course: Course, said: list[str] | None = None, **more: Any) -> Cluster:
    client = distributed.Client(scheduler, set_as_default=False)
    return Cluster(client, course, say=(said if said is not None else []).append, **more)


class InThread:
    """In the place of ``Post``: does jobs in the thread that asks for them, so that no process has to be started."""

    has_ended = False

    def __init__(self, isolation: Isolation) -> None:
        pass

    def do(self, name: str, job: Callable[..., Any], tell: Callable[[Event], None]) -> Any:
        if job is faulty_jobs.kill:
            return Died()
        try:
            return job(None, lambda step: tell(Event(name, step)))
        except Exception as error:
            return Raised(portable(error))

    def end(self, *, at_once: bool) -> None:
        pass

    def wait(self) -> None:
        pass


@pytest.fixture
def in_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(station, "Post", InThread)


def worker_of(folder: Path) -> str:
    """The part of a path that says which worker's folder it is in."""
    return next(part for part in folder.parts if part.startswith("worker-"))


def test_jobs_are_done_with_the_course_that_was_sent_and_nothing_stays(
    course: Course, dask: Callable[..., distributed.LocalCluster]
) -> None:
    scheduler, heard = dask(), []
    with team(scheduler, msgspec.structs.replace(course, class_salt="of this class")) as crew:
        assert crew.isolations == (choose(),)
        assert (crew.slots, crew.has_folders) == (1, False)
        jobs = {name: functools.partial(cluster_jobs.title, course) for name in ("one", "other")}
        done = dict(crew.run(jobs, hear=heard.append))
        assert {event.job for event in heard} == {"one", "other"}
        assert [event.step.stage for event in heard if event.step][:1] == ["starting"]
        assert station._stations
    (folder,) = {Path(folder) for _, folder in done.values()}
    assert folder != course.root
    assert not station._stations
    assert b"of this class" not in b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    # The next run finds the course there.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(station, "take_course", lambda *_: pytest.fail("sent again"))
        with team(scheduler, course) as crew:
            assert crew.slots == 1


@pytest.mark.usefixtures("in_thread")
def test_a_weaker_worker_takes_no_jobs(
    course: Course, dask: Callable[..., distributed.LocalCluster], monkeypatch: pytest.MonkeyPatch
) -> None:
    scheduler, said = dask(2), list[str]()
    weak = worker_of(Path(min(each.local_directory for each in scheduler.workers.values())))

    def choose_there(device: str, *, hidden: tuple[Path, ...], **more: Any) -> Isolation:
        if worker_of(hidden[0]) == weak:
            raise IsolationError("this kernel has no Landlock")
        return choose(device, **more)

    monkeypatch.setattr(station, "choose", choose_there)
    with team(scheduler, course, said) as crew:
        assert crew.slots == 1
        assert len(said) == 1
        assert said[0].endswith("takes no part: this kernel has no Landlock")
        jobs = {str(i): functools.partial(cluster_jobs.title, course) for i in range(4)}
        folders = {folder for _, (_, folder) in crew.run(jobs)}
        assert len(folders) == 1
        assert weak not in folders.pop()
    weak = "worker-"
    monkeypatch.setattr(station, "choose", lambda *_, **__: (_ for _ in ()).throw(IsolationError("no Landlock")))
    with (
        pytest.raises(ClusterError, match=r"no worker of .* is left: .* no Landlock \(and 1 other\)"),
        team(scheduler, course),
    ):
        pass


def test_versions_that_differ_are_refused_in_one_line(
    course: Course, dask: Callable[..., distributed.LocalCluster], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(station, "facts_here", lambda: {**facts(), "torch": "2.11.0"})
    with pytest.raises(ClusterError, match=r"torch is 2\.11\.0 there and .* here"), team(dask(), course):
        pass


def test_the_first_difference_is_named() -> None:
    here = {"grader": "9.9.9", "torch": "2.13.0", "the grader's code": "aa"}
    assert difference(here, here) == ""
    assert difference(here | {"torch": "2.11.0"}, here).startswith("torch is 2.11.0 there and 2.13.0 here")
    assert difference({"grader": "9.9.9"}, here).startswith("torch is unknown there")
    assert "a machine of that kind" in difference({"the system": "Darwin arm64"}, {"the system": "Linux x86_64"})
    assert "though of the same version" in difference(here | {"the grader's code": "bb"}, here)


def test_another_salt_there_is_refused(
    course: Course, dask: Callable[..., distributed.LocalCluster], monkeypatch: pytest.MonkeyPatch
) -> None:
    crew = team(dask(), course)
    monkeypatch.setenv("GRADER_SALT", "of the worker's own environment")
    with pytest.raises(ClusterError, match="another salt; unset GRADER_SALT"), crew:
        pass


def test_a_worker_without_a_gpu_takes_no_part_and_one_with_it_as_many_jobs_as_it_has(
    course: Course, dask: Callable[..., distributed.LocalCluster], monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        pytest.raises(ClusterError, match="no resource GPU; start it with --resources GPU=1"),
        team(dask(), course, device="cuda"),
    ):
        pass
    monkeypatch.setattr(station, "_has_cuda", lambda: True)
    with team(dask(resources={"GPU": 1}), course, device="cuda") as crew:
        assert crew.slots == 1
        assert {each.device for each in crew.isolations} == {"cuda"}


@pytest.mark.usefixtures("in_thread")
def test_a_process_that_dies_twice_under_a_job_is_that_jobs_end_alone(
    course: Course, dask: Callable[..., distributed.LocalCluster]
) -> None:
    jobs = {"bad": faulty_jobs.kill, "good": functools.partial(faulty_jobs.echo, 5)}
    with team(dask(), course) as crew:
        assert dict(crew.run(jobs, died=lambda name: f"{name} died")) == {"bad": "bad died", "good": 5}


@pytest.mark.usefixtures("in_thread")
def test_a_machine_on_which_nothing_can_be_graded_is_left_out_of_the_run(
    course: Course, dask: Callable[..., distributed.LocalCluster]
) -> None:
    scheduler, said = dask(2), list[str]()
    broken = min(each.local_directory for each in scheduler.workers.values())
    with team(scheduler, course, said) as crew:
        jobs = {str(i): functools.partial(cluster_jobs.no_zygote_at, broken, course) for i in range(6)}
        done = dict(crew.run(jobs))
        assert sorted(done) == sorted(jobs)
        assert broken not in done.values()
        assert crew.slots == 1
    assert [line.partition(" takes no part any more: ")[2] for line in said] == [
        "the process that starts student code has ended"
    ]


@pytest.mark.usefixtures("in_thread")
def test_what_a_job_raises_reaches_the_caller(course: Course, dask: Callable[..., distributed.LocalCluster]) -> None:
    with team(dask(), course) as crew, pytest.raises(Exception, match="this and that"):
        list(crew.run({"job": faulty_jobs.fail}))


def test_a_run_that_is_given_up_ends_what_its_workers_do(
    course: Course, dask: Callable[..., distributed.LocalCluster], tmp_path: Path
) -> None:
    mark = tmp_path / "at work"
    with team(dask(), course) as crew:
        going = crew.run({"long": functools.partial(faulty_jobs.say_nothing, str(mark)), "next": faulty_jobs.kill})
        with pytest.MonkeyPatch.context() as patch:
            # As Ctrl-C would: in the middle of waiting.
            take = crew._take_one

            def interrupted() -> Any:
                if mark.exists():
                    raise KeyboardInterrupt
                return take()

            patch.setattr(crew, "_take_one", interrupted)
            with pytest.raises(KeyboardInterrupt):
                next(going)
        number = int(mark.read_text())
        end = time.monotonic() + 30
        while _is_alive(number) and time.monotonic() < end:
            time.sleep(0.05)
        assert not _is_alive(number)


def _is_alive(number: int) -> bool:
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def test_a_run_ends_in_one_line_where_the_scheduler_or_all_workers_are_gone(
    course: Course, dask: Callable[..., distributed.LocalCluster], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "WAIT_SECONDS", 0.5)
    with pytest.raises(ClusterError, match="has no workers; start some with `dask worker"), team(dask(0), course):
        pass
    scheduler = dask()
    with team(scheduler, course) as crew:
        jobs = {
            "one": functools.partial(faulty_jobs.echo, 1),
            "long": functools.partial(faulty_jobs.say_nothing, str(tmp_path / "first")),
        }
        going = crew.run(jobs)
        next(going)
        scheduler.scale(0)  # which ends the other one, wherever it is
        with pytest.raises(ClusterLostError, match="has no workers"):
            list(going)
    scheduler = dask()
    with team(scheduler, course) as crew:
        going = crew.run({"long": functools.partial(faulty_jobs.say_nothing, str(tmp_path / "mark"))})
        scheduler.close(timeout=5)
        with pytest.raises(ClusterLostError, match=r"the scheduler at .* is gone|has no workers"):
            next(going)


def test_what_nobody_could_have_for_a_while_goes_to_the_next_worker_that_comes(
    course: Course, dask: Callable[..., distributed.LocalCluster], tmp_path: Path
) -> None:
    scheduler, said = dask(), list[str]()
    jobs = {
        "long": functools.partial(cluster_jobs.wait_once, str(tmp_path / "mark")),
        "next": functools.partial(faulty_jobs.echo, 2),
    }

    def hear(event: Event) -> None:
        if event.step is not None and event.step.stage == "reading" and not said:
            said.append("at work")
            scheduler.scale(0)
            threading.Timer(1.0, scheduler.scale, [1]).start()

    with team(scheduler, course, said) as crew:
        assert dict(crew.run(jobs, hear=hear)) == {"long": 7, "next": 2}
    assert sum("is gone" in line for line in said) == 1


def test_a_loss_counts_against_the_job_that_was_at_work() -> None:
    waiting, working = Task("waiting", b""), Task("working", b"", at="tcp://one")
    assert not waiting.lost("tcp://one")
    assert working.lost("tcp://one")
    assert not working.lost("tcp://one")
    assert not working.is_given_up
    working.at = "tcp://other"
    assert working.lost("tcp://other")
    assert working.is_given_up
    assert not waiting.is_given_up


@pytest.mark.parametrize(
    ("where", "says"),
    [
        (
            "tcp://127.0.0.1:9",
            r"no scheduler answers at tcp://127\.0\.0\.1:9: (?:ConnectionRefused|OS)Error.*`dask scheduler`",
        ),
        ("carrier-pigeon://here", "no scheduler answers at carrier-pigeon://here"),
        ("tls://127.0.0.1:9", "tls://127.0.0.1:9 needs a key and a certificate, and Dask's configuration here names"),
        ("no such file", "no such file is neither an address such as tcp://host:8786 nor a scheduler's file"),
    ],
)
def test_a_scheduler_that_is_not_there_is_one_line(where: str, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connect, "_SECONDS", 0.5)
    with pytest.raises(ClusterError, match=says) as caught:
        connect.connect(where)
    assert "\n" not in str(caught.value)


def test_a_file_that_no_scheduler_wrote_is_one_line(tmp_path: Path) -> None:
    for i, text in enumerate(("{", "[]", '{"address": 5}', "{}")):
        path = tmp_path / f"{i}.json"
        path.write_text(text)
        with pytest.raises(ClusterError, match="was not written by `dask scheduler --scheduler-file`"):
            connect.connect(str(path))


def test_without_dask_one_line_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ClusterError, match=r"python \.ci/install\.py '\.\[cluster\]'"):
        connect.connect("tcp://127.0.0.1:9")


def test_the_open_network_is_told_from_this_machine_and_from_tls() -> None:
    assert connect.is_open("tcp://10.0.0.7:8786")
    assert connect.is_open("tcp://lab.example:8786")
    assert not connect.is_open("tls://10.0.0.7:8786")
    assert not connect.is_open("tcp://127.0.0.1:8786")
    assert not connect.is_open("tcp://[::1]:8786")
    assert not connect.is_open("tcp://localhost:8786")
