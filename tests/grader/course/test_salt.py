"""The salt of a class: made once, readable by its owner alone, slow to guess, in front of the public one."""

from __future__ import annotations

import hashlib
import pickle
import stat
from pathlib import Path

import pytest
import tiny_course

from grader import files
from grader.course import Course, load, salt
from grader.errors import CourseError


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Course:
    monkeypatch.delenv(salt.VARIABLE, raising=False)
    return tiny_course.make(tmp_path)


def test_one_is_made_and_found_again(course: Course) -> None:
    assert course.of_class() == course
    assert (course.is_salted, course.salt_print) == (False, "")
    made = course.of_class(make=True)
    path = course.root / ".grader-salt"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(path.read_text().strip()) == 64
    assert made.class_salt == path.read_text().strip()
    assert course.of_class(make=True) == course.of_class() == made, "the first one stays"
    assert [each.name for each in course.root.iterdir() if each.name.startswith(".")] == [".grader-salt"]
    assert made.secret("x") != course.secret("x")
    assert made.secret("x") == pickle.loads(pickle.dumps(made)).secret("x"), "a worker has the same"
    assert len(made.salt_print) == 8
    # What measures the course itself goes on with the public one.
    assert load(course.root) == course


def test_no_two_classes_have_the_same(tmp_path: Path, course: Course) -> None:
    other = tiny_course.make(tmp_path / "other")
    assert course.of_class(make=True).class_salt != other.of_class(make=True).class_salt


def test_the_public_salt_is_no_salt_of_a_class(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever tries out words has to stretch each of them; the public word itself gives other numbers, too."""
    public = course.secret("x")
    monkeypatch.setenv(salt.VARIABLE, course.salt)
    assert course.secret("x") != public
    plain = hashlib.sha256(f"{course.salt}\x1fx".encode()).digest()
    assert public == int.from_bytes(plain[:8], "big")


def test_that_of_the_environment_comes_first(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    made = course.of_class(make=True)
    own = made.secret("x")
    monkeypatch.setenv(salt.VARIABLE, "my word\n")
    assert course.of_class() == course
    assert (course.effective_salt, made.effective_salt) == ("my word", "my word")
    assert course.secret("x") == made.secret("x") != own
    monkeypatch.setenv(salt.VARIABLE, "two\nlines")
    with pytest.raises(CourseError, match="GRADER_SALT is no salt"):
        course.of_class()


@pytest.mark.parametrize("data", [b"", b" \n", b"\xff\xfe", b"two\nlines\n", b"x" * 1001, b"\x1b[31m\n"])
def test_a_file_that_is_no_salt_is_one_line(course: Course, data: bytes) -> None:
    (course.root / ".grader-salt").write_bytes(data)
    with pytest.raises(CourseError, match=r"grader-salt is no salt: one line .* copy it again") as refused:
        course.of_class()
    assert str(refused.value).isprintable()


def test_one_that_can_be_neither_read_nor_made_is_one_line(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    (course.root / ".grader-salt").mkdir()
    with pytest.raises(CourseError, match="cannot be read: Is a directory"):
        course.of_class()
    (course.root / ".grader-salt").rmdir()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "link", full)
    with pytest.raises(CourseError, match=r"cannot be written: No space left.* or set GRADER_SALT"):
        course.of_class(make=True)
    assert not [each for each in course.root.iterdir() if "salt" in each.name], "nothing is left behind"


def test_it_does_not_stand_in_course_yml(course: Course) -> None:
    path = course.root / "course.yml"
    path.write_text(path.read_text() + "class_salt: hm\n")
    with pytest.raises(CourseError, match=r"line \d+: the salt of a class stands in .grader-salt"):
        load(course.root)
