"""The boundary between the grader and a student's code: both banks of the river, and the ferry between them.

The grader's side:

- ``session``: questions and answers, and the transcript of them.
- ``remote``: what a property sees: the student's module, and the objects that live on their side.
- ``transcript``: what was asked and answered in one case.
- ``places``: where student code runs, whichever of these two it is:
- ``processes``: the student's side in processes of its own: the client of the zygote, and the channel to a child.
- ``inprocess``: the student's side in this process, for a learner with a debugger.
- ``limits``: what the student's side may use.
- ``isolation``: how strongly it is walled in on this machine.
- ``affinity``: both sides of a short session on one processor.
- ``errors``: how a question can end other than with an answer.

The wire between:

- ``frames``: the bytes of one message.
- ``wire``: the values in it; its docstring lists all that may cross.

The student's side:

- ``zygote``: the program of a warm process that forks one child for each session.
- ``lockdown``: what the child does to itself before it loads student code.
- ``scratch``: the one folder that it may write to.
- ``server``: the one file that imports student code.
- ``lent``: stand-ins for what the grader owns.

Nothing in this folder is secret: it is all that the student's process can see of the grader.
"""
