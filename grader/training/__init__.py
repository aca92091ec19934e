"""Training checks: certify that a student's ``train`` learns, not just that it returns a number.

- ``check``: judges ``train`` by a lesson's rule.
- ``tasks``: the task of one run: an environment of the grader's, and before it a small task.
- ``disguise``: environments that cannot be controlled from memory.
- ``tabular``: environments with numbered states and actions, renumbered.
- ``meter``: the layer between ``train`` and the environment: it counts, records, and ends the budget.
- ``film``: episodes of a run, written down for those who draw them.
- ``signs``: the small task for vector environments, in which only rewards say what is right.
- ``corridor``: the small task for tabular ones, in which every episode is cut off after one step.
- ``climb``: climbs a probe ladder: which part of a ``train`` that does not learn is wrong.
- ``ladders``: the ladders by name.
- ``value_ladders``: those of learners that have a value for every action, as data.
- ``gradient_ladder``: that of learners that have a policy and nothing else.
- ``critic_ladders``: those of learners that have a critic too.
- ``worlds``: the worlds and rungs that several of them share.
- ``rungs``: what ladders are made of.
- ``situations``: what worlds are made of, and the environments that they become.
- ``calibration``: what the reference did in many runs, in a file of the lesson's tests, and in words.
- ``odds``: how often a right answer fails by chance: exact bounds from these runs.

To train on another environment: write its Gymnasium id and its threshold into the lesson's ``training``, whose fields
``TrainingRule`` in ``grader/course/data.py`` has. Nothing else is needed for vectors with numbered actions, and for
numbered states with a time limit. If a rule of thumb such as ``theta + theta_dot > 0`` solves the environment, put it
into ``disguise._KNOWN``, so that no disguise is drawn on which it still works. Measure with ``grader calibrate``: the
reference has to pass so surely that the rule fails it less often than once in 1,000 checks, and what learns nothing
must never pass. If it does not get there, make the reference surer, or give it more steps or tries.

To add a rung to a probe ladder: a situation or two in a world of its file, with the reason for its numbers; the rung
itself, with words that lead to the mistake; slips in the lesson's ``slips.yml`` that have to be blamed on it; and
``grader probes``, which says if it is, and if right answers still pass.

To add a small task, with ``signs`` as the example (for numbered states ``corridor``):

1. Write ``grader/training/<task>.py``: the environment, drawn from a seed; ``THRESHOLD``, with the probability that
   guessing reaches it at one of ``TrainingRule.control_tries``; ``LEARNS`` and ``in_words`` for students who fail.
2. Allow its name in ``TrainingRule.control``, and say in ``_IN_WHICH`` what it is (``grader/course/data.py``).
3. Make it in ``tasks.control_task``, and put its words into ``check.CONTROLS``. mypy and ``test_training.py`` find what
   was forgotten of 2 and 3.
4. Name it in a line above, and test it as ``tests/grader/training/test_signs.py`` does.
5. Have a lesson use it: ``control: <task>`` and ``control_steps`` in its ``training``; its text repeats the rule in the
   words of ``TrainingRule.in_words``. ``grader verify`` says whether right answers learn it, ``calibrate`` how often.
"""
