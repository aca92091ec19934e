"""The boundary between the grader and a student's code: both banks of the river, and the ferry between them.

The grader's side:

- ``session``: questions and answers, and their transcript.
- ``remote``: a property's view of student code: the module, and the objects that live on the student's side.
- ``replies``: the valid answers to each question.
- ``transcript``: the questions and answers of one case.
- ``places``: places that run student code, of which there are two:
- ``processes``: the student's side in separate processes: the client of the zygote, and the channel to a child.
- ``program``: another process of the grader's own: started, heard line by line, and ended with its children.
- ``inprocess``: the student's side in this process, for a learner with a debugger.
- ``limits``: the resources that the student's side may use.
- ``budget``: the time by the clock for a whole submission.
- ``computation``: a computation over there as a node of the grader's own graph.
- ``own_time``: a limit on the grader's own work on answers.
- ``levels``: the levels of isolation, as plain data.
- ``isolation``: chooses how strongly to isolate it on this machine.
- ``affinity``: both sides of a short session on one processor.
- ``stopped``: notices that the grader was stopped for a while, by Ctrl-Z.
- ``errors``: the ways in which a question can end without an answer.

The wire between:

- ``frames``: the bytes of one message.
- ``wire``: the values in it; its docstring lists all that may cross.
- ``tensors``: torch, imported when something first uses it.

The student's side:

- ``zygote``: the program of a warm process that forks one child for each session.
- ``pages``: its memory in large pages, so that a fork has less to copy.
- ``lockdown``: the access that the child gives up before it loads student code.
- ``calls``: the system calls that it may make, and those that are refused.
- ``scratch``: the one folder that it may write to.
- ``server``: the one file that imports student code.
- ``lent``: stand-ins for objects that the grader owns.

Nothing in this folder is secret: it is all that the student's process can see of the grader.
"""
