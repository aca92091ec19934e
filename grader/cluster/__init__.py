"""Many machines, by Dask: the jobs of a run are handed to a scheduler, and its workers grade.

- ``connect``: the way to a scheduler, and one line if there is none.
- ``bundle``: the course as one piece of data, called after what is in it.
- ``packed``: a job on its way: everything but the course, which is there already.
- ``terms``: the terms of a run, and what a worker says to them.
- ``station``: the other side: what a worker of Dask does for a run.
- ``task``: one job that Dask has been given, as the caller sees it.
- ``cluster``: the caller's side: a team whose processes are elsewhere.

Dask decides which worker does which job, and gives the jobs of lost workers to others. The grader's own is what Dask
cannot know: which workers may take part (a resource that they get for one run, once they have shown that they are as
the run wants them), and whose submission it was under which a worker was lost (``task``).
"""
