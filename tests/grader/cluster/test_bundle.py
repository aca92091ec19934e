"""The course on its way: whole, called after what is in it, and without the salt."""

from __future__ import annotations

import functools
import hashlib
import pickle
import shutil
import stat
import zlib
from pathlib import Path

import cluster_jobs
import msgspec
import pytest
import tiny_course

from grader.cluster import bundle, packed
from grader.cluster.terms import terms
from grader.course import Course, load
from grader.course.salt import make as make_salt
from grader.grading.digest import basis_of
from grader.grading.run import Run


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return tiny_course.make(tmp_path / "course")


def test_what_is_unpacked_makes_the_same_reports(course: Course, tmp_path: Path) -> None:
    made = bundle.make(course)
    place = bundle.unpack(made, tmp_path / "there")
    there = load(place)
    assert place.name == made.name
    for lesson in course.lessons:
        assert basis_of(there, lesson) == basis_of(course, lesson)
    assert bundle.make(there) == made


def test_another_course_has_another_name(course: Course) -> None:
    before = bundle.make(course).name
    assert bundle.make(course).name == before
    tests = next(course.tests(course.lessons[0]).glob("test_*.py"))
    tests.write_text(tests.read_text() + "\n# another version\n")
    assert bundle.make(course).name != before


def test_it_is_unpacked_once_and_nobody_else_can_look_into_it(course: Course, tmp_path: Path) -> None:
    made, above = bundle.make(course), tmp_path / "there"
    place = bundle.unpack(made, above)
    mark = place / "course.yml"
    mark.write_text("as it was")
    assert bundle.unpack(made, above) == place
    assert mark.read_text() == "as it was"
    assert [path.name for path in above.iterdir()] == [made.name]
    assert stat.S_IMODE(above.stat().st_mode) == 0o700
    assert stat.S_IMODE(place.stat().st_mode) == 0o700


def test_one_that_is_not_what_its_name_says_is_refused(course: Course, tmp_path: Path) -> None:
    made = bundle.make(course)
    other = msgspec.msgpack.encode({"course.yml": b"title: another\n"})
    with pytest.raises(ValueError, match="damaged"):
        bundle.unpack(made._replace(data=zlib.compress(other)), tmp_path / "there")
    assert not (tmp_path / "there").exists()


@pytest.mark.parametrize("name", ["../out.py", "/out.py", "a/../../out.py"])
def test_a_file_that_would_lie_elsewhere_is_refused(name: str, tmp_path: Path) -> None:
    data = msgspec.msgpack.encode({name: b"x"})
    with pytest.raises(ValueError, match="no file of a course"):
        bundle.unpack(bundle.Bundle(hashlib.sha256(data).hexdigest(), zlib.compress(data)), tmp_path / "there")
    assert list((tmp_path / "there").iterdir()) == []


def test_no_salt_and_nothing_of_the_class_is_in_it(course: Course) -> None:
    salt = make_salt(course.root).encode()
    (course.root / "submitted").mkdir()
    (course.root / "submitted" / "work.py").write_text("work of a student")
    held = zlib.decompress(bundle.make(course).data)
    assert b"salt: grains" in held  # that of course.yml, which is public
    assert salt not in held
    assert b"work of a student" not in held


def test_a_job_travels_without_the_course_and_gets_the_one_that_is_there(course: Course, tmp_path: Path) -> None:
    course = msgspec.structs.replace(course, class_salt="nobody is to see this")
    run = Run(course, tmp_path / "submitted", tmp_path / "out", ("lesson1_numbers",))
    data = packed.pack(functools.partial(cluster_jobs.title, run.course, run))
    assert b"nobody is to see this" not in data
    shutil.copytree(course.root, tmp_path / "there")
    there = load(tmp_path / "there")
    job = packed.unpack(data, there)
    assert isinstance(job, functools.partial)
    assert job.args[0] is there
    assert job.args[1].course is there
    with pytest.raises(pickle.UnpicklingError):
        pickle.loads(data)


def test_the_salt_of_the_environment_goes_with_the_terms(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    def sent(course: Course) -> Course:
        made = terms("run", "bundle", course, wanted=None, unsafe=False, device="cpu", hidden=())
        assert made.salt_print == course.salt_print
        return made.course

    assert sent(course).class_salt == ""
    assert sent(msgspec.structs.replace(course, class_salt="of the file")).class_salt == "of the file"
    monkeypatch.setenv("GRADER_SALT", "of the environment")
    assert sent(course).class_salt == "of the environment"
    assert sent(course).root == Path(".")
